"""Every loader of contrib/utils: how a small whole data set is made, which files are damaged, how it is read."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.fuzz.engine_files import ENGINE_FILES
from tests.fuzz.label_files import LABEL_FILES
from tests.fuzz.loader import Loader
from tests.fuzz.mutate import BINARY, JSON, TEXT
from tests.fuzz.weight_files import WEIGHT_FILES


def picture(path: Path, size: tuple[int, int] = (24, 16), **options: Any) -> None:
    """A picture with something on it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = random.Random(0).randbytes(size[0] * size[1] * 3)
    Image.frombytes("RGB", size, values).save(path, **options)


def _image(suffix: str, **options: Any) -> Loader:
    from utils.preprocess.image import load_rgb, load_size, upright

    name = f"a.{suffix}"

    def read(folder: Path) -> None:
        for one in (load_size, load_rgb, upright):
            one(folder / name)

    return Loader(lambda folder: picture(folder / name, **options), (name,), BINARY, read)


def _with_exif(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    picture(folder / "a.jpg", exif=exif)


def _coco(folder: Path) -> None:
    for number in range(3):
        picture(folder / f"val/{number}.png")
    boxes = [
        {
            "id": number,
            "image_id": number % 2,
            "category_id": 3,
            "bbox": [1, 2, 5.5, 6],
            "area": 33.0,
            "iscrowd": number % 2,
        }
        for number in range(4)
    ]
    (folder / "annotations").mkdir()
    (folder / "annotations/instances_val.json").write_text(
        json.dumps(
            {
                "images": [{"id": n, "file_name": f"{n}.png", "width": 24, "height": 16} for n in range(3)],
                "annotations": boxes,
                "categories": [{"id": 3, "name": "cat"}, {"id": 9, "name": "dog"}],
            }
        )
    )


def _read_coco(folder: Path) -> None:
    from utils.datasets.coco import CocoDetection

    list(CocoDetection(folder, ("dog", "cat")))


def _wider(folder: Path) -> None:
    names = ["0--Parade/a.png", "1--Ice/b.png"]
    for name in names:
        picture(folder / "WIDER_val/images" / name)
    (folder / "wider_face_split").mkdir()
    (folder / "val").mkdir()
    (folder / "wider_face_split/wider_face_val_bbx_gt.txt").write_text(
        f"{names[0]}\n2\n1 2 5 6 0 0 0 0 0 0 \n3 3 4 4 1 0 0 1 0 0 \n{names[1]}\n0\n0 0 0 0 0 0 0 0 0 0 \n"
    )
    points = " ".join(["2.5 3.5 0.0"] * 5)
    (folder / "val/label.txt").write_text(f"# {names[0]}\n1 2 5 6 {points} 0.8\n3 3 4 4 {points} 0.5\n# {names[1]}\n")


def _read_wider(folder: Path) -> None:
    from utils.datasets.wider_face import WiderFace

    list(WiderFace(folder))


def _icdar(folder: Path) -> None:
    picture(folder / "img_1.jpg")
    (folder / "gt_img_1.txt").write_text(
        "\ufeff1,2,9,2,9,8,1,8,word\r\n2,2,9,2,9,8,1,8,###\r\n1,1,8,1,8,6,1,6,1,000\r\n"
    )


def _read_icdar(folder: Path) -> None:
    from utils.datasets.icdar import read_icdar

    list(read_icdar(folder))


def _voc(folder: Path) -> None:
    from utils.datasets.voc_segmentation import save_mask

    picture(folder / "JPEGImages/a.jpg")
    (folder / "SegmentationClass").mkdir()
    (folder / "ImageSets/Segmentation").mkdir(parents=True)
    save_mask(np.arange(384, dtype=np.uint8).reshape(16, 24) % 21, folder / "SegmentationClass/a.png")
    (folder / "ImageSets/Segmentation/val.txt").write_text("a\n")


def _read_voc(folder: Path) -> None:
    from utils.datasets.voc_segmentation import VocSegmentation

    for sample in VocSegmentation(folder):
        sample.truth.array()


def _lmdb(folder: Path) -> None:
    import lmdb

    picture(folder / "a.png")
    content = (folder / "a.png").read_bytes() * 8
    with lmdb.open(str(folder), map_size=1 << 22) as environment, environment.begin(write=True) as transaction:
        for number in range(1, 13):
            transaction.put(f"image-{number:09d}".encode(), content)
            transaction.put(f"label-{number:09d}".encode(), b"word")
        transaction.put(b"num-samples", b"12")


def _read_lmdb(folder: Path) -> None:
    from utils.datasets import ocr_words

    ocr_words._opened.cache_clear()
    for sample in ocr_words.read_words(folder)[:40]:
        sample.data.read()


def _word_list(folder: Path) -> None:
    (folder / "gt.txt").write_text("a.png\tword\nb.png another word\n", encoding="utf-8-sig")


def _read_word_list(folder: Path) -> None:
    from utils.datasets.ocr_words import read_words

    list(read_words(folder))


def _criteo(folder: Path) -> None:
    draw = random.Random(0)
    rows = [
        "\t".join(
            [
                str(n % 2),
                *(str(draw.randint(-1, 99)) for _ in range(13)),
                *(f"{draw.getrandbits(32):08x}" for _ in range(26)),
            ]
        )
        for n in range(5)
    ]
    (folder / "valid.tsv").write_text("\n".join(rows) + "\n")


def _read_criteo(folder: Path) -> None:
    from utils.datasets.criteo import CriteoLog, rows_of
    from utils.preprocess.pytorch.click_prediction import ClickFeatures

    features = ClickFeatures(100)
    for read in (lambda: CriteoLog(folder), lambda: rows_of(folder / "valid.tsv")):
        _each(read, features)


def _each(read: Callable[[], Sequence[Any]], use: Callable[[Any], Any]) -> None:
    """Use every sample that can be read; an error of the last step is one of the loader."""
    for sample in read():
        use(sample.data)


def _planetoid(folder: Path) -> None:
    from utils.datasets.graph import Graph, NodeTruth
    from utils.datasets.samples.graphs import write_planetoid

    known = np.array([0, 1, -1, -1, -1, -1])
    features = np.eye(6, 4, dtype=np.float32)
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]])
    graph = Graph(tuple("abcdef"), features, edges, known)
    write_planetoid(folder, "mini", graph, NodeTruth(np.array([0, 1, 0, 1, 0, 1]), np.array([False] * 3 + [True] * 3)))


def _read_planetoid(folder: Path) -> None:
    from utils.datasets.planetoid import Planetoid
    from utils.preprocess.pytorch.node_classification import graph_inputs

    for sample in Planetoid(folder, 2):
        graph_inputs(sample.data, sample.data.features.shape[1])


def _graph(folder: Path) -> None:
    content = {"nodes": ["a", "b", 3], "edges": [["a", "b"], ["b", 3]], "known": {"a": "x", "3": "y"}}
    (folder / "a.json").write_text(json.dumps(content))


def _read_graph(folder: Path) -> None:
    from utils.datasets.graph import read_graph

    read_graph(folder / "a.json", ("x", "y"))


def _episodes(folder: Path) -> None:
    (folder / "a.json").write_text(json.dumps({"environment": "CartPole-v1", "seeds": [1, 2, 3]}))


def _read_episodes(folder: Path) -> None:
    from utils.datasets.episodes import Episodes

    list(Episodes(folder))


def _sentences(folder: Path) -> None:
    (folder / "dev.tsv").write_text('sentence\tlabel\nA good "one.\t1\nÄ bad one\t0\n', encoding="utf-8")


def _read_sentences(folder: Path) -> None:
    from utils.datasets.tsv_classification import LabelledSentences, sentences_in

    list(sentences_in(folder / "dev.tsv"))
    list(LabelledSentences(folder))


def _pairs(folder: Path) -> None:
    (folder / "dev.tsv").write_text("index\tsentence1\tsentence2\tscore\n0\tA dog.\tA cat.\t2.5\n1\tOne\tTwo\t0\n")


def _read_pairs(folder: Path) -> None:
    from utils.datasets.sts import SentencePairs, pair_sentences_in

    list(pair_sentences_in(folder / "dev.tsv"))
    list(SentencePairs(folder))


def _sound(name: str, **options: Any) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        import soundfile

        tone = (0.3 * np.sin(np.arange(3000) * 0.07)).astype(np.float32)
        soundfile.write(folder / name, tone, 16_000, **options)

    return write


def _read_sound(name: str) -> Callable[[Path], None]:
    def read(folder: Path) -> None:
        from utils.preprocess.audio import Mfcc, load_audio

        Mfcc()(load_audio(folder / name))

    return read


def _speech(folder: Path) -> None:
    for name in ("yes/a_nohash_0.wav", "no/b_nohash_0.wav", "_background_noise_/hum.wav"):
        (folder / name).parent.mkdir(exist_ok=True)
        _sound(name)(folder)
    (folder / "testing_list.txt").write_text("yes/a_nohash_0.wav\nno/b_nohash_0.wav\n")


def _read_speech(folder: Path) -> None:
    from utils.datasets.speech_commands import SpeechCommands

    list(SpeechCommands(folder, ("yes", "no")))


def _text(folder: Path) -> None:
    (folder / "a.txt").write_text("Good food,\nand ä view.\n", encoding="utf-8")
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\nfood\ngood\n")


def _read_text(folder: Path) -> None:
    from utils.preprocess.text import TextEncoder, read_text, read_vocabulary, word_tokenizer

    encoder = TextEncoder(word_tokenizer(read_vocabulary(folder / "vocab.txt")), 16)
    encoder(read_text(folder / "a.txt"))


def _tokenizer(folder: Path) -> None:
    from utils.preprocess.text import word_tokenizer

    word_tokenizer(["[PAD]", "[UNK]", "good", "food"]).save(str(folder / "tokenizer.json"))


def _read_tokenizer(folder: Path) -> None:
    from utils.preprocess.text import TextEncoder, load_tokenizer

    TextEncoder(load_tokenizer(folder / "tokenizer.json"), 16)("good food, everywhere")


def _arrays(protocol: int) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        content = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "n": [1, 2.5, "a"], "s": np.int64(3)}
        (folder / "a.pkl").write_bytes(pickle.dumps(content, protocol))

    return write


def _read_arrays(folder: Path) -> None:
    from utils.safe_pickle import read_arrays

    read_arrays(folder / "a.pkl")


_PLANETOID = tuple(f"ind.mini.{part}" for part in ("x", "y", "allx", "ally", "tx", "ty", "graph"))
LOADERS: dict[str, Loader] = {
    "png": _image("png"),
    "jpeg": Loader(_with_exif, ("a.jpg",), BINARY, _image("jpg").read),
    "gif": _image("gif"),
    "bmp": _image("bmp"),
    "tiff": _image("tif", compression="tiff_lzw"),
    "webp": _image("webp"),
    "ppm": _image("ppm"),
    "coco": Loader(_coco, ("annotations/instances_val.json",), JSON, _read_coco),
    "wider": Loader(_wider, ("wider_face_split/wider_face_val_bbx_gt.txt", "val/label.txt"), TEXT, _read_wider),
    "icdar": Loader(_icdar, ("gt_img_1.txt",), TEXT, _read_icdar),
    "voc": Loader(_voc, ("SegmentationClass/a.png", "JPEGImages/a.jpg"), BINARY, _read_voc),
    "voc list": Loader(_voc, ("ImageSets/Segmentation/val.txt",), TEXT, _read_voc),
    "lmdb": Loader(_lmdb, ("data.mdb",), BINARY, _read_lmdb),
    "word list": Loader(_word_list, ("gt.txt",), TEXT, _read_word_list),
    "criteo": Loader(_criteo, ("valid.tsv",), TEXT, _read_criteo),
    "planetoid": Loader(_planetoid, _PLANETOID, BINARY, _read_planetoid),
    "planetoid list": Loader(_planetoid, ("ind.mini.test.index",), TEXT, _read_planetoid),
    "graph": Loader(_graph, ("a.json",), JSON, _read_graph),
    "episodes": Loader(_episodes, ("a.json",), JSON, _read_episodes),
    "sentences": Loader(_sentences, ("dev.tsv",), TEXT, _read_sentences),
    "pairs": Loader(_pairs, ("dev.tsv",), TEXT, _read_pairs),
    "wav": Loader(_sound("a.wav", subtype="PCM_16"), ("a.wav",), BINARY, _read_sound("a.wav")),
    "wav, float": Loader(_sound("a.wav", subtype="FLOAT"), ("a.wav",), BINARY, _read_sound("a.wav")),
    "flac": Loader(_sound("a.flac"), ("a.flac",), BINARY, _read_sound("a.flac")),
    "speech": Loader(_speech, ("testing_list.txt",), TEXT, _read_speech),
    "text": Loader(_text, ("a.txt", "vocab.txt"), TEXT, _read_text),
    "tokenizer": Loader(_tokenizer, ("tokenizer.json",), JSON, _read_tokenizer),
    "arrays 2": Loader(_arrays(2), ("a.pkl",), BINARY, _read_arrays),
    "arrays 5": Loader(_arrays(5), ("a.pkl",), BINARY, _read_arrays),
    **ENGINE_FILES,
    **LABEL_FILES,
    **WEIGHT_FILES,
}
