"""Average precision by pycocotools, and the rows of numbers that metrics keep for it."""

import io
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from utils.metrics.counts import is_number


def annotation(picture: int, category: int, box: Sequence[float], **more: Any) -> dict[str, Any]:
    """One object, of the truth (iscrowd) or found (score), as COCO writes it.

    Args:
        picture: its number among those that are evaluated, from 0 on.
        category: its class, from 0 on.
        box: left, top, right, bottom in pixels.
        more: iscrowd, score; area in pixels, where that of the box is not what counts.
    """
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    return {
        "image_id": picture,
        "category_id": category,
        "bbox": [left, top, width, height],
        "area": width * height,
        **more,
    }


def precision(
    true: Iterable[dict[str, Any]],
    found: Iterable[dict[str, Any]],
    *,
    pictures: int,
    classes: int,
    kind: str = "bbox",
    sizes: Sequence[tuple[int, int]] = (),
    **parameters: Any,
) -> np.ndarray:
    """float64 [IoU thresholds, recalls, classes, areas, limits]; -1 for classes without an object.

    Args:
        true, found: what `annotation` gave. Among equal scores the order decides.
        pictures, classes: how many there are.
        kind: what is compared, as pycocotools calls it: "bbox", "segm" or "keypoints" (both of which `annotation` has
            in `more`).
        sizes: (width, height) of each picture, for "segm".
        parameters: of pycocotools' `Params` (iouThrs, maxDets, areaRng, …); COCO's own where left out.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with redirect_stdout(io.StringIO()):  # it prints its progress
        sides = COCO(), COCO()
        for side, objects in zip(sides, (true, found), strict=True):
            side.dataset = {
                "images": [
                    {"id": number, **({"width": sizes[number][0], "height": sizes[number][1]} if sizes else {})}
                    for number in range(pictures)
                ],
                "categories": [{"id": index} for index in range(classes)],
                "annotations": [{"id": number, **one} for number, one in enumerate(objects, 1)],
            }
            side.createIndex()
        evaluation = COCOeval(*sides, kind)
        for name, value in parameters.items():
            setattr(evaluation.params, name, value)
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"]


def are_rows(rows: Any, fields: int) -> bool:
    """Whether `rows`, of a state that another process wrote, are lists of that many finite numbers each."""
    return isinstance(rows, list) and all(
        isinstance(row, list) and len(row) == fields and all(map(is_number, row)) for row in rows
    )
