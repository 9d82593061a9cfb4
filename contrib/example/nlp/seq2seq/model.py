"""Sequence to sequence with gated recurrent units and attention, which translates, in two graphs."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.translator import FILLING, translator
from zoo.model import Model

FOLDER = Path(__file__).resolve().parent
TOKENIZER = FOLDER / "tokenizer.json"
HIDDEN = 128


def build(variant: str) -> Any:
    """Seq2Seq: ids and mask of the source, and the beginning of a translation, to logits."""
    return beside(__file__, "network").Seq2Seq(FILLING)


def states(name: str, length: str | int) -> TensorSpec:
    """States of the encoder or the decoder."""
    return TensorSpec(name, "float32", ("batch", 1, 1, length, HIDDEN))


def model(variant: str) -> Model:
    """What is known of the network."""
    return translator(
        partial(beside, __file__, "network"),
        states,
        TOKENIZER,
        build=partial(build, variant),
        source="written for this repository after the paper",
        licence="BSD-3-Clause, the sentences too",
        paper="Luong et al., Effective Approaches to Attention-based Neural Machine Translation, 2015",
    )


MODEL = Family(
    domain="nlp",
    name="seq2seq",
    title="Seq2Seq with attention",
    framework="pytorch",
    folder=FOLDER,
    names=("gru_attention",),
    make=model,
)
