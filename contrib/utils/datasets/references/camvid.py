"""CamVid: streets seen from a car, in the 480 x 360 pixels and eleven classes of SegNet's authors."""

from __future__ import annotations

import shutil
from pathlib import Path

# the last one is what the annotators left open
LABELS = (
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "bicyclist",
    "void",
)


def arrange(files: Path, folder: Path) -> None:
    """Write the layout of PASCAL VOC, with PNG pictures.

    Args:
        files: holds test/NAME.png, and masks of class indices as testannot/NAME.png.
        folder: the folder to fill.
    """
    shutil.copytree(files / "test", folder / "JPEGImages")
    shutil.copytree(files / "testannot", folder / "SegmentationClass")
    names = sorted(path.stem for path in (files / "test").iterdir())
    split = folder / "ImageSets/Segmentation/val.txt"
    split.parent.mkdir(parents=True)
    split.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
