"""Scene text in the format of ICDAR 2015 (incidental scene text): a folder of images, a text file of polygons for each.

Image `img_12.jpg` has `gt_img_12.txt`, in the same folder or in one beside it. A line is
`x1,y1,x2,y2,x3,y3,x4,y4,transcription`, UTF-8, often with a byte order mark; the transcription may hold commas, and
`###` is text that nobody can be expected to find.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.folder import IMAGE_SUFFIXES, files_in
from utils.datasets.sample import Sample
from utils.preprocess.text import read_lines
from zoo_core.errors import DataError

DONT_CARE = "###"


@dataclass(frozen=True)
class TextRegion:
    """One text of a scene: its corners in pixels of the image, float64 [K, 2] with K at least 3, and what it says."""

    polygon: np.ndarray
    text: str

    @property
    def ignored(self) -> bool:
        """Whether it counts neither as found nor as missed."""
        return self.text == DONT_CARE


def read_icdar(root: str | Path) -> list[Sample]:
    """The scenes of a data set: Sample(path relative to root, Path, list of TextRegion), in sorted order.

    Raises:
        DataError: no such folder, no images, an image without its text file, one of which it is unclear which text
            file is its own (two parts below one root have the same names), or a line that is not as it should be, named
            by file and line.
    """
    root = Path(root)
    images = files_in(root, IMAGE_SUFFIXES)
    named = defaultdict(list)
    for truth in files_in(root, (".txt",)):
        named[truth.stem].append(truth)
    samples, owners = [], dict[Path, Path]()
    for path in images:
        truth = _truth_of(path, named[f"gt_{path.stem}"], root)
        owner = owners.setdefault(truth, path)
        if owner != path:
            raise DataError(
                f"{truth}: this may be the text of {owner} or of {path}. Give the folder of one part of the data set, "
                "or put each text file beside its image."
            )
        samples.append(Sample(path.relative_to(root).as_posix(), path, read_regions(truth)))
    return samples


def _truth_of(image: Path, named: Sequence[Path], root: Path) -> Path:
    """The one of the text files with an image's name that is the image's own."""
    near = [path for path in named if path.parent == image.parent] or named
    if not near:
        raise DataError(f"{image}: there is no gt_{image.stem}.txt below {root} that says what text this image has.")
    if len(near) > 1:
        raise DataError(
            f"{image}: both {near[0]} and {near[1]} may say what text this image has. Give the folder of one part of "
            "the data set, or put each text file beside its image."
        )
    return near[0]


def read_regions(path: Path) -> list[TextRegion]:
    """The regions of one text file; an empty file has none.

    Raises:
        DataError: the file cannot be read, is not UTF-8, or a line is not as it should be, named by its number.
    """
    return [_region(path, number, line) for number, line in enumerate(read_lines(path), start=1) if line.strip()]


def region_lines(regions: Iterable[TextRegion]) -> str:
    """The text file of these regions of four corners each; coordinates are rounded to whole pixels."""
    return "".join(
        ",".join(str(round(float(value))) for value in region.polygon.reshape(-1)) + f",{region.text}\r\n"
        for region in regions
    )


def _region(path: Path, number: int, line: str) -> TextRegion:
    """One line: numbers up to the transcription. Eight of them where the format is kept; other counts are named."""
    fields = line.split(",")
    if len(fields) < 9:
        raise DataError(
            f"{path}, line {number}: {_points(fields)}; x1,y1,x2,y2,x3,y3,x4,y4,transcription is expected, "
            f"got {line[:80]!r}."
        )
    try:
        numbers = [float(field) for field in fields[:8]]
    except ValueError as error:
        raise DataError(f"{path}, line {number}: a coordinate is not a number ({error}), in {line[:80]!r}.") from error
    if not np.isfinite(numbers).all():
        raise DataError(f"{path}, line {number}: a coordinate is not finite, in {line[:80]!r}.")
    polygon = np.array(numbers, np.float64).reshape(4, 2)
    if len(np.unique(polygon, axis=0)) < 3:
        raise DataError(
            f"{path}, line {number}: this polygon has {len(np.unique(polygon, axis=0))} different points, at least 3 "
            f"are needed, in {line[:80]!r}."
        )
    return TextRegion(polygon, ",".join(fields[8:]).strip())


def _points(fields: list[str]) -> str:
    """How many points a short line has."""
    count = 0
    for field in fields:
        try:
            float(field)
        except ValueError:
            break
        count += 1
    return f"this polygon has {count // 2} points"
