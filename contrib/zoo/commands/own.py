"""--labels, --mean, --std and --size: what a network that is not the zoo's was trained with."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from utils.postprocess.labels import names_in
from utils.preprocess.pytorch.classification import ClassificationTransform
from zoo.commands.flags import model_of, positive
from zoo.errors import ZooError
from zoo.family import Family
from zoo.manifest import weights_kind
from zoo.running.setting import Setting
from zoo.task import Task
from zoo.tasks.ranked import RankedTask

# Weights whose classes and colours the zoo knows
_KNOWN = ("pretrained", "sample", "random", "built")
# A mean or deviation beyond this is one of pixels from 0 to 255
_MOST = 1.0


def numbers(text: str) -> tuple[float, ...]:
    """One or three numbers with commas between. Raises ValueError for anything else."""
    found = tuple(float(word) for word in text.replace(",", " ").split())
    if len(found) not in (1, 3):
        raise ValueError(text)
    return found


def require_unit(mean: tuple[float, ...] | None, std: tuple[float, ...] | None) -> None:
    """Raise ZooError for numbers that are not in units of 0 to 1, in which pictures are normalised here."""
    for flag, values, least in (("--mean", mean, 0.0), ("--std", std, 1e-6)):
        if values is not None and not all(least <= one <= _MOST for one in values):
            said = ",".join(f"{one:g}" for one in values)
            raise ZooError(
                f"{flag} {said}: numbers from {least:g} to {_MOST:g} are expected, for pixels from 0 to 1; divide "
                "those for pixels from 0 to 255 by 255"
            )


def add_own_flags(parser: argparse.ArgumentParser, family: Family) -> None:
    """The flags that the family's task has a use for."""
    task = family.variant().task
    made = parser.add_argument_group("of a network that is not the zoo's (--ckpt)")
    if _ranks(task):
        made.add_argument("--labels", type=Path, metavar="FILE", help="the names of its classes, one a line")
    if _normalises(task):
        made.add_argument("--mean", type=numbers, metavar="R,G,B", help="of its pictures, for pixels from 0 to 1")
        made.add_argument("--std", type=numbers, metavar="R,G,B", help="of its pictures, for pixels from 0 to 1")
        made.add_argument("--size", type=positive, help="the side of its pictures, which the crop becomes")


def owned(family: Family, setting: Setting, args: argparse.Namespace) -> Setting:
    """The setting of a network with its own classes, colours and size; as it is where none of these flags is given.

    Raises:
        ZooError: the network is the zoo's own, which has them, or a flag contradicts another one, the number of
            colours, or pixels from 0 to 1.
        DataError: --labels is no list of names.
    """
    asked = {name: getattr(args, name, None) for name in ("labels", "mean", "std", "size")}
    given = [f"--{name}" for name, value in asked.items() if value is not None]
    if not given:
        return setting
    kind = weights_kind(setting.files()[0])
    if (setting.ckpt is None and kind != "file") or kind in _KNOWN:
        raise ZooError(
            f"{', '.join(given)}: these are of a network that is not the zoo's; name its file with --ckpt, or export "
            f"its weights with --weights FILE. {model_of(family, args).id} with weights of its own has its own"
        )
    if asked["size"] and setting.input_size and asked["size"] != setting.input_size:
        raise ZooError(f"--size {asked['size']} and --input_size {setting.input_size} are two sizes; give one of them")
    task = with_labels(setting.model.task, asked["labels"])
    task = _with_pictures(task, asked["mean"], asked["std"], asked["size"])
    setting = setting.but(model=replace(setting.model, task=task))
    return _of_size(setting, asked["size"]) if asked["size"] else setting


def _of_size(setting: Setting, size: int) -> Setting:
    """The setting of a network that takes pictures with sides of `size` pixels, whatever the zoo's own takes."""
    model, entry = setting.model, setting.model.entry
    if entry.size:
        return setting.but(input_size=size)
    inputs = tuple(replace(spec, shape=(*spec.shape[:-2], size, size)) for spec in entry.inputs)
    return setting.but(model=replace(model, parts=(replace(entry, inputs=inputs), *model.parts[1:])))


def _ranks(task: Task) -> bool:
    return isinstance(task, RankedTask) and hasattr(task, "labels")


def _normalises(task: Task) -> bool:
    return isinstance(getattr(task, "transform", None), ClassificationTransform)


def with_labels(task: Task, file: Path | None) -> Task:
    """`task` with the class names in `file`; as it is where there is none. Raises DataError for no list of names."""
    if file is None:
        return task
    names = names_in(file)
    folders = {"folders": names} if hasattr(task, "folders") else {}
    changed: Any = replace(task, labels=names, **folders)  # type: ignore[type-var]
    return changed


def _with_pictures(task: Task, mean: tuple[float, ...] | None, std: tuple[float, ...] | None, size: int | None) -> Task:
    transform = getattr(task, "transform", None)
    if not isinstance(transform, ClassificationTransform) or (mean, std, size) == (None, None, None):
        return task
    require_unit(mean, std)
    colours = len(transform.mean)
    for flag, values in (("--mean", mean), ("--std", std)):
        if values is not None and len(values) not in (1, colours):
            raise ZooError(f"{flag} has {len(values)} numbers, and these pictures have {colours} ({transform.mode})")
    changes = {
        name: values * colours if len(values) == 1 else values
        for name, values in (("mean", mean), ("std", std))
        if values is not None
    }
    changed = replace(transform, **changes)  # type: ignore[arg-type]
    return replace(task, transform=changed.resized(size) if size else changed)  # type: ignore[type-var]
