"""Transformer: Marian of the transformers library, which translates, in two graphs."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.translator import END, FILLING, LENGTH, WORDS, translator
from zoo.model import Model

FOLDER = Path(__file__).resolve().parent
TOKENIZER = FOLDER / "tokenizer.json"
WIDTH, INNER, LAYERS, HEADS = 64, 128, 2, 4


def build(variant: str) -> Any:
    """MarianMTModel: ids and mask of source and target to logits."""
    network = beside(__file__, "network")
    return network.marian(network.Shape(WORDS, WIDTH, INNER, LAYERS, HEADS, LENGTH), FILLING, END)


def cache(name: str, length: str | int) -> TensorSpec:
    """Keys and values of every layer."""
    return TensorSpec(name, "float32", ("batch", 2 * LAYERS, HEADS, length, WIDTH // HEADS))


def model(variant: str) -> Model:
    """What is known of a variant."""
    return translator(
        partial(beside, __file__, "network"),
        cache,
        TOKENIZER,
        build=partial(build, variant),
        source="transformers",
        licence="Apache-2.0 (transformers); the weights and sentences of this repository: BSD-3-Clause",
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
