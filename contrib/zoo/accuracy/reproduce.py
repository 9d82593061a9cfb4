"""Whether a published figure comes back: the framework's network and the exported one on the reference data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from zoo import frameworks
from zoo.data import ReferenceData
from zoo.errors import ZooError
from zoo.manifest import weights_kind
from zoo.model import Model, Published
from zoo.provenance import provenance
from zoo.references import reference_folder
from zoo.running.engines import manifest_of
from zoo.running.setting import Setting
from zoo_core.hashing import sha256

from .valid import Validation, validate

REPRODUCED, DIFFERS, INCOMPARABLE = "REPRODUCED", "DIFFERS", "subset: not comparable"
ELSEWHERE = "other data: not comparable"
# Figures that are shares of samples, of which chance alone makes a subset differ by a known amount
SHARES = ("top1", "top5", "accuracy", "word_accuracy", "hit_rate")
_DEVIATIONS = 2.0


@dataclass(frozen=True)
class Verdict:
    """How a measured figure compares with the published one.

    Args:
        word: REPRODUCED, DIFFERS, or that the subset or the data are not comparable.
        tolerance: by how much they may differ; NaN where nothing says it.
        because: what the tolerance is.
    """

    word: str
    tolerance: float
    because: str

    def told(self) -> str:
        """By how much figures may differ, and why, for people."""
        return self.because if math.isnan(self.tolerance) else f"{self.tolerance:.2g}, {self.because}"


@dataclass(frozen=True)
class Reproduction:
    """A published figure and our own, by runtime ("torch", "onnx")."""

    model: Model
    published: Published
    figures: dict[str, float]
    verdict: Verdict
    samples: int
    record: dict[str, Any]

    def passed(self) -> bool:
        """Whether nothing contradicts the published figure."""
        return self.verdict.word != DIFFERS


def judge(published: Published, figures: dict[str, float], samples: int, whole: bool, other: str = "") -> Verdict:
    """Compare the figures of all runtimes with the published one.

    Args:
        figures: by runtime; the one that is farthest off decides.
        samples: that they were measured on.
        whole: whether these are all that the published figure was measured on.
        other: why it says nothing of them (`ReferenceData.other`).
    """
    if other:
        return Verdict(ELSEWHERE, math.nan, other)
    off = max(abs(value - published.value) for value in figures.values())
    if published.spread:
        tolerance, because = published.spread, published.spread_of
    elif whole and published.decimals is not None:
        tolerance, because = 0.5 * 10.0**-published.decimals, "rounding of the published figure"
    elif whole:
        tolerance, because = 0.0, "the figure is stated exactly"
    elif published.metric in SHARES:
        tolerance = _DEVIATIONS * math.sqrt(published.value * (1 - published.value) / samples)
        because = f"two standard errors of a share of {samples} samples"
    else:
        return Verdict(INCOMPARABLE, math.nan, "of a part of the data, and no share of samples")
    return Verdict(REPRODUCED if off <= tolerance * (1 + 1e-9) else DIFFERS, tolerance, because)


def measured_weights(model: Model) -> str:
    """The weights that a published figure is measured with: the published ones, or where there are none those that were
    trained here on the same data."""
    return "sample" if model.trained_here else "pretrained"


def reproduce(setting: Setting, accept_terms: bool = False) -> Reproduction:
    """Measure the framework's network and the exported one on the model's reference data.

    Raises:
        ZooError: the model has no published figure or no reference data, or the weights are not the published ones.
    """
    model = setting.model
    if model.published is None or model.reference is None:
        raise ZooError(f"{model.id} {model.variant} has no published figure that can be measured here")
    manifest = manifest_of(setting)
    wanted = measured_weights(model)
    if manifest["weights"]["kind"] != wanted:
        raise ZooError(
            f"the export of {model.id} {model.variant} has {manifest['weights']['kind']} weights, and the figure is "
            f"measured with others: export with --weights {wanted}"
        )
    folder = reference_folder(model.reference, accept_terms)
    figures: dict[str, float] = {}
    for target in (frameworks.target(model), setting.target):
        done = validate(setting.but(target=target, dtype="float32"), folder)
        figures[target] = _figure(model, model.published, done)
    verdict = judge(model.published, figures, done.samples, _whole(model.reference, done), model.reference.other)
    record = {
        "model": model.id,
        "variant": model.variant,
        "metric": model.published.metric,
        "published": model.published.value,
        "where": model.published.where,
        "figures": figures,
        "verdict": verdict.word,
        "tolerance": None if math.isnan(verdict.tolerance) else verdict.tolerance,
        "because": verdict.because,
        "data": model.reference.title + (f" ({model.reference.rule})" if model.reference.rule else ""),
        "samples": done.samples,
        "digests": {
            "weights": manifest["weights"]["sha256"],
            "listing": sha256(model.reference.listing),
            "files": {key: entry["sha256"] for key, entry in manifest["files"].items()},
        },
        "source_identity": done.source_identity,
    }
    return Reproduction(model, model.published, figures, verdict, done.samples, record | provenance())


def read_reproduction(model: Model, record: dict[str, Any]) -> Reproduction:
    """What `reproduce` found, out of its record. Raises ZooError where it is none."""
    if model.published is None:
        raise ZooError(f"{model.id} {model.variant} has no published figure that can be measured here")
    try:
        tolerance = math.nan if record["tolerance"] is None else float(record["tolerance"])
        verdict = Verdict(str(record["verdict"]), tolerance, str(record["because"]))
        figures = {str(name): float(value) for name, value in record["figures"].items()}
        return Reproduction(model, model.published, figures, verdict, int(record["samples"]), record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ZooError(f"this is no record of {model.id} {model.variant}: {type(error).__name__}: {error}") from error


def _figure(model: Model, published: Published, done: Validation) -> float:
    """What was measured of the published metric. Raises ZooError where the task's metric has another name."""
    if published.metric not in done.figures:
        raise ZooError(
            f"{model.id}: the published figure is {published.metric}, the metric gives "
            f"{', '.join(done.figures) or 'nothing'}"
        )
    return done.figures[published.metric]


def _whole(data: ReferenceData, done: Validation) -> bool:
    """Whether all was counted that the published figure is of: a rank of several, or a limit of steps, leaves some."""
    return data.whole and done.samples == data.count


def beside_published(done: Validation) -> str:
    """A line with the published figure and that of a validation on the reference data; "" where none is published."""
    model, published = done.setting.model, done.setting.model.published
    if published is None or model.reference is None or not done.figures:
        return ""
    said = f"published {published.metric} {published.value:g} ({published.where})"
    kind = weights_kind(done.setting.files()[0])
    if kind != measured_weights(model):
        return f"{said}; not compared: the weights here are {kind or 'of unknown origin'}, not the published ones"
    own = _figure(model, published, done)
    verdict = judge(
        published, {done.setting.target: own}, done.samples, _whole(model.reference, done), model.reference.other
    )
    told = f"{said}; here {own:.6g}, {own - published.value:+.2g}: {verdict.word}"
    return f"{told} ({verdict.told()})"
