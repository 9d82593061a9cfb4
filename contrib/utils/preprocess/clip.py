"""Reading clips: a folder of frames, an animated picture, or a video where PyAV is installed; a few frames of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageSequence

from utils.datasets.folder import files_in
from utils.preprocess.image import load_rgb
from utils.video import VIDEOS, some_frames
from zoo_core.errors import DataError, UnreadableError, first_line

ANIMATED = (".gif", ".webp")
CLIP_SUFFIXES = (*ANIMATED, *VIDEOS)


def spread(length: int, wanted: int) -> list[int]:
    """Which of `length` frames are looked at: the middle of each of `wanted` equal parts; of fewer, some repeatedly."""
    return [min((2 * number + 1) * length // (2 * wanted), length - 1) for number in range(wanted)]


def read_clip(source: str | Path | Sequence[Image.Image], frames: int) -> list[Image.Image]:
    """So many RGB frames, evenly over the clip.

    Args:
        source: a folder whose pictures are the frames in the order of their names (numbers by their value: 2.png
            before 10.png), an animated picture, a video, or the frames themselves.
        frames: how many are wanted.

    Raises:
        DataError: there is no such clip, it has no frame, a frame cannot be read, or a video is given and PyAV is
            missing.
    """
    if not isinstance(source, (str, Path)):
        if not source:
            raise DataError("a clip without any frame.")
        return [source[place].convert("RGB") for place in spread(len(source), frames)]
    path = Path(source)
    if path.is_dir():
        files = sorted(files_in(path), key=_with_numbers)
        return [load_rgb(files[place]) for place in spread(len(files), frames)]
    if not path.is_file():
        raise DataError(f"{path}: there is no such clip. Expected a folder of frames, or a file.")
    suffix = path.suffix.lower()
    if suffix in VIDEOS:
        return some_frames(path, lambda length: spread(length, frames))
    if suffix not in ANIMATED:
        raise DataError(f"{path}: expected a folder of frames, or a file that ends with {', '.join(CLIP_SUFFIXES)}.")
    return _animated(path, frames)


def _with_numbers(path: Path) -> list[tuple[int, str]]:
    """What sorts names as texts, but the numbers in them by their value."""
    pieces = re.split(r"([0-9]+)", path.as_posix())
    return [(int(one), "") if number % 2 else (0, one) for number, one in enumerate(pieces)]


def _animated(path: Path, frames: int) -> list[Image.Image]:
    try:
        with Image.open(path) as picture:
            limit = Image.MAX_IMAGE_PIXELS
            if limit is not None and picture.width * picture.height > limit:  # Pillow only warns up to twice as many
                raise UnreadableError(f"its frames have {picture.width} x {picture.height} pixels, above {limit}")
            wanted = spread(getattr(picture, "n_frames", 1), frames)
            every = {
                number: frame.convert("RGB")
                for number, frame in enumerate(ImageSequence.Iterator(picture))
                if number in wanted
            }
        return [every[place] for place in wanted]
    except Exception as error:
        # Pillow's decoders raise what they like of damaged files
        raise UnreadableError(
            f"{path}: this clip cannot be read: {first_line(error) or type(error).__name__}."
        ) from error


def middle_frame(source: Any) -> Image.Image:
    """What a clip looks like, for people."""
    return read_clip(source, 1)[0]
