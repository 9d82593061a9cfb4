"""Training of word readers: what is spelt, in which steps, and that a network learns to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.ocr_words import read_words
from utils.datasets.samples import captchas
from utils.datasets.samples.words import HELD_OUT
from utils.training.words import Course, Spelling, documented, learn_words, rendered


class Reader:
    """Says of each column which class its first pixel is."""

    def __new__(cls, classes: int) -> Any:
        import torch

        class Columns(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layer = torch.nn.Linear(4, classes)

            def forward(self, pictures: Any) -> Any:
                return self.layer(pictures[:, 0].transpose(1, 2))

        torch.manual_seed(0)
        return Columns()


def pictured(text: str) -> np.ndarray:
    """[1, 4, 2 x letters]: one column a letter and an empty one behind it."""
    picture = np.zeros((1, 4, 2 * len(text)), np.float32)
    for place, letter in enumerate(text):
        picture[0, int(letter), 2 * place] = 1
    return picture


@pytest.mark.parametrize("blank", [0, 3])
def test_a_network_learns_to_spell(blank: int, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    spelling = Spelling("012", blank, lambda width: width, filling=0.0)
    random = np.random.RandomState(0)
    texts = ["".join(random.choice(list("012"), random.randint(1, 5))) for _ in range(200)]
    network = Reader(4)
    learn_words(network, [(pictured(text), text) for text in texts], Course(200, 12, 0.1, easy=2), random, spelling)
    assert not network.training
    assert "epoch 12: loss 0." in capsys.readouterr().out
    said = network(torch.from_numpy(pictured("0121")[None])).argmax(2)[0].tolist()
    assert [kind - (blank == 0) for kind in said if kind != blank] == [0, 1, 2, 1]
    for one in network.state_dict().values():
        assert torch.equal(one, one.half().float())


def test_rendered_words_are_not_those_of_the_sample() -> None:
    course = Course(40, 1, 0.1, english=0.5)
    found = rendered(lambda picture: np.asarray(picture.convert("L"))[None], course, np.random.RandomState(0))
    assert len(found) == 40
    assert not {word for _, word in found} & HELD_OUT
    assert not set(documented()) & HELD_OUT
    assert {word for _, word in found} & set(documented())


def test_captchas_are_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captchas, "COUNT", 6)
    for name in ("one", "two"):
        captchas.write_captchas(tmp_path / name)
    samples = read_words(tmp_path / "one")
    assert len(samples) == 6
    for sample in samples:
        assert 1 <= len(sample.truth) <= 4
        assert sample.truth.isdigit()
        assert sample.data.read_bytes() == (tmp_path / "two" / sample.id).read_bytes()
        with Image.open(sample.data) as image:
            assert image.size == (160, 64)


def test_every_number_of_digits_fits_into_a_captcha() -> None:
    random = np.random.RandomState(3)
    for text in ("8888", "0000", "1", "4444"):
        for _ in range(20):
            picture, ends = captchas.draw_captcha(text, random)
            assert picture.size == (160, 64)
            assert len(ends) == len(text)
            assert sorted(ends) == ends
            assert ends[-1] < 160
