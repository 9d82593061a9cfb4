"""A translator between the two languages of the drawn sentences, as a `Model` of two graphs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.translations import load_split, write_parallel
from utils.generation import Search
from zoo.data import SampleData
from zoo.model import Model
from zoo.part import Part
from zoo.tasks.translation import Translation

FILLING, END = 0, 2
WORDS = 400  # of the tokenizer
LENGTH = 64  # tokens of a text at most
SEARCH = Search(start=FILLING, end=END, filling=FILLING, most=LENGTH, beams=4)


def translator(
    pieces: Callable[[], Any], states: Callable[[str, str | int], TensorSpec], tokenizer: Path, **rest: Any
) -> Model:
    """A network that reads a text with its encoder, and writes the translation token by token with its step.

    Args:
        pieces: gives the module with the classes Encoder and Step, which take the whole network.
        states: of a tensor's name and its length, what encoder and decoder keep of tokens.
        tokenizer: the file of the tokenizer of both languages.
        rest: the other fields of the `Model`.
    """
    mask = TensorSpec("attention_mask", "int64", ("batch", "source"))
    encoder = Part(
        name="encoder",
        module=lambda network: pieces().Encoder(network),
        inputs=(TensorSpec("input_ids", "int64", ("batch", "source")), mask),
        outputs=(states("memory", "source"),),
        size={"source": LENGTH},
    )
    step = Part(
        name="step",
        module=lambda network: pieces().Step(network),
        inputs=(TensorSpec("token", "int64", ("batch",)), mask, states("memory", "source"), states("cache", "past")),
        outputs=(TensorSpec("logits", "float32", ("batch", WORDS)), states("new", 1)),
        size={"source": LENGTH, "past": 8},
        static=False,
    )
    fields: dict[str, Any] = {
        "parts": (encoder, step),
        "task": Translation(tokenizer, SEARCH, LENGTH, ("en", "de")),
        "sample": SampleData("translations", 1, write_parallel),
        "calibration": calibration,
    }
    return Model(**(fields | rest))


def calibration() -> list[str]:
    """Sentences of the training part, for int8."""
    return [pair.source for pair in load_split()[0][:64]]
