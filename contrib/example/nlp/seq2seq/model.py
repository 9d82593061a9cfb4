"""Sequence to sequence with gated recurrent units and attention, which translates, in two graphs."""

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
WORDS, HIDDEN = 400, 128
LENGTH = 64  # tokens of a text at most
SEARCH = Search(start=FILLING, end=END, filling=FILLING, most=LENGTH, beams=4)


def build(variant: str) -> Any:
    """Seq2Seq: ids and mask of the source, and the beginning of a translation, to logits."""
    return beside(__file__, "network").Seq2Seq(FILLING)


def calibration() -> list[str]:
    """Sentences of the training part, for int8."""
    return [pair.source for pair in load_split()[0][:64]]


def states(name: str, length: str | int) -> TensorSpec:
    """States of the encoder or the decoder."""
    return TensorSpec(name, "float32", ("batch", 1, 1, length, HIDDEN))


PARTS = (
    Part(
        name="encoder",
        module=lambda network: beside(__file__, "network").Encoder(network),
        inputs=(
            TensorSpec("input_ids", "int64", ("batch", "source")),
            TensorSpec("attention_mask", "int64", ("batch", "source")),
        ),
        outputs=(states("memory", "source"),),
        size={"source": LENGTH},
    ),
    Part(
        name="step",
        module=lambda network: beside(__file__, "network").Step(network),
        inputs=(
            TensorSpec("token", "int64", ("batch",)),
            TensorSpec("attention_mask", "int64", ("batch", "source")),
            states("memory", "source"),
            states("cache", "past"),
        ),
        outputs=(TensorSpec("logits", "float32", ("batch", WORDS)), states("new", 1)),
        size={"source": LENGTH, "past": 8},
        static=False,
    ),
)


def model(variant: str) -> Model:
    """What is known of the network."""
    return Model(
        build=partial(build, variant),
        parts=PARTS,
        task=Translation(TOKENIZER, SEARCH, LENGTH, ("en", "de")),
        sample=SampleData("translations", 1, write_parallel),
        source="written for this repository after the paper",
        licence="BSD-3-Clause, the sentences too",
        calibration=calibration,
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
