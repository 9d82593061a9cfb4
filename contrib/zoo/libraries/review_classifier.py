"""A classifier of texts by ids of words as a `Model`, of the generated reviews at first: the same for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.reviews import load_split, write_reviews
from zoo.data import SampleData
from zoo.model import Model
from zoo.part import Part
from zoo.tasks.text_classification import TextClassification

LABELS = ("negative", "positive")
LENGTH = 128  # words of a text at most


def review_classifier(words: Path, labels: tuple[str, ...] = LABELS, **rest: Any) -> Model:
    """A network from ids int64 [N, length] to logits float32 [N, labels].

    Args:
        words: the file of the vocabulary or the tokenizer.
        labels: the classes.
        rest: the other fields of the `Model`.
    """
    fields: dict[str, Any] = {
        "parts": (
            Part(
                inputs=(TensorSpec("input_ids", "int64", ("batch", "length")),),
                outputs=(TensorSpec("logits", "float32", ("batch", len(labels))),),
                size={"length": LENGTH},
            ),
        ),
        "task": TextClassification(words, labels=labels, max_length=LENGTH),
        "sample": SampleData("reviews", 1, write_reviews, "generated reviews"),
        "licence": "BSD-3-Clause, the sentences too",
        "calibration": calibration,
    }
    return Model(**(fields | rest))


def calibration() -> list[str]:
    """The sentences of the training part, for int8 and for pruning."""
    return [review.sentence for review in load_split()[0]]
