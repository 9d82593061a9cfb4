"""Models that are put together of others: each network keeps its framework and its weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from zoo.model import Model
from zoo.part import Part


def chained(members: Mapping[str, Model], **rest: Any) -> Model:
    """Several models as one, of the parts of them all.

    Args:
        members: by what the names of their parts begin with; the first one takes what the task's preprocessing gives.
        rest: the other fields of the `Model`, the task above all.
    """
    fields: dict[str, Any] = {
        "build": lambda: {name: one.build() for name, one in members.items()},
        "parts": tuple(_part(name, one, part) for name, one in members.items() for part in one.parts),
        "members": members,
        "source": f"the networks of {' and '.join(f'{one.id} ({one.variant})' for one in members.values())}",
        "licence": _each(text for one in members.values() for text in one.licence.split("; ")),
        "paper": _each(one.paper for one in members.values()),
        "built": True,
    }
    return Model(**(fields | rest))


def _part(name: str, model: Model, part: Part) -> Part:
    """A part of a model as one of several."""
    return replace(
        part,
        name=f"{name}_{part.name}" if part.name else name,
        module=lambda network: part.of(network[name]),
        framework=model.framework,
        static=part.static and model.task.padding is None and not model.task.one_by_one,
    )


def _each(texts: Iterable[str]) -> str:
    """Those that are none of the others, one behind the other."""
    return "; ".join(filter(None, dict.fromkeys(texts)))
