"""Whether what a data set says of a picture lies within it: where it does not, the picture may have been scaled."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from utils.notices import notice
from utils.preprocess.image import load_size
from zoo_core.errors import DataError


def say_outside(where: str, picture: Path, middles: np.ndarray, what: str, hint: str, turn: bool = True) -> None:
    """A notice where the middle of anything that is to be found in a picture lies outside of it.

    Args:
        where: the file that says so, and the picture's name.
        picture: the picture's file; one that cannot be read is told when it is.
        middles: float [N, 2], x and y in pixels.
        what: they are of: "boxes".
        hint: what else may be the matter, as a question.
        turn: whether the network sees the picture as EXIF turns it.
    """
    try:
        width, height = load_size(picture, turn)
    except DataError:
        return
    away = ((middles < 0) | (middles > (width, height))).any(axis=1)
    if away.any():
        notice(
            f"{what} outside of their pictures",
            where,
            f"the middle of {away.sum()} {what} lies outside of the {width} x {height} pixels, so that no network "
            f"finds them. {hint}",
        )
