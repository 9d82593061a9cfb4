"""doc/reproduced.json: every published figure that was measured here, a record a line, as `zoo reproduce` wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from zoo.accuracy.reproduce import DIFFERS, ELSEWHERE, INCOMPARABLE, REPRODUCED
from zoo.errors import ZooError
from zoo_core.files import read_json, write_text
from zoo_core.numbers import is_finite

FILE = "doc/reproduced.json"
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Reproduced:
    """A published figure, and what the framework and the exported file gave on the same data.

    Args:
        model, variant, metric: which figure.
        published, where: the figure, and by whom.
        figures: by runtime, the framework's first.
        verdict: REPRODUCED, DIFFERS, or that the data are a part, or others, and cannot be compared.
        tolerance, because: by how much they may differ, and why; no tolerance where nothing says it.
        data, samples: what it was measured on.
        date, versions, digests: when, and with which packages, weights, data and files.
    """

    model: str
    variant: str
    metric: str
    published: float
    where: str
    figures: Mapping[str, float]
    verdict: str
    tolerance: float | None
    because: str
    data: str
    samples: int
    date: str
    versions: Mapping[str, str]
    digests: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.verdict not in (REPRODUCED, DIFFERS, INCOMPARABLE, ELSEWHERE):
            raise ValueError(f"the verdict is {self.verdict!r}")
        if not isinstance(self.figures, Mapping) or not self.figures:
            raise ValueError("it has no figures")
        for value in (self.published, *self.figures.values()):
            if not is_finite(value):
                raise ValueError(f"{value!r} is no finite number")
        for name in ("model", "variant", "metric", "where", "because", "data", "date"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} is no text")

    @property
    def key(self) -> Key:
        """Which figure it is."""
        return self.model, self.variant, self.metric

    def here(self) -> str:
        """What was measured, for people: one figure where all runtimes give the same digits."""
        told = {name: f"{value:.4g}" for name, value in self.figures.items()}
        same = len(set(told.values())) == 1
        return next(iter(told.values())) if same else ", ".join(f"{name} {value}" for name, value in told.items())


def read(path: Path) -> dict[Key, Reproduced]:
    """What the file holds; nothing where there is none. Raises ZooError where it is damaged."""
    if not path.exists():
        return {}
    content = read_json(path)
    if not isinstance(content, list):
        raise ZooError(f"{path} is no list of figures; take back its committed state, or remove it to begin anew")
    found: dict[Key, Reproduced] = {}
    for number, one in enumerate(content, start=1):
        try:
            record = _record(one)
        except (TypeError, ValueError, KeyError) as error:
            raise ZooError(f"{path}: record {number} cannot be used: {error}") from error
        found[record.key] = record
    return found


def _record(one: Any) -> Reproduced:
    if not isinstance(one, dict):
        raise TypeError("it is no object")
    return Reproduced(**{field.name: one[field.name] for field in fields(Reproduced)})


def measured(runs: Path) -> tuple[list[Reproduced], list[str]]:
    """The figures of <runs>/**/reproduce.json, and a sentence for each such file that cannot be used."""
    found: list[Reproduced] = []
    faults: list[str] = []
    for path in sorted(runs.rglob("reproduce.json")):
        try:
            found.append(_record(read_json(path)))
        except (TypeError, ValueError, KeyError) as error:
            reason = f"{type(error).__name__}: {error}"
            faults.append(f"{path} is left out: it is not what zoo reproduce writes ({reason})")
    return found, faults


def merge(found: dict[Key, Reproduced], new: Iterable[Reproduced]) -> int:
    """Put `new` into `found`, the later of two of one figure; returns how many took a place."""
    taken = 0
    for one in new:
        before = found.get(one.key)
        if before is None or one.date > before.date:
            found[one.key] = one
            taken += 1
    return taken


def write(path: Path, figures: Iterable[Reproduced]) -> None:
    """All figures, sorted, a line each, so that two people's measurements merge."""
    lines = [json.dumps(asdict(one), ensure_ascii=False) for one in sorted(figures, key=lambda one: one.key)]
    write_text(path, "[\n" + ",\n".join(lines) + "\n]\n")
