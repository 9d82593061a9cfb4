"""The cards of the matrix: what each model is, beside what has been measured of it."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from engine import backends
from utils.datasets.folder import IMAGE_SUFFIXES
from zoo import catalogue, frameworks
from zoo.contributing.matrix.results import Result
from zoo.contributing.reproduced import Reproduced
from zoo.family import Family
from zoo.model import Model
from zoo_core.guarded import SECONDS, guarded

_THUMBNAIL = (144, 96)  # twice what the page shows, for screens of high density
_MOST_BYTES = 64 << 20  # of a demo that a small picture is made of


@dataclass(frozen=True)
class Figure:
    """A published figure."""

    metric: str
    value: float
    where: str


@dataclass(frozen=True)
class Card:
    """One model, for the pages.

    Args:
        id: domain/name.
        link: the model's folder, as a path from the pages.
        variants: all names, the default first.
        possible: (target, dtype) that it could be measured on.
        published: of the variants that are shown.
        picture: a small picture of the first demo, as a data: address; "" where the demos are no pictures.
        fault: why the model cannot be described; "" as a rule.
        results: what has been measured.
        reproduced: what has been measured of published figures.
    """

    id: str
    link: str
    title: str = ""
    framework: str = ""
    source: str = ""
    licence: str = ""
    variants: Sequence[str] = ()
    possible: Sequence[tuple[str, str]] = ()
    published: Mapping[str, Figure] = field(default_factory=dict)
    picture: str = ""
    fault: str = ""
    results: Sequence[Result] = ()
    reproduced: Sequence[Reproduced] = ()

    def measured(self) -> dict[str, list[Result]]:
        """Results by variant, the default first, each in the order of `possible`."""
        order = {cell: number for number, cell in enumerate(self.possible)}
        place = {name: number for number, name in enumerate(self.variants)}
        cells = sorted(self.results, key=lambda one: (order.get((one.target, one.dtype), len(order)), *one.key))
        found: dict[str, list[Result]] = {}
        for one in sorted(cells, key=lambda one: place.get(one.variant, len(place))):
            found.setdefault(one.variant, []).append(one)
        return found

    def not_run(self, variant: str | None = None) -> list[str]:
        """Targets on which nothing was measured, then single dtypes of others; of one variant, or of all."""
        done = {(one.target, one.dtype) for one in self.results if variant in (None, one.variant)}
        missing = [cell for cell in self.possible if cell not in done]
        partly = {target for target, _ in done}
        whole = dict.fromkeys(target for target, _ in missing if target not in partly)
        return [*whole, *(f"{target} {dtype}" for target, dtype in missing if target in partly)]


def cards(
    examples: Path,
    output: Path,
    results: Sequence[Result],
    figures: Sequence[Reproduced] = (),
    seconds: float = SECONDS,
) -> tuple[list[Card], list[Result]]:
    """A card for every model.

    Each model.py is loaded in a process that it may end or stop in.

    Args:
        examples: the folder of the models.
        output: where the pages will lie; links are relative to it.
        results: everything that has been measured.
        figures: of the published ones, those that were measured.
        seconds: how long a model.py may take.

    Returns:
        The cards, and the results of models that are not there.
    """
    by_model: dict[str, list[Result]] = {}
    for one in results:
        by_model.setdefault(one.model, []).append(one)
    shown: dict[str, list[str]] = {}
    for model, variant in [(one.model, one.variant) for one in results] + [(one.model, one.variant) for one in figures]:
        shown.setdefault(model, []).append(variant)
    known = catalogue.ids(examples)
    made = []
    for outcome in guarded(partial(_facts, examples, shown), known, seconds):
        folder = Path(os.path.relpath(examples / outcome.item, output)).as_posix()
        own = by_model.pop(outcome.item, [])
        card = _card(outcome.item, folder, outcome.value, outcome.fault, own)
        made.append(replace(card, reproduced=[one for one in figures if one.model == card.id]))
    return made, [one for own in by_model.values() for one in own]


def _card(name: str, link: str, facts: Mapping[str, Any] | None, fault: str, own: Sequence[Result]) -> Card:
    if facts is None:
        return Card(name, link, fault=fault, results=own)
    published = {variant: Figure(*figure) for variant, figure in facts["published"].items()}
    possible = [(target, dtype) for target, dtype in facts["possible"]]
    rest = {key: facts[key] for key in ("title", "framework", "source", "licence", "variants", "picture")}
    return Card(name, link, possible=possible, published=published, results=own, **rest)


def _facts(examples: Path, shown: Mapping[str, Sequence[str]], name: str) -> dict[str, Any]:
    """What a model.py says, as plain data."""
    family = catalogue.load_file(examples / name / "model.py")
    default = family.variant()
    names = [default.variant, *(one for one in family.variants if one != default.variant)]
    return {
        "title": family.title,
        "framework": family.framework,
        "source": default.source,
        "licence": default.licence,
        "variants": names,
        "possible": combinations(default),
        "published": _published(family, [default.variant, *shown.get(name, ())]),
        "picture": picture(default),
    }


def _published(family: Family, names: Sequence[str]) -> dict[str, tuple[str, float, str]]:
    known = set(family.variants)
    figures = {name: family.variant(name).published for name in sorted(set(names)) if name in known}
    return {name: (one.metric, one.value, one.where) for name, one in figures.items() if one is not None}


def combinations(model: Model) -> list[tuple[str, str]]:
    """The framework itself (float32) first, then every target in each dtype that it has."""
    others = [
        (name, backend)
        for name, backend in backends.targets().items()
        if name not in frameworks.TARGETS.values() and backend.suffix[1:] in frameworks.formats(model.framework)
    ]
    own = (frameworks.target(model), "float32")
    return [own, *((name, dtype) for name, backend in others for dtype in backend.dtypes)]


def picture(model: Model) -> str:
    """The first demo as a small picture, as a data: address; "" if the demos are no pictures."""
    from PIL import Image

    files = [file for file in sorted(model.demo_folder().rglob("*")) if file.suffix.lower() in IMAGE_SUFFIXES]
    if not files or files[0].stat().st_size > _MOST_BYTES:
        return ""
    with Image.open(files[0]) as image:
        small = image.convert("RGB")
    if small.width < _THUMBNAIL[0] // 2:
        small = small.resize((small.width * 8, small.height * 8), Image.Resampling.NEAREST)
    small.thumbnail(_THUMBNAIL)
    sink = io.BytesIO()
    small.save(sink, "WEBP", quality=60, method=6)
    return "data:image/webp;base64," + base64.b64encode(sink.getvalue()).decode()
