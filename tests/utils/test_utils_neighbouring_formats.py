"""Label files that are nearly of the format: read as they are meant, or named with what to change; never misread."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.cityscapes import CityMask
from utils.datasets.coco import CocoDetection
from utils.datasets.criteo import CriteoLog
from utils.datasets.icdar import read_icdar
from utils.datasets.tsv_classification import LabelledSentences
from utils.datasets.voc_segmentation import IndexMask, VocSegmentation, palette
from utils.datasets.wider_face import WiderFace
from utils.text_file import read_json, read_lines, read_text
from zoo_core.errors import DataError, UnreadableError

# text


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("utf-16", "this is UTF-16, as its byte order mark says"),
        ("utf-32", "this is UTF-32"),
        ("utf-16-le", "NUL characters.* Is it UTF-16"),
        ("latin-1", r"line 2: this is not UTF-8 \(byte 0xe4\)"),
    ],
)
def test_another_encoding_is_named_with_the_way_to_change_it(tmp_path: Path, encoding: str, message: str) -> None:
    (tmp_path / "a.txt").write_bytes(f"one\n{'z' if encoding == 'utf-16-le' else 'ä'}\n".encode(encoding))
    for read in (read_text, read_lines, lambda path: read_json(path, "{}")):
        with pytest.raises(UnreadableError, match=message + ".*iconv"):
            read(tmp_path / "a.txt")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_end_as_any_system_ends_them(tmp_path: Path, mark: bytes, end: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(mark + end.join([b"one", b"", "t\u2028wo".encode()]) + end)
    assert read_lines(tmp_path / "a.txt") == ["one", "", "t\u2028wo"]


def test_json_that_is_none_is_named_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a":\n}')
    with pytest.raises(UnreadableError, match=r"a\.json:2:1: this is not JSON: .* Expected \{…\}"):
        read_json(tmp_path / "a.json", "{…}")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_with_any_line_ends(tmp_path: Path, end: str) -> None:
    (tmp_path / "dev.tsv").write_bytes(
        b"\xef\xbb\xbf" + end.join(["sentence\tlabel", "good\t1", "bad\t0", ""]).encode()
    )
    assert [(sample.data, sample.truth) for sample in LabelledSentences(tmp_path)] == [("good", 1), ("bad", 0)]


# COCO

COCO: dict[str, Any] = {
    "images": [{"id": 1, "file_name": "1.png", "width": 64, "height": 48}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2, 30, 20]}],
    "categories": [{"id": 3, "name": "cat"}],
}


def coco(root: Path, change: Any = None, code: str = "utf-8") -> list[Any]:
    content = copy.deepcopy(COCO)
    if change:
        change(content)
    (root / "val").mkdir(exist_ok=True)
    Image.new("RGB", (64, 48)).save(root / "val/1.png")
    (root / "annotations").mkdir(exist_ok=True)
    (root / "annotations/instances_val.json").write_bytes(json.dumps(content).encode(code))
    return list(CocoDetection(root, ("dog", "cat")))


def test_coco_is_read(tmp_path: Path, caplog: Any) -> None:
    (sample,) = coco(tmp_path, code="utf-8-sig")
    assert sample.truth.boxes.tolist() == [[1, 2, 31, 22]]
    assert sample.truth.areas.tolist() == [600]
    assert sample.truth.classes.tolist() == [1]
    assert not caplog.messages


def test_names_of_categories_in_another_case(tmp_path: Path) -> None:
    assert coco(tmp_path, lambda c: c["categories"][0].update(name="CAT"))[0].truth.classes.tolist() == [1]


def test_a_category_that_nobody_has_is_said(tmp_path: Path, caplog: Any) -> None:
    coco(tmp_path, lambda c: c["categories"].append({"id": 0, "name": "animals"}))
    assert "category 0 is 'animals'" in caplog.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["categories"][0].update(id="3"), r"'category_id' is 3; expected the id of a category \(\"3\"\)"),
        (lambda c: c["annotations"][0].update(category_id="3"), r"'category_id' is \"3\" \(a text\); .*\(3\)"),
        (lambda c: c["annotations"][0].update(area=None), "'area' is null; expected a number of 0 or more, or no such"),
        (lambda c: c["annotations"][0].update(iscrowd=None), "'iscrowd' is null; expected 0 or 1"),
        (lambda c: c["annotations"][0].update(bbox=None), "'bbox' is null; expected four numbers"),
        (lambda c: c["annotations"][0].update(image_id=None), "'image_id' is null"),
        (lambda c: c["annotations"][0].update(id=None), "field 'id' is null; expected a whole number or a text"),
        (lambda c: c["annotations"].append(c["annotations"][0]), "annotation 1 stands there twice"),
        (lambda c: c["categories"].append({"id": 4, "name": "Cat"}), "categories 3 and 4 are both 'cat'"),
        (lambda c: c["categories"][0].update(name="bird"), "category 3 is 'bird', which is none of the 2 classes"),
        (lambda c: c["images"].append({"id": 2, "file_name": "1.png"}), "images 1 and 2 are both the file 1.png"),
    ],
)
def test_what_is_wrong_in_coco_is_named(tmp_path: Path, change: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        coco(tmp_path, change)


@pytest.mark.parametrize(
    ("box", "said"),
    [([20, 10, 60, 40], "reach beyond their pictures"), ([0.1, 0.1, 0.5, 0.5], "reaches beyond 2 pixels")],
)
def test_boxes_in_another_form_are_said(tmp_path: Path, caplog: Any, box: list[float], said: str) -> None:
    coco(tmp_path, lambda c: c["annotations"][0].update(bbox=box))
    assert said in caplog.text


def test_results_in_place_of_the_truth(tmp_path: Path) -> None:
    coco(tmp_path)
    path = tmp_path / "annotations/instances_val.json"
    path.write_text('[{"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4], "score": 0.5}]')
    with pytest.raises(DataError, match="these are results: give the file of the truth"):
        CocoDetection(tmp_path, ("cat",))


# WIDER FACE


def wider(root: Path, text: str) -> list[Any]:
    for name in ("a", "b"):
        (root / "WIDER_val/images").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 9)).save(root / f"WIDER_val/images/{name}.png")
    (root / "wider_face_split").mkdir(exist_ok=True)
    (root / "wider_face_split/wider_face_val_bbx_gt.txt").write_bytes(text.encode())
    return [(sample.id, len(sample.truth.boxes)) for sample in WiderFace(root)]


FACE = "1 2 3 4 0 0 0 0 0 0"


@pytest.mark.parametrize(
    "text",
    [
        f"a.png\n1\n{FACE}\nb.png\n0\n0 0 0 0 0 0 0 0 0 0\n",
        f"a.png\n1\n{FACE}\nb.png\n0\n",
        f"\ufeffa.png\r\n1\r\n{FACE} \r\nb.png\r\n0\r\n",
        f"a.png\n1\n{FACE}\n\nb.png\n0\n\n",
    ],
)
def test_wider_lists_of_all_kinds(tmp_path: Path, text: str) -> None:
    assert wider(tmp_path, text) == [("a.png", 1), ("b.png", 0)]


def test_a_picture_without_faces_and_without_a_line_comes_first(tmp_path: Path) -> None:
    assert wider(tmp_path, f"b.png\n0\na.png\n1\n{FACE}\n") == [("b.png", 0), ("a.png", 1)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"a.png\n2\n{FACE}\nb.png\n0\n", "line 4: got 'b.png', expected one of the 2 faces of a.png.*fewer lines"),
        (f"a.png\n1\n{FACE}\n{FACE}\nb.png\n0\n", "line 4: .* is the line of a face.*more lines than the number"),
        (f"a.png\n1\n{FACE} 7\n", "line 3: 11 numbers, expected 10"),
        (f"a.png\n1\n{FACE}\na.png\n1\n{FACE}\n", "line 4: 'a.png' stands there twice"),
        (f"a.png\n{'9' * 5000}\n{FACE}\n", "line 2: .*expected the number of faces"),
        (f"a.png\n1\n{FACE}", ""),
    ],
)
def test_what_is_wrong_in_a_wider_list_is_named(tmp_path: Path, text: str, message: str) -> None:
    if not message:  # the last line needs no end
        assert wider(tmp_path, text) == [("a.png", 1)]
        return
    with pytest.raises(DataError, match=message):
        wider(tmp_path, text)


# ICDAR


def icdar(root: Path, text: str) -> list[Any]:
    Image.new("RGB", (99, 99)).save(root / "img_1.png")
    (root / "gt_img_1.txt").write_bytes(text.encode())
    ((sample),) = read_icdar(root)
    return [(len(region.polygon), region.text, region.ignored) for region in sample.truth]


FOUR, SIX = "1,1,9,1,9,5,1,5", "1,1,5,0,9,1,9,5,5,6,1,5"
FOURTEEN = ",".join(f"{x},{y}" for x, y in [*((k, 1) for k in range(7)), *((6 - k, 5) for k in range(7))])


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([f"{FOUR},word"], [(4, "word", False)]),
        ([f"{FOUR},one, two"], [(4, "one, two", False)]),
        ([f"{FOUR},42"], [(4, "42", False)]),
        ([f"{FOUR},1,000"], [(4, "1,000", False)]),
        ([f"{FOUR},1,000,000", f"{FOUR},a"], [(4, "1,000,000", False), (4, "a", False)]),
        ([f"{FOUR},###", f'{FOUR},"###"', f"{FOUR}, ### "], [(4, "###", True)] * 3),
        ([f"{FOUR},"], [(4, "", False)]),
        ([f"{FOUR},Latin,word", f"{FOUR},Arabic,###"], [(4, "word", False), (4, "###", True)]),
        ([f"{FOUR},Latin,word", f"{FOUR},plain"], [(4, "Latin,word", False), (4, "plain", False)]),
        ([f"{FOUR},latin,word", f"{FOUR},LATIN,###"], [(4, "word", False), (4, "###", True)]),
        (
            [f'{FOUR},0,"one, two"', f'{FOUR},1,"hard"', f'{FOUR},0,"###"', f'{FOUR}, 1, "###"'],
            [(4, "one, two", False), *[(4, "###", True)] * 3],
        ),
        ([f'{FOUR},"word"', f'{FOUR},"###"', f"{FOUR},###"], [(4, "word", False), *[(4, "###", True)] * 2]),
        ([f'{FOUR},"word"', f"{FOUR},plain"], [(4, '"word"', False), (4, "plain", False)]),
        ([f"{FOUR},0.97,word", f"{FOUR},0.5,###"], [(4, "0.97,word", False), (4, "###", True)]),
        ([f"{FOUR},SALE,###"], [(4, "SALE,###", False)]),
        ([f"{FOUR},Latin,SALE,###", f"{FOUR},Latin,a"], [(4, "SALE,###", False), (4, "a", False)]),
        ([f'{FOUR},0,"SALE,###"', f'{FOUR},0,""a""'], [(4, "SALE,###", False), (4, '"a"', False)]),
        ([f"{FOUR},1, ###", f'{FOUR},0,"a"'], [(4, "###", True), (4, '0,"a"', False)]),
        ([f"{FOUR},####"], [(4, "####", False)]),
        ([f"{FOUR},####word", f"{FOUR},#######"], [(4, "word", False), (4, "###", True)]),
        ([f"{FOURTEEN},####word", f"{FOURTEEN},#######"], [(14, "word", False), (14, "###", True)]),
        ([f"{FOURTEEN},####word", f"{FOURTEEN},###"], [(14, "word", False), (14, "###", True)]),
        ([f"{FOURTEEN},word", f"{FOURTEEN},###"], [(14, "word", False), (14, "###", True)]),
        ([f"{FOURTEEN},12"], [(14, "12", False)]),
        ([f"{SIX},a", f"{FOURTEEN},b", f"{FOUR},c"], [(6, "a", False), (14, "b", False), (4, "c", False)]),
    ],
)
def test_texts_in_published_layouts(tmp_path: Path, lines: list[str], expected: list[Any]) -> None:
    for text in ("\n".join(lines), "\ufeff" + "\r\n".join(lines) + "\r\n"):
        assert icdar(tmp_path, text) == expected


def test_a_polygon_among_rectangles_is_said(tmp_path: Path, caplog: Any) -> None:
    assert icdar(tmp_path, f"{FOUR},a\n{FOUR},b\n{SIX},c\n")[2] == (6, "c", False)
    assert "line 3: 12 numbers stand in this line" in caplog.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.1,0.1,0.9,0.1,0.9,0.5,0.1,0.5,word", "are these fractions of the pictures"),
        ("1,1,9,5,5,3,3,2,word", "the corners of 1 texts lie on one line"),
        (f'{FOUR},1,"word"', "what is difficult (1) counts neither as found nor as missed"),
        (f'{FOUR},"word"', "all texts stand in them; they are taken for no part of these"),
        (f"{FOUR},####word", "all texts begin with ####, which is taken for no part of them"),
        (f"{FOUR},####word\n{FOUR},####", "1 texts have no transcription"),
        (f"{FOUR},", "1 texts have no transcription; they are to be found as others are"),
        (f"{FOUR},###", ""),
        (f"{FOUR},word", ""),
    ],
)
def test_what_no_network_finds_is_said(tmp_path: Path, caplog: Any, text: str, said: str) -> None:
    icdar(tmp_path, text)
    assert said in caplog.text
    assert bool(said) == bool(caplog.text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FOURTEEN, "28 numbers, and no transcription"),
        (f"{SIX}\n{FOURTEEN}", "line 1: 12 numbers, and no transcription"),
        (FOUR, "4 points"),
        ("5,5,4,2,0.3,word", "five numbers: centre, size and angle of a rotated box"),
        ("1,1,9,5,word", "four numbers: left, top, right and bottom, as ICDAR 2013"),
        ('38 43 920 215 "word"', "0 points"),
    ],
)
def test_neighbours_of_icdar_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        icdar(tmp_path, text)


# VOC


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("mode", ["P", "L"])
def test_masks_of_few_bits_hold_the_same_indices(tmp_path: Path, bits: int, mode: str) -> None:
    values = (np.arange(48, dtype=np.uint8) % min(2**bits, 21)).reshape(6, 8)
    path = tmp_path / "mask.png"
    if mode == "P":
        image = Image.fromarray(values)
        image.putpalette(palette())
        image.save(path, bits=bits)
    else:
        path.write_bytes(grey_png(values, bits))
    if (mode, bits) == ("L", 1):
        with pytest.raises(DataError, match="mode 1"):
            IndexMask(path, 21).array()
    else:
        assert np.array_equal(IndexMask(path, 21).array(), values)


def test_ids_of_cityscapes_in_four_bits_are_the_same_ids(tmp_path: Path) -> None:
    """As a program that makes PNGs smaller writes a mask without an id above 15."""
    path = tmp_path / "ulm_gtFine_labelIds.png"
    path.write_bytes(grey_png(np.array([[7, 8, 1, 11]], np.uint8), 4))
    assert CityMask(path, 19).array().tolist() == [[0, 1, 255, 2]]


def grey_png(values: np.ndarray, bits: int) -> bytes:
    """A grey PNG of 1, 2, 4 or 8 bits a pixel, which Pillow does not write."""
    import struct
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width = values.shape
    planes = np.unpackbits(values[:, :, None], axis=2)[:, :, 8 - bits :].reshape(height, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in np.packbits(planes, axis=1))
    head = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_a_name_that_is_listed_twice(tmp_path: Path) -> None:
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (tmp_path / folder).mkdir(parents=True)
    Image.new("RGB", (4, 4)).save(tmp_path / "JPEGImages/a.jpg")
    Image.new("L", (4, 4)).save(tmp_path / "SegmentationClass/a.png")
    (tmp_path / "ImageSets/Segmentation/val.txt").write_bytes(b"\xef\xbb\xbfa\r\n")
    assert len(VocSegmentation(tmp_path)) == 1
    (tmp_path / "ImageSets/Segmentation/val.txt").write_text("a\na\n")
    with pytest.raises(DataError, match="line 2: 'a' stands in line 1 already"):
        VocSegmentation(tmp_path)


def voc(root: Path, masks: list[Image.Image], endings: tuple[str, str] = (".jpg", ".png")) -> VocSegmentation:
    """A data set of these masks, its pictures and masks with these endings."""
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    for number, mask in enumerate(masks):
        Image.new("RGB", mask.size).save(root / f"JPEGImages/{number}{endings[0]}")
        mask.save(root / f"SegmentationClass/{number}{endings[1]}")
    (root / "ImageSets/Segmentation/val.txt").write_text("".join(f"{number}\n" for number in range(len(masks))))
    return VocSegmentation(root)


def coloured(*indices: int, colours: list[int] | None = None) -> Image.Image:
    """A mask of stripes, the first index the widest."""
    stripes = np.repeat(np.array(indices, np.uint8), np.arange(len(indices), 0, -1) * 4)
    mask = Image.fromarray(np.tile(stripes, (8, 1)))
    mask.putpalette(palette() if colours is None else colours)
    return mask


@pytest.mark.parametrize("colours", [3, 4, 8, 256])
def test_masks_whose_colours_were_numbered_anew_are_named(tmp_path: Path, colours: int) -> None:
    """As programs that make PNGs smaller do it, for each mask on its own."""
    masks = [coloured(*indices).convert("RGB").quantize(colours) for indices in ((0, 2, 4), (0, 1))]
    with pytest.raises(DataError, match=r"1\.png: the colour .* is index . here, and . in .*0\.png"):
        voc(tmp_path, masks)


BLACK, RED, GREEN, GREY = [0] * 3, [128, 0, 0], [0, 128, 0], [grey for value in range(256) for grey in [value] * 3]
BLUE = [0, 0, 128]
OTHER_RED = [*BLACK, 200, 0, 0, *palette()[6:63]]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (coloured(0, 7, colours=GREY), coloured(0, 7), ""),
        (coloured(0, 7, 255, colours=palette()[:63]), coloured(0, 7, 255, colours=OTHER_RED + BLACK * 235), ""),
        (coloured(0, 7, colours=palette()[:63]), coloured(0, 1, colours=OTHER_RED + BLACK * 235), "of index 1 is"),
        (coloured(0, 1, colours=BLACK + RED + GREEN), coloured(0, 1, colours=BLACK + GREEN), "of index 1 is"),
        (coloured(0, 1, colours=BLACK + RED), coloured(0, 5, colours=BLACK + GREEN + BLACK * 9), "of index"),
        (
            coloured(0, 1, colours=BLACK + RED),
            coloured(0, 1, 2, colours=BLACK + RED + BLUE),
            "PASCAL VOC's",
        ),
    ],
    ids=["grey ramp", "padded, void", "padded, used", "unused colour", "used padding", "goes on"],
)
def test_palettes_that_differ_without_proof_are_read(  # proof is a colour that pixels have at two indices
    tmp_path: Path, caplog: Any, first: Image.Image, second: Image.Image, said: str, turned: bool
) -> None:
    masks = [second, first] if turned else [first, second]
    for sample, mask in zip(voc(tmp_path, masks), masks, strict=True):
        assert np.array_equal(sample.truth.array(), np.asarray(mask))
    assert said in caplog.text
    assert bool(said) == bool(caplog.text)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
def test_colours_at_two_indices_are_proof_wherever_the_masks_stand(tmp_path: Path, order: tuple[int, ...]) -> None:
    masks = [coloured(0, 3), coloured(0, 1, colours=[9, 9, 9, *RED]), coloured(0, 2, colours=[8, 8, 8, *GREEN, *RED])]
    with pytest.raises(DataError, match=r"the colour \(128, 0, 0\) is index . here, and . in .*pixels of both"):
        voc(tmp_path, [masks[place] for place in order])


def test_that_vocs_colours_stand_at_other_indices_is_said(tmp_path: Path, caplog: Any) -> None:
    """Where all masks have the same colours, their palettes agree."""
    voc(tmp_path, [coloured(*indices).convert("RGB").quantize(8) for indices in ((0, 2, 4), (0, 4, 2))])
    assert "its colours are PASCAL VOC's, and its indices are not: (0, 128, 0) is 0 here, and 2 there." in caplog.text


def test_palettes_that_agree_as_far_as_they_go(tmp_path: Path, caplog: Any) -> None:
    short = coloured(0, 1, colours=palette()[:6])
    grey = Image.fromarray(np.asarray(coloured(0, 1)))
    unused = coloured(0, 1, colours=[*palette()[:6], 9, 9, 9, *palette()[:3]])  # what is behind is no mask's colour
    data = voc(tmp_path, [coloured(0, 3, 1, 255), short, grey, unused])
    assert [np.unique(sample.truth.array()).tolist() for sample in data] == [[0, 1, 3, 255], *[[0, 1]] * 3]
    assert not caplog.text


def test_other_colours_for_the_same_indices_are_said(tmp_path: Path, caplog: Any) -> None:
    other = [value // 3 for value in palette()]
    data = voc(tmp_path, [coloured(0, 1, 2), coloured(0, 1, 2, colours=other)])
    assert [np.unique(sample.truth.array()).tolist() for sample in data] == [[0, 1, 2]] * 2
    assert "1.png: the colour of index 1 is (42, 0, 0) here, and not in" in caplog.text


@pytest.mark.parametrize("endings", [(".JPG", ".PNG"), (".jpeg", ".png"), (".PNG", ".png")])
def test_endings_of_voc(tmp_path: Path, endings: tuple[str, str]) -> None:
    (sample,) = voc(tmp_path, [coloured(0, 1)], endings)
    assert sample.data.suffix == endings[0]
    assert np.unique(sample.truth.array()).tolist() == [0, 1]


# Criteo


def test_a_click_log_with_a_mark_and_one_that_shrinks(tmp_path: Path) -> None:
    row = "1\t" + "\t".join(["3"] * 13 + ["0000000a"] * 26)
    path = tmp_path / "valid.tsv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{row}\r\n{row}".encode())
    log = CriteoLog(path)
    assert [(sample.data, sample.truth) for sample in log] == [(row[2:], 1)] * 2
    path.write_bytes(b"1")
    with pytest.raises(UnreadableError, match="it has changed since it was opened"):
        log[1]
