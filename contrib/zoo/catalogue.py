"""Finds the models: every example/<domain>/<name>/model.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .errors import ZooError
from .family import Family
from .index import EXAMPLES, entries, ids
from .loading import beside, load_file
from .model import Model

_FEW = 20  # names that a message lists
MOST_DESCRIBED = 50  # a family with more variants is a whole library, which describes them all alike


def find(asked: str, examples: Path = EXAMPLES) -> tuple[Family, str | None]:
    """The family that `asked` names, and the variant if it names one.

    Args:
        asked: domain/name, name, either with a variant behind it (timm/resnet18.a1_in1k), or a variant alone.
        examples: the folder of the models.

    Raises:
        ZooError: there is no such model, or there are several; the message names near ones.
    """
    known = ids(examples)
    for one in sorted(known, key=len, reverse=True):
        for name in (one, one.partition("/")[2]):
            if asked == name or asked.startswith(f"{name}/"):
                return load(name if asked == name else one, examples), asked[len(name) + 1 :] or None
    named = [entry for entry in entries(examples) if asked in entry.variants]
    # the zoo's own models before whole libraries, and the family that the variant is named after before others
    named = [entry for entry in named if not entry.library] or named
    named = [entry for entry in named if asked.startswith(entry.id.partition("/")[2])] or named
    matches = [entry.id for entry in named]
    if len(matches) == 1:
        return load(matches[0], examples), asked
    if matches:
        choices = " or ".join(f"{one}/{asked}" for one in matches)
        raise ZooError(f"several models have a variant '{asked}': write {choices}")
    raise _unknown(asked, known, examples)


def load(model_id: str, examples: Path = EXAMPLES) -> Family:
    """The family called domain/name, or name alone where only one has it. Raises ZooError naming what there is."""
    known = ids(examples)
    matches = [one for one in known if model_id in (one, one.partition("/")[2])]
    if len(matches) > 1:
        raise ZooError(f"several models are called '{model_id}': write {' or '.join(matches)}")
    if not matches:
        raise _unknown(model_id, known, examples)
    return load_file(examples / matches[0] / "model.py")


def described(examples: Path = EXAMPLES) -> Iterator[Model]:
    """Every variant of every family but those of whole libraries, which have no data or figures of their own."""
    for one in ids(examples):
        yield from of_family(load(one, examples))


def of_family(family: Family) -> list[Model]:
    """The variants of a family; none of a whole library."""
    names = family.variants
    return [family.variant(name) for name in names] if len(names) <= MOST_DESCRIBED else []


def named(names: Sequence[str], lacking: str, keep: Callable[[Model], bool] = lambda model: True) -> Iterator[Model]:
    """The variants that are named; of a family that is named alone, all that `keep` lets through.

    Args:
        names: as `find` takes them.
        lacking: what to say of a family of which none is left, with {id} and {count}, its number of variants.
        keep: whether a variant is meant.

    Raises:
        ZooError: there is no such model, or none is left of it.
    """
    for name in names:
        family, variant = find(name)
        models = [family.variant(variant)] if variant else list(filter(keep, of_family(family)))
        if not models:
            raise ZooError(lacking.format(id=family.id, count=len(family.variants)))
        yield from models


def _unknown(asked: str, known: list[str], examples: Path) -> ZooError:
    variants = {name for entry in entries(examples) for name in entry.variants}
    names = [*known, *(one.partition("/")[2] for one in known), *sorted(variants)]
    import difflib  # for what was mistyped alone

    near = difflib.get_close_matches(asked, names, n=3)
    there = f"there are: {', '.join(known) or 'none'}" if len(known) <= _FEW else f"zoo list shows all {len(known)}"
    hint = f"did you mean {' or '.join(near)}?" if near else there
    return ZooError(f"no model is called '{asked}'; {hint}")


__all__ = ["EXAMPLES", "beside", "described", "find", "ids", "load", "load_file", "named", "of_family"]
