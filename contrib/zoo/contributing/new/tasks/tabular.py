"""Click prediction: a row of numbers and categories in, the probability of a click out."""

from __future__ import annotations

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.criteo import CATEGORIES, INTEGERS
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.description import Description
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.trial import Trial, noise
from zoo.errors import ZooError

_MOST = 1 << 24  # buckets a field that are looked for
_LAYOUT = (
    f"tables are click logs of {INTEGERS} numbers and {CATEGORIES} categories: dense [N, {INTEGERS}] float32 and "
    f"sparse [N, {CATEGORIES}] int64"
)


def described(source: Source, asked: Asked) -> Description:
    """Try `source` on rows. Raises ZooError if it does not take a click log's rows."""
    asked.require_only()
    trial = Trial(source)
    shapes = [one.shape for one in trial.require(_rows(0), f"{_LAYOUT}. {BY_HAND}")]
    if shapes != [(2, 1)]:
        raise ZooError(
            f"{source.variant} gives {shapes} for two rows; logits or probabilities [N, 1] are expected. {BY_HAND}"
        )
    probabilities = bool(trial.sigmoid_at_the_end(_rows(0)))
    buckets = _buckets(trial)
    gives = "probability" if probabilities else "logit"
    return Description(
        source=trial.source,
        inputs=(
            TensorSpec("dense", "float32", ("batch", INTEGERS)),
            TensorSpec("sparse", "int64", ("batch", CATEGORIES)),
        ),
        outputs=(TensorSpec(gives, "float32", ("batch", 1)),),
        gives="probabilities" if probabilities else "logits",
        task=f"ClickPrediction(ClickFeatures({buckets}){', probabilities=True' if probabilities else ''})",
        sample='SampleData("clicks", 1, write_clicks, "a drawn click log")',
        imports=(
            ("utils.datasets.samples.clicks", "write_clicks"),
            ("utils.preprocess.pytorch.click_prediction", "ClickFeatures"),
            ("zoo.tasks.click_prediction", "ClickPrediction"),
        ),
        built=trial.is_built(),
        overview=f"the {gives} of a click; each category falls into one of {buckets} buckets",
        data="A click log in Criteo's layout, with tabs between label, numbers and categories. `--data_path sample` is "
        "drawn on first use: it shows that the scripts work, and is no measure of accuracy.",
    )


def _rows(category: int) -> list[np.ndarray]:
    """Two rows, all of whose categories are in one bucket."""
    return [np.abs(noise(2, INTEGERS)), np.full((2, CATEGORIES), category, np.int64)]


def _buckets(trial: Trial) -> int:
    """How many buckets every field has: the network looks up no more than it has embeddings."""
    low, high = 0, 1
    while high < _MOST and _takes(trial, high):
        low, high = high, 2 * high
    if high >= _MOST:
        raise ZooError(
            f"{trial.source.variant} takes categories without end, and its buckets cannot be told. {BY_HAND}"
        )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _takes(trial, middle) else (low, middle)
    return low + 1


def _takes(trial: Trial, category: int) -> bool:
    return not isinstance(trial.run(_rows(category)), Exception)
