"""A click log that is drawn from a known model, so that it is known how well its clicks can be predicted at best.

The model: a row is clicked with the probability σ(z), where z adds up

* an effect of each category in 12 of the 26 fields (the others say nothing),
* for each pair of fields in `PAIRS` the product of two hidden vectors of 3 numbers, one for each category: which goes
  with which, as users and advertisements do,
* smooth, not all monotonous functions of 5 of the 13 counts, the last of them turned round by the category of a field.

Categories are drawn by a power law, and numbers and categories go missing. Nobody can score held-out rows better (but
by luck) than by these probabilities themselves; their AUC and log loss on the very rows stand in `best.json`.

Everything rests on numpy's RandomState, whose numbers never change between versions: `SEED` makes the world, which is
always the same; each part of the log has a seed of its own.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.criteo import CATEGORIES, INTEGERS
from utils.datasets.samples.once import written_once

SEED = 20260301
TRAINING_SEED, HELD_OUT_SEED, DEMO_SEED = 1, 2, 3
HELD_OUT_ROWS = 10_000
# How many categories each field has (0 is C1), which fields have an effect, which pairs of fields act together, and
# whose category turns the effect of a number round.
SIZES = (12, 20, 90, 50, 6, 30, 100, 4, 30, 60, 40, 250, 9, 25, 120, 70, 5, 90, 35, 15, 180, 60, 50, 110, 16, 45)
EFFECTS = (0, 1, 2, 3, 5, 6, 9, 12, 13, 16, 19, 21)
PAIRS = ((0, 1), (4, 2), (7, 12), (5, 16))
HIDDEN = 3
TURNS = 12
_BIAS = -1.5


@dataclass(frozen=True)
class Clicks:
    """Rows of the log.

    Attributes:
        rows: the 39 features of each row, as text separated by tabs.
        labels: int64 [N], 1 for clicked.
        probabilities: float64 [N], the true probability of a click.
    """

    rows: list[str]
    labels: np.ndarray
    probabilities: np.ndarray


def draw(count: int, seed: int) -> Clicks:
    """`count` rows, the same for the same seed on every machine."""
    random = np.random.RandomState([SEED, seed])
    integers, missing = _integers(random, count)
    categories = _categories(random, count)
    probabilities = 1 / (1 + np.exp(-_logits(integers, missing, categories)))
    labels = (random.random_sample(count) < probabilities).astype(np.int64)
    return Clicks(_texts(integers, missing, categories), labels, probabilities)


@written_once
def write_clicks(folder: Path) -> None:
    """Write the held-out rows in Criteo's layout, <folder>/valid.tsv, and <folder>/best.json: how well the true
    probabilities score on them, {"rows", "clicks", "auc", "log_loss", "meaning"}.

    The folder appears as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    from sklearn.metrics import log_loss, roc_auc_score

    drawn = draw(HELD_OUT_ROWS, HELD_OUT_SEED)
    best = {
        "rows": len(drawn.rows),
        "clicks": int(drawn.labels.sum()),
        "auc": round(float(roc_auc_score(drawn.labels, drawn.probabilities)), 6),
        "log_loss": round(float(log_loss(drawn.labels, drawn.probabilities)), 6),
        "meaning": "scores of the true probabilities on these rows: the best that can be expected of any model",
    }
    lines = [f"{label}\t{row}\n" for label, row in zip(drawn.labels.tolist(), drawn.rows, strict=True)]
    (folder / "valid.tsv").write_text("".join(lines), encoding="ascii", newline="\n")
    (folder / "best.json").write_text(json.dumps(best, indent=2) + "\n", encoding="ascii")


def _integers(random: np.random.RandomState, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(int64 [N, 13] counts, log-normal; bool [N, 13] which are missing). Some of I2 are -1, as Criteo's are."""
    world = np.random.RandomState([SEED, 100])
    centres, widths = world.uniform(0.5, 4, INTEGERS), world.uniform(0.6, 1.4, INTEGERS)
    rates = world.uniform(0, 0.25, INTEGERS)
    values = np.floor(np.exp(centres + widths * random.standard_normal((count, INTEGERS)))).astype(np.int64)
    values[random.random_sample(count) < 0.02, 1] = -1
    return values, random.random_sample((count, INTEGERS)) < rates


def _categories(random: np.random.RandomState, count: int) -> np.ndarray:
    """int64 [N, 26]: the category of each field, 0 for a missing one, the others by a power law."""
    world = np.random.RandomState([SEED, 200])
    columns = []
    for size, missing in zip(SIZES, world.uniform(0, 0.15, CATEGORIES), strict=True):
        weights = 1 / np.arange(1, size + 1) ** 0.8
        shares = np.concatenate([[missing], (1 - missing) * weights / weights.sum()])
        columns.append(np.searchsorted(np.cumsum(shares)[:-1], random.random_sample(count)))
    return np.stack(columns, axis=1)


def _logits(integers: np.ndarray, missing: np.ndarray, categories: np.ndarray) -> np.ndarray:
    """float64 [N]: z of the true model. A missing number counts as 0, as the networks see it."""
    world = np.random.RandomState([SEED, 300])
    logits = np.full(len(integers), _BIAS)
    for field in EFFECTS:
        logits += world.normal(0, 0.35, SIZES[field] + 1)[categories[:, field]]
    for one, other in PAIRS:
        left, right = (world.normal(0, 0.5, (SIZES[field] + 1, HIDDEN)) for field in (one, other))
        logits += (left[categories[:, one]] * right[categories[:, other]]).sum(axis=1)
    x = np.log1p(np.where(missing, 0, np.maximum(integers, 0)))
    logits += 0.25 * (x[:, 0] - 1) - 0.2 * (x[:, 2] - 2.5) ** 2 / 2 + 0.4 * np.sin(1.5 * x[:, 4]) - 0.2 * x[:, 7]
    return logits + 0.3 * (x[:, 9] - 2) * world.choice([-1, 1], SIZES[TURNS] + 1)[categories[:, TURNS]]


def _texts(integers: np.ndarray, missing: np.ndarray, categories: np.ndarray) -> list[str]:
    """Each row as Criteo writes it."""
    columns = [
        ["" if gone else str(value) for value, gone in zip(values, absent, strict=True)]
        for values, absent in zip(integers.T.tolist(), missing.T.tolist(), strict=True)
    ]
    for field, values in enumerate(categories.T.tolist()):
        names = ["", *(f"{_hash(field, index):08x}" for index in range(1, SIZES[field] + 1))]
        columns.append([names[value] for value in values])
    return list(map("\t".join, zip(*columns, strict=True)))


def _hash(field: int, index: int) -> int:
    """A number of 32 bits that looks random: the finaliser of MurmurHash3."""
    value = (field << 16 | index) * 0x9E3779B1 & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = (value ^ value >> shift) * factor & 0xFFFFFFFF
    return value ^ value >> 16
