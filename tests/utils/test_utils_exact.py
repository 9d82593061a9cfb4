"""Sums that do not depend on how they are shared."""

import json
import math
import random
from fractions import Fraction

import pytest

from utils.metrics.exact import ExactSum
from zoo_core.errors import DataError


@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_rounded_sum_however_it_is_shared(seed: int) -> None:
    chosen = random.Random(seed)
    values = [chosen.uniform(-1, 1) * 10.0 ** chosen.randint(-12, 12) for _ in range(200)]
    true = float(sum(map(Fraction, values)))
    assert ExactSum(values).value == true
    for world in (2, 3, 7):
        parts = [ExactSum(values[rank::world]) for rank in range(world)]
        chosen.shuffle(parts)
        whole = ExactSum()
        for part in parts:
            said = json.loads(json.dumps(part.state()))
            whole.add(ExactSum.of(said, len(values), -1e12, 1e12).state())
        assert whole.value == true
        assert len(whole.state()) < 12


def test_nothing_is_zero() -> None:
    assert ExactSum().value == 0.0


@pytest.mark.parametrize("state", [1.0, None, [None], ["1"], [math.nan], [math.inf], [True], [10**400], [1e308]])
def test_what_is_no_sum(state: object) -> None:
    with pytest.raises(DataError, match="not the counts of a mean"):
        ExactSum.of(state, 1, -math.inf, math.inf)


@pytest.mark.parametrize(
    ("state", "count"), [([1.5], 1), ([-0.5], 3), ([0.5], 0), ([0.5], -1), ([0.5], "1"), ([], 1.0)]
)
def test_what_cannot_be_the_sum_of_so_many(state: object, count: object) -> None:
    with pytest.raises(DataError, match=r"not the counts of a mean: "):
        ExactSum.of(state, count, 0, 1)
