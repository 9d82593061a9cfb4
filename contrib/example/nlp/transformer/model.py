"""Transformer: Marian of the transformers library, which translates, in two graphs."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.translations import load_split, write_parallel
from utils.generation import Search
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, SampleData
from zoo.tasks.translation import Translation

FOLDER = Path(__file__).resolve().parent
TOKENIZER = FOLDER / "tokenizer.json"
FILLING, END = 0, 2
WORDS, WIDTH, INNER, LAYERS, HEADS = 400, 64, 128, 2, 4
LENGTH = 64  # tokens of a text at most
SEARCH = Search(start=FILLING, end=END, filling=FILLING, most=LENGTH, beams=4)


def build(variant: str) -> Any:
    """MarianMTModel: ids and mask of source and target to logits."""
    network = beside(__file__, "network")
    return network.marian(network.Shape(WORDS, WIDTH, INNER, LAYERS, HEADS, LENGTH), FILLING, END)


def calibration() -> list[str]:
    """Sentences of the training part, for int8."""
    return [pair.source for pair in load_split()[0][:64]]


def cache(name: str, length: str | int) -> TensorSpec:
    """Keys and values of every layer."""
    return TensorSpec(name, "float32", ("batch", 2 * LAYERS, HEADS, length, WIDTH // HEADS))


PARTS = (
    Part(
        name="encoder",
        module=lambda network: beside(__file__, "network").Encoder(network),
        inputs=(
            TensorSpec("input_ids", "int64", ("batch", "source")),
            TensorSpec("attention_mask", "int64", ("batch", "source")),
        ),
        outputs=(cache("memory", "source"),),
        size={"source": LENGTH},
    ),
    Part(
        name="step",
        module=lambda network: beside(__file__, "network").Step(network),
        inputs=(
            TensorSpec("token", "int64", ("batch",)),
            TensorSpec("attention_mask", "int64", ("batch", "source")),
            cache("memory", "source"),
            cache("cache", "past"),
        ),
        outputs=(TensorSpec("logits", "float32", ("batch", WORDS)), cache("new", 1)),
        size={"source": LENGTH, "past": 8},
        static=False,
    ),
)


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=PARTS,
        task=Translation(TOKENIZER, SEARCH, LENGTH, ("en", "de")),
        sample=SampleData("translations", 1, write_parallel),
        source="transformers",
        licence="Apache-2.0 (transformers); the weights and sentences of this repository: BSD-3-Clause",
        calibration=calibration,
        paper="Vaswani et al., Attention Is All You Need, 2017; Junczys-Dowmunt et al., Marian, 2018",
    )


MODEL = Family(
    domain="nlp",
    name="transformer",
    title="Transformer",
    framework="pytorch",
    folder=FOLDER,
    names=("marian_sample",),
    make=model,
)
