"""Networks that read a text and write another, in two graphs; and the translator of the drawn sentences."""

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
States = Callable[[str, str | int], TensorSpec]
SEARCH = Search(start=FILLING, end=END, filling=FILLING, most=LENGTH, beams=4)


def translator(pieces: Callable[[], Any], states: States, tokenizer: Path, **rest: Any) -> Model:
    """A network that reads a text with its encoder, and writes the translation token by token with its step.

    Args:
        pieces: gives the module with the classes Encoder and Step, which take the whole network.
        states: of a tensor's name and its length, what encoder and decoder keep of tokens.
        tokenizer: the file of the tokenizer of both languages.
        rest: the other fields of the `Model`.
    """
    parts = encoder_and_step(
        lambda network: pieces().Encoder(network), lambda network: pieces().Step(network), states, WORDS, LENGTH
    )
    fields: dict[str, Any] = {
        "parts": parts,
        "task": Translation(tokenizer, SEARCH, LENGTH, ("en", "de")),
        "sample": SampleData("translations", 1, write_parallel),
        "calibration": calibration,
    }
    return Model(**(fields | rest))


def encoder_and_step(
    encoder: Callable[[Any], Any], step: Callable[[Any], Any], states: States, words: int, length: int
) -> tuple[Part, Part]:
    """The two graphs of a network that reads a text and writes another.

    Args:
        encoder, step: of the whole network, what is in each graph.
        states: of a tensor's name and its length, what encoder and decoder keep of tokens.
        words: that the decoder can choose from.
        length: tokens of a text that are looked at.
    """
    mask = TensorSpec("attention_mask", "int64", ("batch", "source"))
    return (
        Part(
            name="encoder",
            module=encoder,
            inputs=(TensorSpec("input_ids", "int64", ("batch", "source")), mask),
            outputs=(states("memory", "source"),),
            size={"source": length},
        ),
        Part(
            name="step",
            module=step,
            inputs=(
                TensorSpec("token", "int64", ("batch",)),
                mask,
                states("memory", "source"),
                states("cache", "past"),
            ),
            outputs=(TensorSpec("logits", "float32", ("batch", words)), states("new", 1)),
            size={"source": length, "past": 8},
            static=False,
        ),
    )


def calibration() -> list[str]:
    """Sentences of the training part, for int8."""
    return [pair.source for pair in load_split()[0][:64]]
