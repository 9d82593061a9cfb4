"""Real handwritten digits: the 1,797 images of the UCI optical digits test set, which scikit-learn carries.

One fixed split into a part to train on and a held-out part serves everybody, so that a network trained on the
one is never scored on images that it has seen.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from utils.datasets.samples.once import written_once

SEED = 20240607
HELD_OUT = 0.2

ATTRIBUTION = """\
Optical Recognition of Handwritten Digits, by E. Alpaydin and C. Kaynak (1998), UCI Machine Learning
Repository, https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits

These are images of its test set as scikit-learn bundles it (sklearn.datasets.load_digits). Changed: pixel
values 0 to 16 were scaled to 0 to 255 and each image was written as PNG. The number in a file's name is the
image's place in that set.
"""


class Digits(NamedTuple):
    """A part of the digits.

    Attributes:
        images: uint8 [N, 8, 8], 0 (paper) to 255 (ink), grey.
        labels: int64 [N], the digit 0 to 9.
        indices: int64 [N], the place of each image in scikit-learn's data set, ascending.
    """

    images: np.ndarray
    labels: np.ndarray
    indices: np.ndarray


def load_split() -> tuple[Digits, Digits]:
    """(training part, held-out part): disjoint, together all 1,797 images, a fifth of every digit held out.

    The same on every machine: it rests on numpy's RandomState, whose numbers never change between versions.
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    images = np.round(data.images * (255 / 16)).astype(np.uint8)
    labels = data.target.astype(np.int64)
    random = np.random.RandomState(SEED)
    held_out = np.zeros(len(labels), bool)
    for digit in range(10):
        places = random.permutation(np.flatnonzero(labels == digit))
        held_out[places[: round(HELD_OUT * len(places))]] = True
    train, test = (np.flatnonzero(part) for part in (~held_out, held_out))
    return Digits(images[train], labels[train], train), Digits(images[test], labels[test], test)


def training_images() -> list[Image.Image]:
    """The images of the training part: grey, 8 x 8 pixels. To calibrate int8 on, for example."""
    return [Image.fromarray(image) for image in load_split()[0].images]


@written_once
def write_digits(folder: Path) -> None:
    """Write the held-out part as an ImageNet-style tree: <folder>/<digit>/<nnnn>.png, each 8 x 8 pixels,
    grey.

    The folder appears as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    _, held_out = load_split()
    (folder / "ATTRIBUTION.txt").write_text(ATTRIBUTION, encoding="utf-8")
    for image, label, index in zip(*held_out, strict=True):
        target = folder / str(label) / f"{index:04}.png"
        target.parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(target)
