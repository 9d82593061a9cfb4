"""Validation on the nodes of a cluster: workers count shards, and the counts are joined in the order of the samples."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from utils.datasets.sample import Sample
from zoo.accuracy.choice import choose_target
from zoo.accuracy.valid import (
    Validation,
    decoder_effect,
    figures_of,
    network_identity,
    predicted,
    samples_of,
    warm_up_steps,
)
from zoo.errors import ZooError
from zoo.progress import progress
from zoo.running.engines import open_runner
from zoo.running.network import engines_of
from zoo.running.padding import arranged, chunks
from zoo.running.pipeline import Stages
from zoo.running.setting import Setting
from zoo.task import Task

from .brief import Brief, facts_of, processors, require_same
from .carried import Beside, Carried
from .cluster import Cluster, Place
from .data import place_of
from .pool import Done, Pool
from .reading import reading
from .shards import Shard, ShardFile, cut, per_in, per_shard
from .source import Carrying, Own, Shards, Source, Whole, can_carry

_SAME = ("ckpt", "labels", "own")  # of the identity of a validation, what a node may have otherwise, beside the data
_MANY = 1 << 10  # batches: how many a worker will get is not known when it begins


@dataclass(frozen=True)
class Counting:
    """What a worker is told of a validation. data: as --data_path has it."""

    brief: Brief
    data: str


@dataclass(frozen=True)
class Counted:
    """What a worker has counted of a shard. counts: the metric's state. seconds: by the clock."""

    samples: int
    counts: dict[str, Any]
    stages: dict[str, float]
    seconds: float


@dataclass
class _Sums:
    """What all shards took, and who did how many samples in how many seconds."""

    stages: Stages = field(default_factory=Stages)
    hosts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, done: Done) -> None:
        counted: Counted = done.value
        for name, value in counted.stages.items():
            setattr(self.stages, name, getattr(self.stages, name) + value)
        host = self.hosts.setdefault(str(done.place), [0, 0, 0.0])
        for index, value in enumerate((1, counted.samples, counted.seconds)):
            host[index] += value

    def lines(self) -> Iterator[str]:
        for host, (shards, samples, seconds) in sorted(self.hosts.items()):
            speed = f", {samples / seconds:.1f} samples/s" if seconds else ""
            yield f"{host}: {shards:.0f} shards, {samples:.0f} samples{speed}"


def validate(
    cluster: Cluster, setting: Setting, data: str | Path = "sample", resume: Path | None = None, per: int | None = None
) -> Validation:
    """The metric over a data set, counted on a cluster; the figures are those of `zoo.accuracy.valid.validate`.

    Args:
        cluster: connected.
        setting: what runs the network; its target may be "auto", which is chosen by what is fastest here.
        data: the data set, which each node reads where it lies: a path that all have, "sample", or an fsspec address.
        resume: a file that keeps what was counted, and from which an interrupted run goes on.
        per: batches a shard; None: as fits the number of workers.

    Raises:
        ZooError, DataError, EngineError: what cannot be used, and why.
        CheckFailedError: the data set changed meanwhile, a shard ends its workers, or no node is left.
    """
    _require_fit(setting, resume)
    setting = choose_target(setting)
    task = setting.task()
    place = place_of(setting.model, data)
    network = network_identity(setting, task)
    here = facts_of(setting.model) | {name: network[name] for name in _SAME}
    found: dict[Place, dict[str, Any]] = {}
    metric, sums = task.metric(), _Sums()
    pool = Pool(cluster, counting, Counting(Brief.of(setting), str(data)), accept=_accepts(here, found))
    with pool.early():
        every = task.dataset(place)
        samples = arranged(task, samples_of(setting, task, every, 0, 1))
        source = _source(cluster, setting, place, every, samples, resume, per)
        pool.named, pool.proof = _names(source.shards, samples), source.proof
        identity = network | {"zoo": here["zoo"], "batch_size": setting.batch_size}
        identity |= {"token_budget": setting.token_budget}
        with source.reading(), ShardFile(resume, identity | _data(source, resume), source.per) as kept:
            before = sum(len(source.shards[number]) for number in kept.counted)
            notes = [f"{resume}: {before} of {len(samples)} samples were counted before"] if before else []
            _count(pool, source, kept, sums)
            for number in range(len(source.shards)):
                if not setting.skip_postprocess:
                    metric.merge(kept.counted[number])
            if setting.decoder == "fast" and not setting.skip_postprocess:
                telling = replace(pool, named=lambda number: "the comparison of the decoders")
                notes += [done.value for done in telling.each([source.effect()])]
            identity |= source.identity() | {"data": source.whole()}
    figures, missing = ({}, None) if setting.skip_postprocess else figures_of(metric)
    other = processors(found)
    return Validation(
        setting=setting,
        data=str(data),
        samples=len(samples),
        whole=len(every),
        rank=0,
        world=1,
        metric=metric,
        figures=figures,
        missing=missing,
        stages=sums.stages,
        diagnosis=None,
        notes=[*notes, *sums.lines(), *pool.ended, *([other] if other else [])],
        inputs=next((facts["inputs"] for facts in found.values()), []),
        source_identity=task.source_identity,
        identity=identity,
    )


def _source(
    cluster: Cluster,
    setting: Setting,
    place: Path,
    every: Sequence[Sample],
    samples: Sequence[Sample],
    resume: Path | None,
    per: int | None,
) -> Source:
    """The shards: as many batches each as a run that goes on has had, as is asked for, or as fits the cluster."""
    batches = list(chunks(setting.task(), samples, setting.batch_size, setting.token_budget))
    per = per_in(resume) or per or per_shard(len(batches), len(cluster.require_places()))
    shards = Shards(samples, cut(batches, per), per)
    if can_carry(place, samples):
        return Carrying(place, every, shards, cluster.ray.put, resume)
    return Whole(place, shards, resume)


def _data(source: Source, resume: Path | None) -> dict[str, Any]:
    """The identity of the data, where it is kept: what no shard says is known when all have been taken apart."""
    return source.identity() if resume is not None else {}


def _require_fit(setting: Setting, resume: Path | None) -> None:
    """Raise ZooError for flags that mean nothing on a cluster."""
    if resume and setting.skip_postprocess:
        raise ZooError("--resume keeps the counts of a metric, and --skip_postprocess True has none")
    if setting.processes:
        raise ZooError("--ray has processes of its own: leave --processes out, and give --ray_workers, so many a node")


def _accepts(here: dict[str, Any], found: dict[Place, dict[str, Any]]) -> Callable[[Place, Any], None]:
    def accept(place: Place, facts: Any) -> None:
        require_same(here, facts, place)
        found[place] = facts

    return accept


def _names(shards: Sequence[Shard], samples: Sequence[Sample]) -> Callable[[int], str]:
    def named(number: int) -> str:
        shard = shards[number]
        return f"shard {number} of {len(shards)} ({samples[shard.start].id} to {samples[shard.end - 1].id})"

    return named


def _count(pool: Pool, source: Source, kept: ShardFile, sums: _Sums) -> None:
    """Have every shard counted that was not counted before."""
    for number in kept.counted:
        kept.require_same(number, source.data(number))
    left = [number for number in range(len(source.shards)) if number not in kept.counted]
    if not left:
        return
    start = time.perf_counter()
    with closing(pool.each(source.jobs(), left)) as counted:
        for done in progress(counted, len(left), "validating", "shard"):
            kept.add(done.number, done.value.counts, source.data(done.number))
            sums.add(done)
    sums.stages.end_to_end = time.perf_counter() - start


# -- on a node -------------------------------------------------------------------------------------


@contextmanager
def counting(told: Counting, place: Place) -> Iterator[tuple[dict[str, Any], Callable[[Any], Any]]]:
    """A worker of a validation: its facts, and what does a job. Its engine is opened once."""
    setting = told.brief.setting(place)
    task = setting.task()
    folder = place_of(setting.model, told.data)
    if not folder.exists():
        raise ZooError(f"{folder} is not there; a data set is read where it lies: every node needs it at this path")
    network = network_identity(setting, task)
    facts = facts_of(setting.model) | {name: network[name] for name in _SAME}
    warm = [warm_up_steps()]
    with open_runner(setting, _MANY) as engine, reading(setting, task, folder, place.host) as samples_of_job:
        facts["inputs"] = [
            f"{name}{': ' if name else ''}{spec}" for name, one in engines_of(engine).items() for spec in one.inputs
        ]

        def do(job: Carried | Own | Beside) -> Any:
            with samples_of_job(job) as samples:
                if isinstance(job, Beside):
                    return None
                if job.effect:
                    return decoder_effect(setting, engine, samples)
                return _counted(setting, task, engine, samples, warm.pop() if warm else 0)

        yield facts, do


def _counted(setting: Setting, task: Task, engine: Any, samples: Sequence[Sample], warm_up: int) -> Counted:
    """Run the network over a shard and count what it says."""
    start = time.perf_counter()
    metric, stages = task.metric(), Stages()
    for batch, found in predicted(setting.but(processes=False), task, engine, samples, stages, warm_up):
        if not setting.skip_postprocess:
            metric.update(found, [sample.truth for sample in batch])
    figures = {name: value for name, value in stages.to_json().items() if name not in ("end_to_end", "throughput")}
    counts = {} if setting.skip_postprocess else metric.state()
    return Counted(len(samples), counts, figures, time.perf_counter() - start)
