"""g2pM, which tells how a Chinese character of several readings is read in a sentence."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS
from utils.datasets.references.as_published import arrange
from utils.datasets.samples.polyphones import write_polyphones
from utils.safe_pickle import read_arrays
from utils.text_file import read_lines
from zoo.catalogue import beside
from zoo.errors import ZooError
from zoo.family import Family
from zoo.fetching.remote import Remote
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.polyphone import PolyphoneReading

FOLDER = Path(__file__).resolve().parent
READINGS = FOLDER / "readings.txt"
ENDS = ("시", "끝")  # what the source puts before and behind a sentence: "hour" and "end" in Korean
SIZE = 64
AUTHORS = "https://raw.githubusercontent.com/kakaobrain/g2pM/170526efad0a3ef9b55a9ad4579f73218f9be06c/g2pM"


def build(variant: str) -> Any:
    """Code points int64 [N, length] and a place int64 [N, 1] to logits [N, 876]."""
    return beside(__file__, "network").Polyphones(len(read_lines(READINGS)))


def convert(weights: Path, characters: Path, classes: Path) -> dict[str, Any]:
    """The authors' three pickles: arrays in PyTorch's names; the row of each character; the index of each reading.

    The table of rows becomes one by code point, and the readings come into alphabetical order.
    """
    network = beside(__file__, "network")
    arrays, rows, indices = (read_arrays(path) for path in (weights, characters, classes))
    if not all(isinstance(said, dict) for said in (arrays, rows, indices)):
        raise ZooError(f"{weights}: the three files are dicts, and one of these is none")
    if sorted(indices) != read_lines(READINGS) or sorted(indices.values()) != list(range(len(indices))):
        raise ZooError(f"{classes}: these are not the readings of {READINGS.name}")
    table = np.full(network.POINTS, network.UNKNOWN, np.int32)
    table[network.PAD] = network.PAD
    for character, row in rows.items():
        if len(character) == 1 and ord(character) < network.POINTS:
            table[ord(character)] = row
    if table.min() < 0 or table.max() >= network.CHARACTERS:
        raise ZooError(f"{characters}: a row is not among the {network.CHARACTERS} of the embedding")
    order = [indices[reading] for reading in sorted(indices)]
    found: dict[str, Any] = {"rows": table}
    for name, read in arrays.items():
        layer, _, kind = name.rpartition(".")
        array = np.array(read)
        if layer == "lstm":
            side = "backwards" if kind.endswith("_reverse") else "forwards"
            found[f"{side}.{kind.removesuffix('_reverse')}"] = array
        else:
            place = {"logit_layer.0": "hidden", "logit_layer.2": "output"}.get(layer, layer)
            found[f"{place}.{kind}"] = array[order] if place == "output" else array
    return found


WEIGHTS = Pretrained(
    f"{AUTHORS}/np_ckpt.pkl",
    1.6,
    "5b38c21cbaeb5f9b2f5d0bf872487de0fc22f91a3b26189b7d998136d2c8d3ae",
    licence="Apache-2.0",
    convert=convert,
    beside=(
        Remote(f"{AUTHORS}/char2idx.pkl", 0.1, "e41861f3af2debb342d3555d970db47b22e5d35c8e0190722dfb9b39c941988c"),
        Remote(f"{AUTHORS}/class2idx.pkl", 0.1, "b17a497ee9618e6d5c2f7814ab7f847d80a3cb757e92423774781e4d3dc56c49"),
    ),
)
# variant: the part of CPP that it is measured on, the published accuracy, samples
MEASURED = {"g2pm": ("test", 0.9731, 10254), "g2pm_dev": ("dev", 0.9736, 9893)}


def model(variant: str) -> Model:
    """What is known of a variant; both are the same network, measured on different parts of CPP."""
    part, accuracy, count = MEASURED[variant]
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(
                    TensorSpec("characters", "int64", ("batch", "length")),
                    TensorSpec("place", "int64", ("batch", 1)),
                ),
                outputs=(TensorSpec("logits", "float32", ("batch", 876)),),
                size={"length": SIZE},
            ),
        ),
        task=PolyphoneReading(READINGS, ENDS),
        sample=SampleData("polyphones", 1, write_polyphones, "sentences written for this project"),
        source="written for this repository after the paper; weights and readings: kakaobrain/g2pM",
        licence="BSD-3-Clause; the authors' weights and list of readings: Apache-2.0",
        paper="Park and Lee, g2pM: A Neural Grapheme-to-Phoneme Conversion Package for Mandarin Chinese, 2020",
        pretrained=WEIGHTS,
        published=Published("top1", accuracy, f"the authors' readme, CPP, {part}", decimals=4),
        reference=ReferenceData(
            f"cpp_{part}",
            f"CPP, {part}: sentences of Chinese Wikipedia with a character of several readings",
            LISTINGS / f"cpp_{part}.tsv",
            arrange,
            "Apache-2.0 (the repository); sentences of Wikipedia: CC BY-SA",
            count,
        ),
    )


MODEL = Family(
    domain="nlp",
    name="g2pm",
    title="g2pM",
    framework="pytorch",
    folder=FOLDER,
    names=tuple(MEASURED),
    make=model,
)
