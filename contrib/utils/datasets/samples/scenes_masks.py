"""The held-out drawn scenes with the mask of each object, in COCO's layout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from utils.datasets.samples.once import written_once
from utils.datasets.samples.scenes import CLASSES, HELD_OUT, coco_json, held_out, write_pictures
from utils.postprocess.pytorch.segmentation import run_lengths


@written_once
def write_coco_masks(folder: Path, names: Sequence[str] = CLASSES, count: int = HELD_OUT) -> None:
    """Write the held-out scenes as `scenes.write_coco` does, with COCO's uncompressed run lengths as masks.

    Args:
        folder: where to; it appears as a whole. One that already has content is left as it is.
        names: what the categories are called, one for each of CLASSES.
        count: only so many of the scenes.

    Raises:
        DataError: the folder cannot be written.
    """
    scenes = held_out(count)
    write_pictures(folder / "val", scenes)
    content = coco_json(scenes, names)
    masks = (scene.owner == number for scene in scenes for number in range(1, len(scene.objects) + 1))
    for entry, mask in zip(content["annotations"], masks, strict=True):
        entry["segmentation"] = {"size": list(mask.shape), "counts": run_lengths(mask)}
    (folder / "annotations").mkdir()
    (folder / "annotations" / "instances_val.json").write_text(json.dumps(content) + "\n", encoding="utf-8")
