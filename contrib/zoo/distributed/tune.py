"""Tuning on the nodes of a cluster: each measures some dtypes and batch sizes, alone on all of its cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.accuracy.tune import Point, Tried, measured
from zoo.errors import ZooError
from zoo.progress import progress
from zoo.running.setting import Setting

from .brief import Brief, facts_of, require_same
from .cluster import Cluster, Place
from .data import place_of
from .pool import Pool


@dataclass(frozen=True)
class Measuring:
    """What a worker is told. data: as --data_path has it. seconds: for each setting."""

    brief: Brief
    data: str
    seconds: float


def measure(
    cluster: Cluster, setting: Setting, data: str | Path, seconds: float, tried: Sequence[Tried]
) -> list[list[Point]]:
    """The points of each dtype and batch size, in their order.

    Args:
        cluster: connected, with one worker a node.
        setting: what is measured.
        data: the samples of a batch.
        seconds: to measure each setting.
        tried: dtypes, batch sizes and levels of graph optimisation.

    Raises:
        ZooError: the nodes have different processors or numbers of cores, whose figures cannot be compared.
    """
    pool = Pool(
        cluster,
        measuring,
        Measuring(Brief.of(setting), str(data), seconds),
        accept=_accepts(setting),
        named=lambda number: f"{tried[number][0]} at batch {tried[number][1]}",
    )
    found: dict[int, list[Point]] = {}
    with closing(pool.each(tried)) as every:
        for done in progress(every, len(tried), "measuring", "setting"):
            found[done.number] = done.value
    return [found[number] for number in range(len(tried))]


def _accepts(setting: Setting) -> Callable[[Place, Mapping[str, Any]], None]:
    """Lets nodes pass that have what this machine has, and are all of one kind."""
    here = facts_of(setting.model)
    kinds: dict[tuple[str, int], str] = {}

    def accept(place: Place, facts: Mapping[str, Any]) -> None:
        require_same(here, facts, place)
        kinds.setdefault((facts["processor"], place.cores), place.host)
        if len(kinds) > 1:
            told = ", ".join(f"{host} has {cores} cores of {name}" for (name, cores), host in kinds.items())
            raise ZooError(f"{told}: what is measured on them cannot be compared; tune on nodes of one kind")

    return accept


# -- on a node -------------------------------------------------------------------------------------


@contextmanager
def measuring(told: Measuring, place: Place) -> Iterator[tuple[dict[str, Any], Callable[[Tried], list[Point]]]]:
    """A worker that measures one dtype and batch size after the other."""
    setting = told.brief.setting(place)
    folder = place_of(setting.model, told.data)
    yield facts_of(setting.model), lambda tried: measured(setting, tried, folder, told.seconds)
