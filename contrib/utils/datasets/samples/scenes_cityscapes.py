"""The drawn scenes in the layout of Cityscapes, their shapes called after things of a street: they run a pipeline."""

from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.cityscapes import IDS, PICTURE, PICTURES, TRUTH, TRUTHS
from utils.datasets.samples.once import written_once
from utils.datasets.samples.scenes import held_out
from utils.datasets.samples.scenes_voc import with_void_edges

COUNT = 24
# What the background and the shapes of a scene are called
STAND_INS = ("road", "car", "person", "traffic sign", "building")


@written_once
def write_cityscapes(folder: Path) -> None:
    """Write held-out scenes as <folder>/leftImg8bit and gtFine, of a city called "drawn".

    The folder appears as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    pictures, truths = (folder / name / "val" / "drawn" for name in (PICTURES, TRUTHS))
    for place in (pictures, truths):
        place.mkdir(parents=True)
    ids = np.full(256, 255, np.uint8)
    ids[: len(STAND_INS)] = [IDS[name] for name in STAND_INS]
    for number, scene in enumerate(held_out(COUNT)):
        Image.fromarray(scene.image).save(pictures / f"scene_{number:04}{PICTURE}")
        Image.fromarray(ids[with_void_edges(scene.mask)]).save(truths / f"scene_{number:04}{TRUTH}")
