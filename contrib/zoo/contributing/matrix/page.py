"""doc/models.html: one file with data, script, style and pictures in it, which opens from the disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo.contributing.markdown import address
from zoo.contributing.matrix.collect import Card
from zoo.contributing.matrix.results import VERDICTS, Result

_HERE = Path(__file__).parent
_PARTS = 10_000


class _Shared:
    """Each value once; a value is known by its place."""

    def __init__(self) -> None:
        self._places: dict[Any, int] = {}

    def place(self, value: Any) -> int:
        return self._places.setdefault(value, len(self._places))

    def values(self) -> list[Any]:
        return list(self._places)


class _Data:
    """What the page's script reads: everything that repeats stands in a list of its own, cells name places in it."""

    def __init__(self) -> None:
        names = ("targets", "dtypes", "cells", "hosts", "versions", "runs", "pictures", "possible", "places")
        self._shared = {name: _Shared() for name in names}

    def place(self, kind: str, value: Any) -> int:
        return self._shared[kind].place(value)

    def of(self, cards: Sequence[Card]) -> dict[str, Any]:
        models = [self._model(card) for card in cards]
        shared = {name: one.values() for name, one in self._shared.items()}
        return {"verdicts": VERDICTS, **shared, "models": models}

    def _model(self, card: Card) -> dict[str, Any]:
        measured = card.measured()
        # a variant may have been measured and be gone since
        names = list(dict.fromkeys([*card.variants, *measured]))
        places = {name: number for number, name in enumerate(names)}
        possible = tuple(self._place_of(target, dtype) for target, dtype in card.possible)
        said = {
            "id": card.id,
            "title": card.title,
            "framework": card.framework,
            "source": card.source,
            "address": address(card.source),
            "licence": card.licence,
            "link": card.link,
            "picture": self.place("pictures", card.picture) if card.picture else None,
            "fault": card.fault,
            "variants": names,
            "possible": self.place("possible", possible),
            "published": {
                places[name]: [one.metric, one.value, self.place("places", one.where)]
                for name, one in card.published.items()
                if name in places
            },
            "reproduced": {
                places[one.variant]: [one.here(), one.verdict, f"{one.data}, {one.samples:,}", one.date[:10]]
                for one in card.reproduced
                if one.variant in places
            },
            "measured": {places[name]: self._runs(results) for name, results in measured.items()},
        }
        return {name: value for name, value in said.items() if value not in (None, "", {})}

    def _runs(self, results: Sequence[Result]) -> list[list[Any]]:
        """The results of one variant by run: [place of the run, cell, cell, …]."""
        groups: dict[int, list[Any]] = {}
        for one in results:
            run = (
                one.weights,
                one.data,
                one.batch,
                one.date[:10],
                self.place("hosts", one.host),
                self.place("versions", ", ".join(f"{name} {version}" for name, version in one.versions.items())),
                one.metric,
                one.samples,
            )
            groups.setdefault(self.place("runs", run), []).append(self._cell(one))
        return [[place, *cells] for place, cells in groups.items()]

    def _place_of(self, target: str, dtype: str) -> int:
        return self.place("cells", (self.place("targets", target), self.place("dtypes", dtype)))

    def _cell(self, one: Result) -> list[Any]:
        """[place of (target, dtype), place of the verdict, samples a second, p50, metric, agreement, p99]; metric and
        agreement in ten thousandths."""
        cell = [
            self._place_of(one.target, one.dtype),
            VERDICTS.index(one.verdict),
            _short(one.throughput),
            _short(one.p50),
            None if one.value is None else round(one.value * _PARTS),
            None if one.agreement is None else round(one.agreement * _PARTS),
            _short(one.p99),
        ]
        while cell[-1] is None:
            cell.pop()
        return cell


def _short(value: float | None) -> float | int | None:
    """With no more digits than mean something."""
    if value is None:
        return None
    short = float(f"{value:.4g}")
    return int(short) if short.is_integer() else short


def page(cards: Sequence[Card]) -> str:
    """The whole page: no script, style, font or picture from elsewhere."""
    text = (_HERE / "page.html").read_text(encoding="utf-8")
    parts = {
        "/* style */": (_HERE / "page.css").read_text(encoding="utf-8"),
        "/* script */": (_HERE / "page.js").read_text(encoding="utf-8"),
        '"the data"': in_script(_Data().of(cards)),
    }
    for place, part in parts.items():
        before, found, after = text.partition(place)
        if not found:
            raise ValueError(f"page.html has no place {place}")
        text = before + part + after
    return text


def in_script(value: Any) -> str:
    """JSON that may stand in a script element: nothing in it can end the element, whatever the texts are."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
