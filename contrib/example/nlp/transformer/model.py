"""Transformers that translate, in two graphs: Marian, MASS and T5 of the transformers library."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.translator import END, FILLING, LENGTH, SEARCH, WORDS, translator
from zoo.model import Model
from zoo.tasks.translation import Translation

FOLDER = Path(__file__).resolve().parent
TOKENIZER, T5_TOKENIZER = FOLDER / "tokenizer.json", FOLDER / "tokenizer_t5.json"
WIDTH, INNER, LAYERS, HEADS = 64, 128, 2, 4
PREFIX = "translate English to German: "  # which T5 was trained to find before such a text
KINDS = {"marian_sample": "marian", "mass_sample": "mass", "t5_sample": "t5"}
PAPERS = {
    "marian": "Vaswani et al., Attention Is All You Need, 2017; Junczys-Dowmunt et al., Marian, 2018",
    "mass": "Song et al., MASS: Masked Sequence to Sequence Pre-training for Language Generation, 2019",
    "t5": "Raffel et al., Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer, 2020",
}


def build(variant: str) -> Any:
    """Of transformers: ids and mask of source and target to logits."""
    network = beside(__file__, "network")
    return getattr(network, KINDS[variant])(network.Shape(WORDS, WIDTH, INNER, LAYERS, HEADS, LENGTH), FILLING, END)


def cache(name: str, length: str | int) -> TensorSpec:
    """Keys and values of every layer."""
    return TensorSpec(name, "float32", ("batch", 2 * LAYERS, HEADS, length, WIDTH // HEADS))


def model(variant: str) -> Model:
    """What is known of a variant."""
    kind = KINDS[variant]
    tokenizer, prefix = (T5_TOKENIZER, PREFIX) if kind == "t5" else (TOKENIZER, "")
    return translator(
        partial(beside, __file__, "network"),
        cache,
        tokenizer,
        build=partial(build, variant),
        task=Translation(tokenizer, SEARCH, LENGTH, ("en", "de"), prefix=prefix, rouge=kind == "mass"),
        source="transformers",
        licence="Apache-2.0 (transformers); the weights and sentences of this repository: BSD-3-Clause",
        paper=PAPERS[kind],
    )


MODEL = Family(
    domain="nlp",
    name="transformer",
    title="Transformer",
    framework="pytorch",
    folder=FOLDER,
    names=tuple(KINDS),
    make=model,
)
