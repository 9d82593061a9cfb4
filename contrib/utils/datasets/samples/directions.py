"""Rendered words, upright and turned by 180 degrees: what a reader of text has to know before it reads.

They are the words of `words`, so that no training sees them: it turns invented ones.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.samples.lettering import cased
from utils.datasets.samples.once import written_once
from utils.datasets.samples.words import held_out, render_word, training_word

SEED = 20261126
DIRECTIONS = ("upright", "turned")


def turned(picture: Image.Image) -> Image.Image:
    """The picture turned by 180 degrees."""
    return picture.transpose(Image.Transpose.ROTATE_180)


def training_pictures(count: int, seed: int = 0) -> list[Image.Image]:
    """Upright words of the kind that training sees, and that the sample data does not hold: RGB, of any size."""
    random = np.random.RandomState(seed)
    return [render_word(cased(training_word(random), random), random) for _ in range(count)]


@written_once
def write_directions(folder: Path) -> None:
    """Write the sample data: <folder>/upright/<nnnn>.jpg, and the same pictures upside down in <folder>/turned.

    The folder appears as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    random = np.random.RandomState(SEED)
    for name in DIRECTIONS:
        (folder / name).mkdir()
    for index, word in enumerate(held_out()):
        picture = render_word(cased(word, random), random)
        for name, one in zip(DIRECTIONS, (picture, turned(picture)), strict=True):
            one.save(folder / name / f"{index:04}.jpg", quality=85)
