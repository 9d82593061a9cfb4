"""Ten scenes of ICDAR 2015 (incidental scene text), which MMOCR ships for its own tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from utils.datasets.icdar import DONT_CARE, TextRegion, region_lines
from utils.text_file import read_json
from zoo_core.errors import DataError

LABELS = "textdet_test.json"
_FORM = '{"data_list": [{"img_path": …, "instances": [{"polygon": [x, y, …], "ignore": false}, …]}, …]}'
UNKNOWN = "?"  # the file does not say what the texts say


def arrange(files: Path, folder: Path) -> None:
    """Write the layout of ICDAR 2015: pictures, and a text file of polygons for each.

    Args:
        files: holds textdet_test.json, in MMOCR's format, and the pictures by the paths that it names.
        folder: the folder to fill.

    Raises:
        DataError: the JSON file is of another form, or a text has no four corners.
    """
    said = read_json(files / LABELS, _FORM)
    try:
        scenes = [
            (files / scene["img_path"], [_region(one["polygon"], one["ignore"]) for one in scene["instances"]])
            for scene in said["data_list"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{LABELS}: expected {_FORM}; {error!r}.") from error
    for path, regions in scenes:
        shutil.copyfile(path, folder / path.name)
        (folder / f"gt_{path.stem}.txt").write_text(region_lines(regions), encoding="utf-8", newline="")


def _region(polygon: list[float], ignored: bool) -> TextRegion:
    return TextRegion(np.array(polygon, np.float64).reshape(4, 2), DONT_CARE if ignored else UNKNOWN)
