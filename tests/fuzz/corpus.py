"""Files that were once read wrongly, ended the process or gave a traceback: (loader, file, the damage) → content.

Each is made from the whole file that the loader's data set has, so that nothing binary is kept here.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable

Change = Callable[[bytes], bytes]


def _with_chunk(kind: bytes, body: bytes) -> Change:
    """A PNG with one more chunk before its pixels."""
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    def change(whole: bytes) -> bytes:
        at = whole.index(b"IDAT") - 4
        return whole[:at] + chunk + whole[at:]

    return change


def _with_size(width: int, height: int) -> Change:
    """A PNG that claims another size."""

    def change(whole: bytes) -> bytes:
        head = b"IHDR" + struct.pack(">II", width, height) + whole[24:29]
        return whole[:12] + head + struct.pack(">I", zlib.crc32(head)) + whole[33:]

    return change


def _first(old: bytes, new: bytes) -> Change:
    """With `new` in the place of the first `old`."""

    def change(whole: bytes) -> bytes:
        if old not in whole:
            raise ValueError(f"{old!r} is not in the whole file")
        return whole.replace(old, new, 1)

    return change


def _without_field(name: str) -> Change:
    """JSON without a field, in all of its annotations."""

    def change(whole: bytes) -> bytes:
        content = json.loads(whole)
        for entry in content["annotations"]:
            del entry[name]
        return json.dumps(content).encode()

    return change


def _wav_length(length: int) -> Change:
    def change(whole: bytes) -> bytes:
        at = whole.index(b"data") + 4
        return whole[:at] + struct.pack("<I", length) + whole[at + 4 :]

    return change


KEPT: dict[tuple[str, str, str], Change] = {
    ("png", "a.png", "EXIF that is no TIFF"): _with_chunk(b"eXIf", b"\x00\x08\x00\x02\x01\x12\x00\x03" + bytes(20)),
    ("png", "a.png", "a colour profile without a name"): _with_chunk(b"iCCP", b""),
    ("png", "a.png", "a text that unpacks to 80 MB"): _with_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000))),
    ("png", "a.png", "a size of 4 gigapixels"): _with_size(65_535, 65_535),
    ("png", "a.png", "a size of nothing"): _with_size(0, 16),
    ("jpeg", "a.jpg", "EXIF whose directory lies elsewhere"): _first(b"MM\0*\0\0\0\x08", b"MM\0*\xff\xff\xff\xff"),
    ("coco", "annotations/instances_val.json", "a byte order mark"): lambda whole: b"\xef\xbb\xbf" + whole,
    ("coco", "annotations/instances_val.json", "UTF-16"): lambda whole: whole.decode().encode("utf-16"),
    ("coco", "annotations/instances_val.json", "no area"): _without_field("area"),
    ("coco", "annotations/instances_val.json", "an area of null"): _first(b'"area": 33.0', b'"area": null'),
    ("coco", "annotations/instances_val.json", "lists too deep"): lambda whole: b"[" * 100_000,
    ("coco", "annotations/instances_val.json", "a name too long"): _first(b"0.png", b"x" * 70_000),
    ("wider", "wider_face_split/wider_face_val_bbx_gt.txt", "no line of zeros"): _first(b"0 0 0 0 0 0 0 0 0 0 \n", b""),
    ("wider", "wider_face_split/wider_face_val_bbx_gt.txt", "a count too long"): _first(
        b"\n2\n", b"\n" + b"9" * 5000 + b"\n"
    ),
    ("wider", "wider_face_split/wider_face_val_bbx_gt.txt", "a name too long"): _first(b"1--Ice", b"x" * 70_000),
    ("icdar", "gt_img_1.txt", "fourteen corners"): lambda whole: (",".join(["1,2,9,2,9,8,1"] * 4) + ",word").encode(),
    ("voc", "SegmentationClass/a.png", "a size of 4 gigapixels"): _with_size(65_535, 65_535),
    ("voc list", "ImageSets/Segmentation/val.txt", "a name too long"): lambda whole: b"x" * 70_000,
    ("speech", "testing_list.txt", "a name too long"): lambda whole: b"yes/" + b"x" * 70_000,
    ("lmdb", "data.mdb", "cut off behind the meta pages"): lambda whole: whole[: 2 * 4096],
    ("lmdb", "data.mdb", "a root that is not there"): lambda whole: whole.replace(
        whole[4096 + 128 : 4096 + 136], b"\x7f" * 8
    ),
    ("planetoid", "ind.mini.x", "a note number of 2 billion"): lambda whole: b"\x80\x02]r\xff\xff\xff\x7f.",
    ("planetoid", "ind.mini.graph", "bytes of 8 GiB"): lambda whole: (
        b"\x80\x04\x8e" + struct.pack("<Q", 8 << 30) + b"."
    ),
    ("arrays 2", "a.pkl", "nothing"): lambda whole: b"",
    ("criteo", "valid.tsv", "a byte order mark"): lambda whole: b"\xef\xbb\xbf" + whole,
    ("sentences", "dev.tsv", "UTF-16 without a mark"): lambda whole: whole.decode().encode("utf-16-le"),
    ("pairs", "dev.tsv", "a header of 5,000 digits"): _first(b"sentence1", b"9" * 5000),
    ("text", "vocab.txt", "a word of 5,000 digits"): _first(b"PAD", b"9" * 5000),
    ("tokenizer", "tokenizer.json", "no unknown token"): _first(b'"unk_token"', b'"other"'),
    ("wav", "a.wav", "a length of 0"): _wav_length(0),
    ("wav", "a.wav", "a length of 4 GiB"): _wav_length(0xFFFFFFFF),
    ("wav", "a.wav", "a thousand channels"): _first(b"\x01\0\x01\0\x80\x3e", b"\x01\0\xff\x03\x80\x3e"),
    ("onnx, weights beside it", "a.onnx", "a name of weights that is no text"): _first(b"a.data", b"a.\xb1ata"),
    ("manifest", "lenet.export.json", "UTF-16"): lambda whole: whole.decode().encode("utf-16"),
    ("manifest", "lenet.export.json", "no size"): _first(b'"input_size": null, ', b""),
    ("manifest", "lenet.export.json", "a size in words"): _first(b'"input_size": null', b'"input_size": "32"'),
    ("state of a check", "result.json", "a step less"): _first(b'"state": "passed"', b'"state": "failed"'),
    ("cases of tecoexec", "config.yaml", "bytes that are no text"): _first(b"case_name", b"case_\x80ame"),
    ("cases of tecoexec", "config.yaml", "a number of 5,000 digits"): _first(b"10", b"9" * 5000),
    ("attributes", "attributes.txt", "a class of 5,000 digits"): _first(b" 1\n", b" " + b"9" * 5000 + b"\n"),
    ("attributes in a table", "fairface_label_val.csv", "carriage returns in it"): _first(b"White", b"\rWhite\n"),
    ("attributes in a table", "fairface_label_val.csv", "a field more"): _first(b"True", b"True,a.png"),
    ("attributes", "attributes.txt", "a name too long"): _first(b"a.png", b"x" * 70_000),
    ("choices", "m.test.rating", "one number in a line"): _first(b"0\t3\t5\t9", b"0"),
    ("pairs of faces", "pairs.txt", "a name too long"): _first(b"x", b"x" * 70_000),
    ("pairs of faces", "pairs.txt", "folds of 5,000 digits"): _first(b"2", b"9" * 5000),
    ("pairs of faces", "pairs.txt", "a digit that is none"): _first(b"x\t1\t2", "x\t1\t²".encode()),
    ("arrays 2", "a.pkl", "the same bytes 4,000 times"): lambda whole: (
        b"\x80\x02X"
        + (1 << 20).to_bytes(4, "little")
        + b"x" * (1 << 20)
        + b"q\x000c_codecs\nencode\nq\x010]("
        + b"h\x01h\x00\x85R" * 4000
        + b"e."
    ),
}
