"""What the conformance tests share: a target, files of its format, and an engine on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import backends
from engine.base import Engine

from .nets import Net
from .targets import TARGETS, Target

Open = Callable[..., Engine]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Target, Net], Path]:
    """The file of a net in the format of a target, written once."""
    files: dict[tuple[str, str], Path] = {}

    def write(target: Target, net: Net) -> Path:
        key = (target.write.__name__, net.name)
        if key not in files:
            files[key] = target.write(net, tmp_path_factory.mktemp(f"{key[0]}-{key[1]}"))
        return files[key]

    return write


@pytest.fixture(params=TARGETS, ids=lambda target: target.name)
def target(request: pytest.FixtureRequest) -> Target:
    """Each target in turn; one whose runtime is not installed is skipped, and says what it needs."""
    chosen: Target = request.param
    if chosen.double:
        request.getfixturevalue("use_double")(chosen.double)
    state = backends.targets()[chosen.name].availability()
    if not state.usable:
        pytest.skip(f"{chosen.name}: {state.detail}")
    return chosen


@pytest.fixture
def open_net(target: Target, written: Callable[[Target, Net], Path]) -> Iterator[Open]:
    """`open_net(net, batch=4, size=8, **options)` → an engine, released after the test."""
    opened: list[Engine] = []

    def open_one(net: Net, batch: int = 4, size: int = 8, **options: Any) -> Engine:
        if target.compiles:
            shapes = [array.shape for array in net.arrays(batch, size)]
            options = {"batch_size": batch, "input_size": shapes} | options
        options = {"batch_first": True} | options  # some formats, and a fixed batch, have no names that say so
        opened.append(Engine(written(target, net), target=target.name, **options))
        return opened[-1]

    open_one.opened = opened  # type: ignore[attr-defined]
    yield open_one
    for engine in opened:
        engine.release()
