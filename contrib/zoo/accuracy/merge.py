"""What the ranks of one validation wrote, joined: the figures of the whole data set."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from utils.metrics.base import Metric
from zoo.errors import ZooError
from zoo.family import Family
from zoo.running.setting import Setting
from zoo.task import Task
from zoo_core.errors import DataError

from .valid import labels_digest, part_digest

_KEYS = ("identity", "samples", "of", "counts")
# What is read of a file, and of the identity in it
_SAID, _IDENTITY = ("model", "variant", "stages"), ("rank", "world", "topk", "input_size", "labels")


@dataclass(frozen=True)
class Part:
    """What one rank wrote: the file, everything in it, and what tells which part of which validation it is."""

    path: Path
    said: dict[str, Any]
    rank: int
    world: int

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same in every rank."""
        known = dict(self.said["part"]["identity"])
        return {name: value for name, value in known.items() if name not in ("rank", "samples")}


@dataclass(frozen=True)
class Merged:
    """The whole.

    Attributes:
        parts: in the order of their ranks.
        metric: with the counts of all.
        figures: of it.
        samples: how many were counted.
        seconds: of the slowest rank.
    """

    parts: Sequence[Part]
    metric: Metric
    figures: dict[str, float]
    samples: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As a validation of one process writes it, without what only a run has."""
        first = self.parts[0].said
        kept = ("model", "variant", "ckpt", "data_path", "target", "dtype", "batch_size", "decoder", "inputs")
        return {name: first[name] for name in kept if name in first} | {
            "metrics": self.figures,
            "counts": self.metric.state(),
            "samples": self.samples,
            "merged": [str(part.path) for part in self.parts],
            "seconds": self.seconds,
            "rank": 0,
            "world": 1,
        }


def merge(family: Family, paths: Sequence[Path], own: Callable[[Task], Task] = lambda task: task) -> Merged:
    """Join the files of all ranks.

    Args:
        family: what was validated.
        paths: the --json files of the ranks, in any order.
        own: gives the task its class names, where the ranks ran a network with others than the zoo's.

    Raises:
        ZooError: a file is none of a rank, is damaged, is of another model, network, data set or setting than the
            first, or a rank is missing or there twice.
        DataError: the counts give no figure.
    """
    parts = sorted((_part(path) for path in paths), key=lambda part: part.rank)
    first = parts[0]
    if first.said["model"] != family.id:
        raise ZooError(f"{first.path} is of {first.said['model']}, not of {family.id}")
    for other in parts[1:]:
        _require_same(first, other)
    _require_all(parts)
    identity = first.identity
    model = family.variant(first.said["variant"])
    model = replace(model, task=own(model.task))
    if identity["labels"] != labels_digest(model.task):
        raise ZooError(
            f"{first.path} counted other class names than these: give the --labels that the ranks were run with, or "
            "none where they had none"
        )
    metric = Setting(model, topk=identity["topk"], input_size=identity["input_size"]).task().metric()
    for part in parts:
        try:
            metric.merge(part.said["part"]["counts"])
        except (DataError, KeyError, TypeError, ValueError) as error:
            raise ZooError(f"{part.path}: these counts are not of {family.id}'s metric: {error}") from error
    samples = sum(part.said["part"]["samples"] for part in parts)
    seconds = max(float(part.said["stages"]["end_to_end"]) for part in parts)
    return Merged(parts, metric, metric.compute(), samples, seconds)


def _part(path: Path) -> Part:
    """Read what a rank wrote."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ZooError(f"{path}: this is not what zoo valid --json writes: {error}") from error
    if isinstance(said, list):
        raise ZooError(f"{path} holds several targets; validate one target at a time to join ranks")
    if not isinstance(said, dict) or not isinstance(said.get("part"), dict):
        raise ZooError(
            f"{path} is not what a rank of several writes: run zoo valid --json by mpirun (or with "
            "OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE), each rank with a file of its own"
        )
    part = said["part"]
    if set(part) != set(_KEYS) or said.get("digest") != part_digest(part):
        raise ZooError(f"{path} is damaged or was edited (its digest does not fit); run that rank again")
    try:
        identity = part["identity"]
        lacking = sorted(({*_SAID} - set(said)) | ({*_IDENTITY} - set(identity)))
        if lacking:
            raise KeyError(", ".join(lacking))
        float(said["stages"]["end_to_end"])
        return Part(path, said, int(identity["rank"]), int(identity["world"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ZooError(f"{path} lacks what zoo valid --json writes ({error}); run that rank again") from error


def _require_same(first: Part, other: Part) -> None:
    """Raise ZooError where two ranks are not of one validation, naming what differs."""
    mine, theirs = first.identity, other.identity
    for name in mine:
        if theirs.get(name) != mine[name]:
            told = {"ckpt": "another network file (its content)", "data": "another data set (its content)"}.get(
                name, f"{name} {theirs.get(name)}, not {mine[name]}"
            )
            raise ZooError(f"{other.path} is no part of the validation of {first.path}: {told}")


def _require_all(parts: Sequence[Part]) -> None:
    """Raise ZooError unless every rank is there once, and no sample is missing."""
    ranks, world = [part.rank for part in parts], parts[0].world
    missing = sorted(set(range(world)) - set(ranks))
    twice = sorted({rank for rank in ranks if ranks.count(rank) > 1})
    if twice:
        raise ZooError(f"rank {', '.join(map(str, twice))} is there twice, and would be counted twice")
    if missing:
        raise ZooError(f"of {world} ranks, {', '.join(map(str, missing))} is missing")
    counted, whole = (sum(part.said["part"]["samples"] for part in parts), parts[0].said["part"]["of"])
    if counted != whole:
        raise ZooError(
            f"the ranks counted {counted} of {whole} samples; TECO_INFER_PIPELINES_MAX_STEPS stops them early"
        )
