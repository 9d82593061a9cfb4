"""Pictures of rankings: everything stays inside, and no label or image breaks them."""

import numpy as np
import pytest
from PIL import Image, ImageFont

from utils.draw.classification import FONT_SIZE, MARGIN, PAPER, WIDTH, _shortened, draw_ranking
from utils.postprocess.pytorch.classification import Ranking

RANKING = Ranking((0, 1, 2, 3, 4), (0.7, 0.2, 0.05, 0.04, 0.0))
AWKWARD = ["internationalisation " * 12, "a" * 500, "手写数字 שלום 🙂", "two\nlines\tand a tab", "\udc80 ñ ü"]


@pytest.mark.parametrize("size", [(640, 427), (427, 640), (8, 8), (1, 1), (3, 2000), (2000, 3), (64, 10)])
def test_any_size_fits_and_the_margins_stay_empty(photos, size):
    picture = draw_ranking(photos["china"].resize(size), RANKING, AWKWARD)
    assert (picture.mode, picture.width) == ("RGB", WIDTH + 2 * MARGIN)
    assert picture.height <= WIDTH + 400
    pixels = np.asarray(picture)
    rows = pixels[-5 * 46 :]
    assert (rows[:, :MARGIN] == PAPER).all()
    assert (rows[:, -MARGIN:] == PAPER).all()
    assert (rows[-MARGIN // 2 :] == PAPER).all()


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "CMYK", "1", "I", "F"])
def test_any_mode(photos, mode):
    image = photos["flower"].convert("L").convert(mode) if mode in ("LA", "I", "F") else photos["flower"].convert(mode)
    assert draw_ranking(image, RANKING, "abcde").mode == "RGB"


def test_the_pixels_of_a_tiny_image_become_squares():
    digit = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) * 4)
    picture = np.asarray(draw_ranking(digit, RANKING, "abcde"))
    left = (WIDTH + 2 * MARGIN - 320) // 2
    shown = picture[MARGIN : MARGIN + 320, left : left + 320, 0]
    assert np.array_equal(shown, np.kron(np.asarray(digit), np.ones((40, 40), np.uint8)))


def test_a_better_score_has_a_longer_bar(photos):
    def colours(score: float) -> int:
        picture = draw_ranking(photos["china"], Ranking((0,), (score,)), ["x"])
        return int((np.asarray(picture) == (22, 119, 190)).all(axis=2).sum())

    lengths = [colours(score) for score in (0.0, 0.001, 0.3, 0.9, 1.0)]
    assert lengths == sorted(lengths)
    assert lengths[0] == 0
    assert lengths[4] > 3 * lengths[2]


def test_at_most_k_classes_are_shown(photos):
    heights = [draw_ranking(photos["china"], RANKING, "abcde", k=k).height for k in (1, 3, 5, 9)]
    assert heights[1] - heights[0] == heights[2] - heights[1] > 0
    assert heights[3] == heights[2]


def test_the_image_itself_is_not_changed(photos):
    before = photos["china"].tobytes()
    draw_ranking(photos["china"], RANKING, "abcde")
    assert photos["china"].tobytes() == before


@pytest.mark.parametrize("label", AWKWARD)
def test_labels_are_shortened_to_one_line(label):
    font = ImageFont.load_default(size=FONT_SIZE)
    text = _shortened(label, font, 200)
    assert font.getlength(text) <= 200
    assert "\n" not in text
    assert text


def test_a_label_that_fits_is_left_as_it_is():
    assert _shortened("great white shark", ImageFont.load_default(size=FONT_SIZE), 400) == "great white shark"
