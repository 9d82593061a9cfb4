"""How words are said: the dictionary's layout, errors a phoneme, the authors' archive, and what can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.pronunciations import Pronunciations, words_in
from utils.datasets.references import cmudict
from utils.datasets.samples.pronunciations import OTHERS, WRITTEN, write_pronunciations
from utils.generation import Search
from utils.metrics.pronunciation import PhonemeErrors
from utils.npz_file import read_npz
from zoo.catalogue import beside, load
from zoo.errors import ZooError
from zoo.tasks.pronunciation import Pronunciation, Said, plain
from zoo_core.errors import DataError

TABLE = ";;; remark\nread R IY1 D\nread(2) R EH1 D\n'tis T IH1 Z # old\n\nzoo Z UW1\n"


def written(folder: Path, text: str = TABLE) -> Path:
    (folder / "a.dict").write_text(text, encoding="utf-8")
    return folder / "a.dict"


def test_the_layout_of_the_dictionary(tmp_path: Path) -> None:
    path = written(tmp_path)
    for root in (path, tmp_path):
        samples = Pronunciations(root)
        assert [(one.id, one.data) for one in samples] == [
            ("a.dict:read", "read"),
            ("a.dict:'tis", "'tis"),
            ("a.dict:zoo", "zoo"),
        ]
        assert samples[0].truth == (("R", "IY1", "D"), ("R", "EH1", "D"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zoo\n", "line 1: a word and its phonemes"),
        ("zoo Z UW1\nread r iy d\n", "line 2: a word and its phonemes"),
        ("zoo Z UW3\n", "line 1"),
        ("zoo Z UW1\nzoo Z UW0\n", "line 2: 'zoo' stands there already"),
        ("zoo(2) Z UW1\n", r"line 1: 'zoo\(2\)' has no 'zoo' before it"),
        (";;; nothing\n", "no word"),
    ],
)
def test_lines_that_are_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        Pronunciations(written(tmp_path, text))


def test_files_that_are_wrong(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found nothing"):
        Pronunciations(tmp_path)
    (tmp_path / "w.txt").write_text("\n \n")
    with pytest.raises(DataError, match="a word a line"):
        words_in(tmp_path / "w.txt")


def test_every_twentieth_word(tmp_path: Path) -> None:
    letters = [f"{one}{other}" for one in "ab" for other in "abcdefghijklmnopqrst"]
    written(tmp_path, "'a AH0\n" + "".join(f"{word} AH0\n{word}(2) EY1\n" for word in letters)).rename(
        tmp_path / cmudict.FILE
    )
    (tmp_path / "made").mkdir()
    cmudict.arrange(tmp_path, tmp_path / "made")
    found = Pronunciations(tmp_path / "made")
    assert [(one.data, len(one.truth)) for one in found] == [("aa", 2), ("ba", 2)]


def test_errors_a_phoneme() -> None:
    metric = PhonemeErrors()
    truth = (("R", "IY1", "D"), ("R", "EH1", "D", "Z"))
    # one exchanged of three; equal to the second way; all left out
    metric.update([Said("a", ("R", "IY0", "D")), Said("a", ("R", "EH1", "D", "Z")), Said("a", ())], [truth] * 3)
    assert metric.compute() == pytest.approx({"per": 4 / 10, "wer": 2 / 3})
    other = PhonemeErrors()
    other.merge(metric.state())
    assert other.compute() == metric.compute()


def test_what_cannot_be_counted() -> None:
    metric = PhonemeErrors()
    with pytest.raises(DataError, match="no word"):
        metric.compute()
    with pytest.raises(DataError, match="1 predictions for 0"):
        metric.update([Said("a", ())], [])
    for truth in ("R", (), ((),), None):
        with pytest.raises(DataError, match="ways to say a word"):
            metric.update([Said("a", ("R",))] * 2, [(("R",),), truth])  # type: ignore[list-item]
    for state in ({}, [1], {"words": 1, "wrong": 2, "edits": 1, "phonemes": 3}, dict.fromkeys(metric.state(), -1)):
        with pytest.raises(DataError, match="not the counts"):
            metric.merge(state)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no word"):
        metric.compute()


SEARCH = Search(start=2, end=3, filling=0, most=6)
TASK = Pronunciation(
    ("<pad>", "<unk>", "</s>", "a", "b"), ("<pad>", "<unk>", "<s>", "</s>", "AA1", "B"), unknown=1, end=2, search=SEARCH
)


def test_a_word_becomes_letters() -> None:
    (ids,), word = TASK.preprocess(" Äb-b\n")
    assert (ids.tolist(), ids.dtype, word) == ([3, 4, 1, 4, 2], np.int64, "ab-b")
    assert TASK.length("Äb") == 3
    for text, said in (("", "none"), ("a b", "2"), ("42", "no letter")):
        with pytest.raises(DataError, match=said):
            TASK.preprocess(text)
    with pytest.raises(DataError, match="--input_size 2 has room for 1"):
        TASK.adapted(2, 1).preprocess("ab")
    assert plain("\udce9A") == "?a"


@pytest.mark.parametrize("length", [1, 3, 9])
def test_phonemes_until_the_end_or_as_many_as_there_may_be(length: int) -> None:
    """A decoder whose state counts its steps, and which ends behind `length` phonemes."""

    def step(arrays: list[np.ndarray]) -> list[np.ndarray]:
        _, state = arrays
        logits = np.zeros((len(state), 6), np.float32)
        logits[np.arange(len(state)), np.where(state[:, 0] >= length, 3, 4 + state[:, 0].astype(int) % 2)] = 1
        return [logits, state + 1]

    parts: dict[str, Callable[[list[np.ndarray]], Any]] = {
        "encoder": lambda arrays: np.zeros((len(arrays[0]), 1), np.float32),
        "step": step,
    }
    (first, second) = TASK.postprocess(TASK.run(parts, [np.zeros((2, 4), np.int64)]), ["ab", "ba"])
    assert first.phonemes == second.phonemes == ("AA1", "B", "AA1", "B")[: min(length, 4)]
    assert TASK.describe(first, 1).startswith("ab: AA1")
    assert TASK.draw("ab", first).width == 512


def test_the_sample(tmp_path: Path) -> None:
    write_pronunciations(tmp_path / "made")
    assert [one.data for one in Pronunciations(tmp_path / "made")] == list(WRITTEN)
    assert not set(OTHERS) & set(WRITTEN)


MODEL = load("nlp/g2p").variant()


def archive(folder: Path, **more: Any) -> Path:
    """The authors' arrays with other numbers."""
    random = np.random.default_rng(0)
    shapes = {"enc_emb": (29, 256), "dec_emb": (74, 256), "fc_w": (74, 256), "fc_b": (74,)}
    for half in ("enc", "dec"):
        shapes |= {f"{half}_{kind}": (768, 256) for kind in ("w_ih", "w_hh")}
        shapes |= {f"{half}_{kind}": (768,) for kind in ("b_ih", "b_hh")}
    arrays: dict[str, Any] = {name: random.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    np.savez(folder / "a.npz", **(arrays | more))
    return folder / "a.npz"


def test_the_authors_archive_fits_the_network(tmp_path: Path) -> None:
    import torch

    found = beside(MODEL.folder / "model.py", "model").convert(archive(tmp_path))
    network = MODEL.build().eval()
    network.load_state_dict({name: torch.as_tensor(array) for name, array in found.items()})
    encoder = MODEL.parts[0].of(network)
    with torch.inference_mode():
        alone = encoder(torch.tensor([[5, 6, 2]]))
        filled = encoder(torch.tensor([[5, 6, 2, 0, 0, 0]]))
    assert torch.allclose(alone, filled, atol=1e-6)
    with pytest.raises(ZooError, match="dec_more is no array"):
        beside(MODEL.folder / "model.py", "model").convert(archive(tmp_path, dec_more=np.zeros(2)))


def test_archives_that_are_none(tmp_path: Path) -> None:
    whole = archive(tmp_path).read_bytes()
    for content in (b"", b"PK\x03\x04", whole[: len(whole) // 2], b"no archive"):
        (tmp_path / "cut.npz").write_bytes(content)
        with pytest.raises(DataError, match=r"cut\.npz: this is no \.npz"):
            read_npz(tmp_path / "cut.npz")
    for name, value in (("text", np.array(["a"])), ("object", np.array([{}], dtype=object))):
        np.savez(tmp_path / "other.npz", **{name: value})
        with pytest.raises(DataError, match=r"other\.npz"):
            read_npz(tmp_path / "other.npz")
