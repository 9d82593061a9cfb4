"""doc/results.json: every measured cell of the matrix, a record a line; they stay when others are measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo_core.files import read_json, write_text
from zoo_core.numbers import is_finite

VERDICTS = ("reference", "pass", "FAIL")
# Where a runtime's package is not called as the runtime is
_PACKAGES = {
    "paddle": "paddlepaddle",
    "mindspore_cell": "mindspore",
    "cpu": "apache-tvm",
    "cuda": "onnxruntime",
    "cann": "onnxruntime",
}
_TEXTS = ("model", "variant", "target", "dtype", "weights", "data", "metric", "date", "host")

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Result:
    """One variant of a model, measured on one target in one dtype.

    Args:
        model, variant, target, dtype: which cell of the matrix.
        weights: pretrained, sample, random, or file.
        data: the data set's name; "sample" is the model's own.
        metric, value: of the task; None where it has no value, or where it means nothing (random weights).
        samples: how many it was measured on; None where that is not known.
        agreement: the share of them on which the prediction is that of the baseline; None for the reference itself.
        verdict: of the acceptance standard, one of `VERDICTS`.
        throughput: samples a second.
        p50, p99: of a call, in milliseconds; None where there were too few calls.
        batch: rows a call.
        date, host: when and on what, for people.
        versions: of the packages that ran, by name.
    """

    model: str
    variant: str
    target: str
    dtype: str
    weights: str
    metric: str
    value: float | None
    agreement: float | None
    samples: int | None
    verdict: str
    throughput: float
    p50: float
    p99: float | None
    batch: int
    date: str
    host: str
    data: str = "sample"
    versions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in _TEXTS:
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be a text, got {getattr(self, name)!r}")
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict must be one of {', '.join(VERDICTS)}, got {self.verdict!r}")
        for name in ("throughput", "p50", "batch"):
            _require_number(name, getattr(self, name))
        for name in ("value", "agreement", "samples", "p99"):
            if getattr(self, name) is not None:
                _require_number(name, getattr(self, name))
        if not isinstance(self.versions, Mapping):
            raise ValueError(f"versions must be an object, got {self.versions!r}")

    @property
    def key(self) -> Key:
        """Which cell it is."""
        return self.model, self.variant, self.target, self.dtype

    def replaces(self, other: Result) -> bool:
        """Whether this is shown rather than `other`, of the same cell: the newer one, but a run with random weights
        that passed says less than one with trained weights, and does not take its place."""
        if (self.weights == "random") != (other.weights == "random"):
            random, trained = (self, other) if self.weights == "random" else (other, self)
            random_counts = random.verdict == "FAIL" and random.date > trained.date
            return (random if random_counts else trained) is self
        return self.date > other.date


def _require_number(name: str, value: object) -> None:
    if not is_finite(value):
        raise ValueError(f"{name} must be a finite number, got {value!r}")


def read(path: Path) -> dict[Key, Result]:
    """What a file of results holds; nothing where there is no such file. Raises ZooError where it is damaged."""
    if not path.exists():
        return {}
    content = read_json(path)
    if not isinstance(content, list):
        raise ZooError(f"{path} is no list of results; take back its committed state, or remove it to begin anew")
    known = {one.name for one in fields(Result)}
    found: dict[Key, Result] = {}
    for number, one in enumerate(content, start=1):
        try:
            if not isinstance(one, dict) or one.keys() - known:
                raise ValueError("it is no object, or has fields that are not known")
            result = Result(**one)
        except (TypeError, ValueError) as error:
            raise ZooError(f"{path}: record {number} cannot be used: {error}") from error
        found[result.key] = result
    return found


def write(path: Path, results: Iterable[Result]) -> None:
    """All results, sorted, a line each, so that two people's measurements merge."""
    lines = [json.dumps(asdict(one), ensure_ascii=False) for one in sorted(results, key=lambda one: one.key)]
    write_text(path, "[\n" + ",\n".join(lines) + "\n]\n")


def merge(found: dict[Key, Result], new: Iterable[Result]) -> int:
    """Put `new` into `found`; returns how many took a place."""
    taken = 0
    for one in new:
        before = found.get(one.key)
        if before is None or one.replaces(before):
            found[one.key] = one
            taken += 1
    return taken


def measured(runs: Path) -> tuple[list[Result], list[str]]:
    """What `zoo run` and `zoo verify` left below a folder.

    Returns:
        The results of <runs>/**/verify*.json, and a sentence for each such file that cannot be used.
    """
    found: list[Result] = []
    faults: list[str] = []
    for path in sorted(runs.rglob("verify*.json")):
        record = read_json(path)
        try:
            found += _of_record(record)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
            faults.append(f"{path} is left out: it is not what zoo run and zoo verify write ({reason})")
    return found, faults


def _of_record(record: Any) -> Iterator[Result]:
    compared = {one["contender"]: one for one in record["comparisons"]}
    shown = dict.fromkeys(_PACKAGES.get(one["runtime"].partition(":")[0], one["runtime"]) for one in record["runtimes"])
    versions = {name: record["versions"][name] for name in shown if name in record["versions"]}
    host = record["host"]
    samples = next((one["samples"] for one in record["comparisons"]), None)
    for one in record["runtimes"]:
        against = compared.get(f"{one['runtime']} {one['dtype']}")
        (metric, value), *_ = one["metrics"].items()
        yield Result(
            model=record["model"],
            variant=record["variant"],
            # verify names what it ran by target, but for the baseline, and with a device where one was asked for
            target="onnx" if one["runtime"] == "onnxruntime" else one["runtime"].partition(":")[0],
            dtype=one["dtype"],
            weights=record["weights"],
            data=record.get("data", "sample"),
            metric=metric,
            value=None if record["weights"] == "random" else value,
            agreement=None if against is None else against["agreement"],
            samples=samples if against is None else against["samples"],
            verdict="reference" if against is None else "pass" if against["passed"] else "FAIL",
            throughput=one["throughput"],
            p50=one["latency_p50_ms"],
            p99=one.get("latency_p99_ms"),
            batch=record["batch_size"],
            date=record["date"],
            host=", ".join(
                [f"{host['cpu']}, {host['cores']} cores, load {host.get('load', 'unknown')}", *host.get("cards", [])]
            ),
            versions=versions,
        )
