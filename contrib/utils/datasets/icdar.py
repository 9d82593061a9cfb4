"""Scene text in the format of ICDAR 2015 (incidental scene text): a folder of images, a text file of polygons for each.

Image `img_12.jpg` has `gt_img_12.txt`, in the same folder or in one beside it. A line is
`x1,y1,x2,y2,x3,y3,x4,y4,transcription`, UTF-8, often with a byte order mark; the transcription may hold commas, and
`###` is text that nobody can be expected to find.

Neighbours are read too: MLT, which has the script in front of the transcription (`…,Latin,word`); RCTW, which has 1
there for what is difficult, and quotation marks (`…,0,"word"`); and curved text (CTW1500, Total-Text), whose polygons
have any number of corners, and whose transcriptions may begin with ####. Which of them it is, the whole data set tells;
what only some lines have before or around their text is a part of it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from utils.datasets.folder import IMAGE_SUFFIXES, files_in, say_alone
from utils.datasets.outside import say_outside
from utils.datasets.sample import Sample
from utils.notices import notice
from utils.text_file import read_lines
from zoo_core.errors import DataError

DONT_CARE = "###"
SCRIPTS = ("arabic", "latin", "chinese", "japanese", "korean", "bangla", "hindi", "symbols", "mixed", "none")
_FORM = "x1,y1,x2,y2,x3,y3,x4,y4,transcription"
_CORNERS = 8  # numbers of four corners
_BEFORE = "####"  # CTW1500's transcriptions, all of them
_DIFFICULT = re.compile(r'([01])\s*,\s*"(.*)"')  # RCTW's
_NUMBERED = re.compile(r"\s*[0-9]+(\.[0-9]+)?\s*,")  # a column before the transcription, such as a score
_FRACTIONS = 2  # pixels; where nothing lies beyond them, coordinates are fractions of the picture
_THOUSANDS = re.compile(r"\s*[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?\s*")  # a text such as 1,000,000


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
    truths, owners = [], dict[Path, Path]()
    for path in images:
        truth = _truth_of(path, named[f"gt_{path.stem}"], root)
        owner = owners.setdefault(truth, path)
        if owner != path:
            raise DataError(
                f"{truth}: this may be the text of {owner} or of {path}. Give the folder of one part of the data set, "
                "or put each text file beside its image."
            )
        truths.append(_lines_of(truth))
    unowned = {path for paths in named.values() for path in paths if path.stem.startswith("gt_")} - owners.keys()
    say_alone(unowned, "a text file without an image")
    regions_of = iter(_regions(root, [line for lines in truths for line in lines]))
    samples = []
    for path, lines in zip(images, truths, strict=True):
        regions = list(islice(regions_of, len(lines)))
        middles = np.array([region.polygon.mean(axis=0) for region in regions]).reshape(-1, 2)
        say_outside(str(path), path, middles, "polygons", "Was the picture scaled?", turn=False)
        samples.append(Sample(path.relative_to(root).as_posix(), path, regions))
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
    return _regions(path, _lines_of(path))


def region_lines(regions: Iterable[TextRegion]) -> str:
    """The text file of these regions of four corners each; coordinates are rounded to whole pixels."""
    return "".join(
        ",".join(str(round(float(value))) for value in region.polygon.reshape(-1)) + f",{region.text}\r\n"
        for region in regions
    )


@dataclass(frozen=True)
class _Line:
    """A line of a text file: where it stands, its fields, and how many of them, but for the last, begin as numbers."""

    where: str
    fields: list[str]
    numbers: int


@dataclass(frozen=True)
class _Layout:
    """What the lines of a data set have in common: four corners or any number; a script before the transcription."""

    four: bool
    script: bool


def _lines_of(path: Path) -> list[_Line]:
    found = []
    for number, text in enumerate(read_lines(path), start=1):
        if text.strip():
            fields = text.split(",")
            found.append(_Line(f"{path}, line {number}", fields, _leading_numbers(fields[:-1])))
    return found


def _layout_of(lines: Sequence[_Line]) -> _Layout:
    """Raises DataError where no line has a transcription."""
    four = sum(_CORNERS <= line.numbers < _CORNERS + 2 for line in lines)
    many = sum(line.numbers >= _CORNERS + 2 for line in lines)
    textless = [line for line in lines if len(line.fields) % 2 == 0 and _is_number(line.fields[-1])]
    if many and len([line for line in textless if line.numbers == len(line.fields) - 1]) == len(lines):
        raise DataError(
            f"{lines[0].where}: {len(lines[0].fields)} numbers, and no transcription behind them in any line. Expected "
            f"{_FORM}; put '{DONT_CARE}' behind the corners of text that nobody can be expected to find."
        )
    is_four = four >= many
    script = is_four and bool(lines) and all(_has_script(line) for line in lines)
    return _Layout(is_four, script)


def _has_script(line: _Line) -> bool:
    return len(line.fields) > _CORNERS + 1 and line.fields[_CORNERS].strip().lower() in SCRIPTS


def _regions(root: Path, lines: Sequence[_Line]) -> list[TextRegion]:
    """What all lines of a data set say, each a region."""
    layout = _layout_of(lines)
    read = [_polygon_and_text(line, layout) for line in lines]
    texts = _texts(root, [text for _, text in read])
    _say_odd(root, [polygon for polygon, _ in read])
    return [TextRegion(polygon, text) for (polygon, _), text in zip(read, texts, strict=True)]


def _texts(root: Path, said: Sequence[str]) -> list[str]:
    """The transcriptions, without what all lines of a data set have around them; DONT_CARE for those that do not count.

    Args:
        root: the data set, for a notice.
        said: what stands behind the corners in each line.
    """
    difficult = [False] * len(said)
    flagged = [_DIFFICULT.fullmatch(text) for text in said]
    if said and all(flagged):
        difficult = [match is not None and match[1] == "1" for match in flagged]
        said = [match[2] for match in flagged if match is not None]
        what = "0 or 1 stands before each transcription: what is difficult (1) counts neither as found nor as missed."
        notice("difficult texts", str(root), what)
    else:
        said = _without_marks(root, said)
    column = all(_NUMBERED.match(text) for text in said)
    texts = [
        DONT_CARE if hard or (_NUMBERED.sub("", text, count=1) if column else text).strip(' "') == DONT_CARE else text
        for hard, text in zip(difficult, said, strict=True)
    ]
    if "" in texts:
        what = f"{texts.count('')} texts have no transcription; they are to be found as others are. Write"
        notice("empty texts", str(root), f"{what} {DONT_CARE} for what nobody can be expected to find.")
    return texts


def _without_marks(root: Path, said: Sequence[str]) -> Sequence[str]:
    """The transcriptions without #### or quotation marks, where all have them; that these are left out is said."""
    texts = [text for text in said if text != DONT_CARE]
    if any(text != _BEFORE for text in texts) and all(text.startswith(_BEFORE) for text in texts):
        said = [text.removeprefix(_BEFORE) for text in said]
        notice("marks before texts", str(root), f"all texts begin with {_BEFORE}, which is taken for no part of them.")
    texts = [text for text in said if text != DONT_CARE]
    if texts and all(len(text) > 1 and text[0] == text[-1] == '"' for text in texts):
        said = [text if text == DONT_CARE else text[1:-1] for text in said]
        notice("texts in quotation marks", str(root), "all texts stand in them; they are taken for no part of these.")
    return said


def _say_odd(root: Path, polygons: Sequence[np.ndarray]) -> None:
    """Polygons that no network finds, though they parse well: of fractions, and without an area."""
    if polygons and max(float(polygon.max()) for polygon in polygons) <= _FRACTIONS:
        notice(
            "polygons in fractions",
            str(root),
            f"no corner of any text lies beyond {_FRACTIONS} pixels. ICDAR's are in pixels; are these fractions of the "
            "pictures?",
        )
    flat = sum(int(np.linalg.matrix_rank(polygon - polygon[0])) < 2 for polygon in polygons)
    if flat:
        what = f"the corners of {flat} texts lie on one line: these have no area, and no network finds them."
        notice("polygons without an area", str(root), what)


def _polygon_and_text(line: _Line, layout: _Layout) -> tuple[np.ndarray, str]:
    """One line: the corners, and what stands behind them."""
    shown = repr(",".join(line.fields)[:80])
    count = _coordinates(line, layout)
    if len(line.fields) <= count or (line.numbers < count and len(line.fields) < _CORNERS + 1):
        raise DataError(f"{line.where}: {_points(line.fields)}; {_FORM} is expected, got {shown}.")
    try:
        numbers = [float(field) for field in line.fields[:count]]
    except ValueError as error:
        raise DataError(f"{line.where}: a coordinate is not a number ({error!s:.80}), in {shown}.") from error
    if not np.isfinite(numbers).all():
        raise DataError(f"{line.where}: a coordinate is not finite, in {shown}.")
    polygon = np.array(numbers, np.float64).reshape(-1, 2)
    different = len(np.unique(polygon, axis=0))
    if different < 3:
        raise DataError(
            f"{line.where}: this polygon has {different} different points, at least 3 are needed, in {shown}."
        )
    return polygon, ",".join(line.fields[count + layout.script :]).strip()


def _coordinates(line: _Line, layout: _Layout) -> int:
    """How many fields of a line are coordinates."""
    even = line.numbers - line.numbers % 2
    if even <= _CORNERS and (layout.four or even < 6):
        return _CORNERS
    if not layout.four or even == _CORNERS:
        return even
    text = ",".join(line.fields[_CORNERS:])
    if _THOUSANDS.fullmatch(text):
        return _CORNERS
    notice(
        "polygons among rectangles",
        line.where,
        f"{line.numbers} numbers stand in this line, others have {_CORNERS}; it is taken as a polygon of {even // 2} "
        f"corners, and not as four corners and the text {text[:40]!r}.",
    )
    return even


def _leading_numbers(fields: Sequence[str]) -> int:
    return next((place for place, field in enumerate(fields) if not _is_number(field)), len(fields))


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _points(fields: list[str]) -> str:
    """How many points a short line has, and what other form it may be."""
    count = _leading_numbers(fields)
    hint = {
        4: " (four numbers: left, top, right and bottom, as ICDAR 2013 has them? Write the four corners)",
        5: " (five numbers: centre, size and angle of a rotated box? Write its four corners)",
    }.get(count, "")
    return f"this polygon has {count // 2} points{hint}"
