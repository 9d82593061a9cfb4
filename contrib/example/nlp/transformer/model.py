"""Transformers that translate, in two graphs: Marian, MASS and T5 of the transformers library."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.translator import END, FILLING, LENGTH, SEARCH, WORDS, translator
from zoo.model import Model, Published
from zoo.tasks.translation import Translation

FOLDER = Path(__file__).resolve().parent
TOKENIZER, T5_TOKENIZER = FOLDER / "tokenizer.json", FOLDER / "tokenizer_t5.json"
SMALL, LARGE = (64, 128, 2, 4), (1024, 4096, 6, 8)  # width, inner width, layers, heads
PREFIX = "translate English to German: "  # which T5 was trained to find before such a text
KINDS = {
    "marian_sample": ("marian", SMALL),
    "mass_sample": ("mass", SMALL),
    "t5_sample": ("t5", SMALL),
    "mass": ("mass", LARGE),
}
PUBLISHED = {"mass": Published("rouge_1", 0.3873, "the paper, Gigaword's summaries, 38.73 of 100; not these sentences")}
PAPERS = {
    "marian": "Vaswani et al., Attention Is All You Need, 2017; Junczys-Dowmunt et al., Marian, 2018",
    "mass": "Song et al., MASS: Masked Sequence to Sequence Pre-training for Language Generation, 2019",
    "t5": "Raffel et al., Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer, 2020",
}


def build(variant: str) -> Any:
    """Of transformers: ids and mask of source and target to logits."""
    network = beside(__file__, "network")
    kind, shape = KINDS[variant]
    return getattr(network, kind)(network.Shape(WORDS, *shape, LENGTH), FILLING, END)


def cache(shape: tuple[int, int, int, int], name: str, length: str | int) -> TensorSpec:
    """Keys and values of every layer of a network of this shape."""
    width, _, layers, heads = shape
    return TensorSpec(name, "float32", ("batch", 2 * layers, heads, length, width // heads))


def model(variant: str) -> Model:
    """What is known of a variant."""
    kind, shape = KINDS[variant]
    tokenizer, prefix = (T5_TOKENIZER, PREFIX) if kind == "t5" else (TOKENIZER, "")
    return translator(
        partial(beside, __file__, "network"),
        partial(cache, shape),
        tokenizer,
        build=partial(build, variant),
        task=Translation(tokenizer, SEARCH, LENGTH, ("en", "de"), prefix=prefix, rouge=kind == "mass"),
        source="transformers",
        licence="Apache-2.0 (transformers); the weights and sentences of this repository: BSD-3-Clause",
        paper=PAPERS[kind],
        published=PUBLISHED.get(variant),
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
