"""The arithmetic of the simulation behind doc/Scale.md, where it can be done in the head."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = str(Path(__file__).resolve().parents[3] / "benchmarks")


@pytest.fixture(scope="module")
def simulation() -> Any:
    sys.path.insert(0, BENCHMARKS)
    try:
        return importlib.import_module("_ray_simulation")
    finally:
        sys.path.remove(BENCHMARKS)


def measured(simulation: Any, **changes: Any) -> Any:
    """A batch takes a second, and nothing else takes any time."""
    nothing = {"start": [0.0], "batch": [1.0]}
    nothing |= dict.fromkeys(("take", "ahead", "look", "shard", "driver", "notice", "again"), 0.0)
    return simulation.Measured(**(nothing | changes))


@pytest.mark.parametrize("nodes", [1, 2, 64])
def test_without_anything_else_it_is_linear(simulation: Any, nodes: int) -> None:
    work = simulation.Work(samples=64 * 8 * 16, batch_size=16)
    done = simulation.simulate(measured(simulation), work, nodes)
    assert done.seconds == pytest.approx(512 / nodes)
    assert (set(done.shards), done.lost, done.failures) == ({1}, 0.0, 0)
    assert simulation.share_of_linear(measured(simulation), work, nodes)[0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        # 8 nodes count 8 shards of 4 batches each; their workers begin at once
        ({}, 32),
        ({"start": [5.0]}, 37),
        # the driver lists 4,096 samples, while the workers begin
        ({"take": 1 / 4096}, 33),
        ({"take": 1 / 4096, "start": [5.0]}, 37),
        # the first eight shards of 64 are read one after the other, the others while those are counted
        ({"ahead": 1 / 4096}, 32 + 8 / 64),
        # each worker looks at 512 samples
        ({"look": 1 / 4096}, 32 + 1 / 8),
        ({"shard": 0.5}, 36),
        # the eighth node is handed its first shard after 0.8 s, and from then on nobody waits for another one
        ({"driver": 0.1}, 32 + 8 * 0.1 + 7 * 0.1),
        # hands out more slowly than shards are counted: the last of 64 is handed out after 640 s
        ({"driver": 10.0}, 644),
    ],
)
def test_each_thing_takes_what_it_takes(simulation: Any, changes: dict[str, Any], seconds: float) -> None:
    work = simulation.Work(samples=256 * 16, batch_size=16, per=4)
    assert simulation.simulate(measured(simulation, **changes), work, 8).seconds == pytest.approx(seconds)


def test_a_last_shard_is_waited_for(simulation: Any) -> None:
    work = simulation.Work(samples=17 * 16, batch_size=16, per=4)
    done = simulation.simulate(measured(simulation), work, 4)
    assert (len(done.shards), done.seconds) == (5, 5)


@pytest.mark.parametrize("seed", range(5))
def test_what_fails_is_counted_again_and_once(simulation: Any, seed: int) -> None:
    work = simulation.Work(samples=10_000 * 16, batch_size=16, per=10, an_hour=20, back=60)
    found = measured(simulation, start=[3.0, 4.0], notice=0.5, again=2.0)
    done = simulation.simulate(found, work, 16, seed)
    assert set(done.shards) == {1}
    assert done.failures > 10
    assert 0 < done.lost < done.failures * 10
    # all that the nodes did, by two ways of adding it up: they are away, beginning, counting, or wait at the end
    assert done.seconds > (10_000 + done.lost + done.failures * 60) / 16
    assert done.seconds < (10_000 + done.lost + (done.failures + 16) * 66.5) / 16 + 66.5


def test_failures_follow_the_rate(simulation: Any) -> None:
    work = simulation.Work(samples=36_000 * 16, batch_size=16, per=10, an_hour=5)
    failures = [simulation.simulate(measured(simulation), work, 10, seed).failures for seed in range(20)]
    assert sum(failures) / 20 == pytest.approx(50, rel=0.15)  # an hour of ten nodes
