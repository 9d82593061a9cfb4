"""The preprocessing of transformers, in the zoo's words: what an image processor does is tried, not read."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from utils.preprocess.pytorch.classification import RESAMPLE, ClassificationTransform
from utils.preprocess.pytorch.segmentation import SegmentationTransform
from zoo.contributing.new.source import Said
from zoo.errors import ZooError

_TOLERANCE = 0.05  # of a normalised pixel: rounding is below it, and an image that is moved or scaled is far above
_ODD = "Where the margin around the crop is odd, the crop can be one pixel beside that of transformers."
_WAY_ON = "write a function that returns the network and gives its logits alone, and name it as MODULE:FUNCTION"


def said_by(name: str, processor: Any) -> Said:
    """What an image processor does with pictures, for the network `name`.

    Raises ZooError where the zoo cannot come near its results.
    """
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (448, 640, 3), np.uint8))
    try:
        expected = np.asarray(processor(image, return_tensors="pt")["pixel_values"])[0]
        says = processor.to_dict()
        edge = says["size"].get("shortest_edge") or says["size"]["height"]
        interpolation = next(word for word, code in RESAMPLE.items() if code == says["resample"])
    except Exception as error:
        # processors differ in what they take and what they have; each error means that this is no usual one
        raise _unknown(name, processor) from error
    if expected.ndim != 3 or expected.shape[0] != 3 or expected.shape[1] != expected.shape[2]:
        raise _unknown(name, processor)
    mean, std = (says["image_mean"], says["image_std"]) if says.get("do_normalize") else ((0.0,) * 3, (1.0,) * 3)
    crop = expected.shape[1]
    words = {"crop": crop, "mean": tuple(mean), "std": tuple(std), "interpolation": interpolation}
    for resize in (edge, int(edge / (says.get("crop_pct") or 1)), round(crop * 256 / 224)):
        if _equal({"resize": resize, **words}, image, expected):
            return _said({"resize": resize, **words}, _ODD)
    if _equal({"resize": edge, **words}, image.resize((edge, edge), RESAMPLE[interpolation]), expected):
        note = (
            f"Preprocessing differs from transformers: its {type(processor).__name__} scales the image to "
            f"{edge} x {edge} and so changes its proportions; here the shorter side is scaled to {edge} and the centre "
            f"is cut out. {_ODD}"
        )
        return _said({"resize": edge, **words}, note)
    raise _unknown(name, processor)


def _said(words: dict[str, Any], note: str) -> Said:
    return Said(words["crop"], False, words["resize"], 3, words["mean"], words["std"], words["interpolation"], note)


def said_of_whole_pictures(name: str, processor: Any) -> Said:
    """What an image processor does with the pictures that a network says something of pixel by pixel.

    Raises ZooError where the zoo cannot come near its results.
    """
    try:
        says = processor.to_dict()
        size = says["size"]
        sides = (size["height"], size["width"]) if "height" in size else (size["shortest_edge"],) * 2
        image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (*sides, 3), np.uint8))
        expected = np.asarray(processor(image, return_tensors="pt")["pixel_values"])[0]
    except Exception as error:
        # processors differ in what they take and what they have; each error means that this is no usual one
        raise _unknown(name, processor) from error
    mean, std = (says["image_mean"], says["image_std"]) if says.get("do_normalize") else ((0.0,) * 3, (1.0,) * 3)
    (array,), _ = SegmentationTransform(*sides, 1, tuple(mean), tuple(std))(image)
    if expected.shape != array.shape or np.abs(array - expected).max() > _TOLERANCE:
        raise _unknown(name, processor)
    note = (
        f"Preprocessing differs from transformers: its {type(processor).__name__} scales pictures to {sides[0]} x "
        f"{sides[1]} pixels (height x width), whatever their proportions; here they are scaled to fit, and black fills "
        "the rest."
    )
    if "height" not in size:
        note = (
            f"Preprocessing differs from transformers: its {type(processor).__name__} scales the shorter side to "
            f"{sides[0]} pixels; here pictures are scaled to fit into a square, and black fills the rest."
        )
    words: dict[str, Any] = {"channels": 3, "mean": tuple(mean), "std": tuple(std), "note": note}
    return Said(resize=sides[0], **words) if sides[0] == sides[1] else Said(side=sides[0], width=sides[1], **words)


def usual_processor(name: str, config: type) -> Any:
    """The image processor of a configuration's class, with its defaults. Raises ZooError where there is none."""
    try:
        # by backend since transformers 5; before that (slow, fast), of which either may be None
        found = _processors()[config]
        choices = [found.get("pil"), *found.values()] if isinstance(found, dict) else found
        return next(one for one in choices if one is not None)()
    except Exception as error:
        # no entry, a package that the processor needs, or one without defaults
        raise ZooError(f"transformers gives no image processor for {name} ({error}): {_WAY_ON}") from error


def processor_of(folder: Path, name: str, config: type) -> Any:
    """The image processor with what preprocessor_config.json of a folder says. Raises ZooError where there is none."""
    try:
        return type(usual_processor(name, config)).from_pretrained(str(folder), local_files_only=True)
    except ZooError:
        raise
    except Exception as error:
        # damaged files, and numbers that a processor refuses
        raise ZooError(f"transformers cannot read the image processor in {folder}: {error}") from error


def _processors() -> Any:
    return importlib.import_module("transformers.models.auto.image_processing_auto").IMAGE_PROCESSOR_MAPPING


def _equal(words: dict[str, Any], image: Image.Image, expected: np.ndarray) -> bool:
    (array,), _ = ClassificationTransform(**words)(image)
    return bool(np.abs(array - expected).max() < _TOLERANCE)


def _unknown(name: str, processor: Any) -> ZooError:
    return ZooError(
        f"{name} is preprocessed by {type(processor).__name__} in a way that the zoo does not have: {_WAY_ON}"
    )
