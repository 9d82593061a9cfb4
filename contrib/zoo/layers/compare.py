"""Two runs of a network, tensor by tensor: where they begin to differ, and what adds most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from zoo.difference import TOLERANCE
from zoo.errors import ZooError
from zoo.progress import progress

from .sources import Source
from .taps import Graph, Tap, slices

FLOAT16_MOST = 65504.0
FLOAT16_LEAST = 6e-8  # what is smaller becomes 0
# Masks of attention are filled with the least float32, for minus infinity; what float16 has in its place is as good
_ENDLESS, _AS_GOOD_AS_ENDLESS = 1e30, 9e3
# Operators whose difference is that of what they take, or the rounding that belongs to the node behind
_RESTATE = ("Constant", "Shape", "Cast", "QuantizeLinear", "DequantizeLinear")


@dataclass(frozen=True)
class Layer:
    """A tensor of both runs.

    Attributes:
        tensor, node, operator: of the contender's graph.
        relative: largest difference over the reference's largest value; infinity where the contender is not finite.
        error: length of the difference over that of the reference.
        added: what this node adds to the error of the tensors that it takes.
        cosine: of the angle between the two, 1 where they agree.
        snr: signal to noise, in decibels.
        largest: difference.
        low, high: least and largest absolute value of the reference, zeros apart.
        elements: how many numbers.
        shapes: where they are not those of the reference: both, in words.
    """

    tensor: str
    node: str
    operator: str
    relative: float
    error: float
    added: float
    cosine: float
    snr: float
    largest: float
    low: float
    high: float
    elements: int
    shapes: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def helps(self, dtype: str) -> str:
        """What can be done about this layer, in words; "" where its numbers do not tell."""
        if self.shapes:
            return f"another shape for the same inputs: {self.shapes}"
        if dtype == "float16" and self.high > FLOAT16_MOST:
            return f"values up to {self.high:.3g}, beyond float16's {FLOAT16_MOST:g}: keep it in float32"
        if dtype == "float16" and 0 < self.high < FLOAT16_LEAST:
            return f"values below {self.high:.1g}, which float16 takes for 0: keep it in float32"
        if dtype != "float32":
            return f"rounding to {dtype}: keep it in float32"
        return "another result for the same inputs: a difference between runtimes or files, not rounding"


@dataclass(frozen=True)
class Compared:
    """A graph's tensors in both runs.

    Attributes:
        layers: in the order of the graph.
        missing: how many of the contender's tensors the reference does not have, or has in another shape where it was
            matched by the names of modules.
        dtype: what the contender computes in.
        first: the first layer that differs by more than its dtype may, though what it takes does not.
        unseen: the nodes right before `first` whose tensors were not compared: one of them may be what differs first.
    """

    part: str
    layers: list[Layer]
    missing: int
    dtype: str
    first: Layer | None
    unseen: Sequence[str] = ()

    def most(self, count: int) -> list[Layer]:
        """The layers that add most error, the worst first."""
        return sorted(self.layers, key=lambda layer: -layer.added)[:count]


def compare(part: str, reference: Source, contender: Source, graph: Graph, dtype: str) -> Compared:
    """Compare all tensors that both have, in slices of a bounded size.

    Args:
        part: its name, "" for the only one.
        graph: of the contender, whose tensors are gone through.
        dtype: what the contender computes in, which says how much it may differ.

    Raises:
        ZooError: they have no tensor in common.
    """
    both = reference.known() & contender.known()
    common = [tap for tap in graph.taps if tap.tensor in both]
    missing = len(graph.taps) - len(common)
    numbers: dict[str, tuple[Tap, dict[str, Any]]] = {}
    parts = list(slices(common))
    for taps in progress(parts, len(parts), f"comparing {part}".strip(), "slice"):
        for tap, wanted, got in zip(taps, reference(taps), contender(taps), strict=True):
            if wanted.shape != got.shape and reference.matched and tap.tensor not in graph.outputs:
                missing += 1
            elif wanted.shape != got.shape:
                numbers[tap.tensor] = tap, _apart(wanted, got)
            else:
                numbers[tap.tensor] = tap, _numbers(wanted.astype(np.float64), got.astype(np.float64))
    if not numbers:
        raise ZooError(
            f"{graph.path}: none of its {len(graph.taps)} tensors has the name of one of {reference.name}, and the "
            "outputs are not as many, so that nothing can be compared; compare files of the same exporter"
        )
    nearest = _Nearest(graph.before(), numbers.keys())
    layers, first, unseen = [], None, []
    for tensor, (tap, found) in numbers.items():
        given = [numbers[name][1] for name in nearest.compared(tap.before)]
        taken = max((one["error"] for one in given), default=0.0)
        added = found["error"] if np.isinf(found["error"]) and not np.isinf(taken) else max(found["error"] - taken, 0.0)
        layer = Layer(tensor, tap.node, tap.operator, added=0.0 if np.isnan(added) else added, **found)
        layers.append(layer)
        sound = all(one["relative"] <= TOLERANCE[dtype] for one in given)
        if first is None and layer.relative > TOLERANCE[dtype] and sound:
            first, unseen = layer, _named(nearest.passed(tap.before), graph)
    return Compared(part, layers, missing, dtype, first, unseen)


def _named(tensors: Iterable[str], graph: Graph) -> list[str]:
    """The nodes that make these tensors, but for those that only say a number otherwise."""
    makers = graph.makers()
    nodes = dict.fromkeys(makers[name] for name in tensors if name in makers and makers[name][0] not in _RESTATE)
    return [f"{operator} {node}" for operator, node in reversed(nodes)]


def beyond_float16(done: Compared, graph: Graph) -> list[str]:
    """The nodes that make values which float16 does not hold, and those that take them."""
    tensors = {layer.tensor for layer in done.layers if layer.high > FLOAT16_MOST}
    return [tap.node for tap in graph.taps if tap.tensor in tensors or tensors & set(tap.before)]


def _apart(wanted: np.ndarray, got: np.ndarray) -> dict[str, Any]:
    """What `Layer` says of two tensors of different shapes, but for what it adds."""
    sizes = np.abs(wanted[wanted != 0]).astype(np.float64)
    ranges = {"low": float(sizes.min(initial=np.inf)) if sizes.size else 0.0, "high": float(sizes.max(initial=0.0))}
    off = float("inf")
    figures = {"relative": off, "error": off, "cosine": 0.0, "snr": -off, "largest": off, "elements": wanted.size}
    return figures | ranges | {"shapes": f"{list(got.shape)} instead of {list(wanted.shape)}"}


def _numbers(wanted: np.ndarray, got: np.ndarray) -> dict[str, float]:
    """What `Layer` says of two tensors, but for what it adds. NaN and infinity count as equal where both have them."""
    both = (wanted == got) | (np.isnan(wanted) & np.isnan(got))
    wanted, got = (np.where(both & ~np.isfinite(one), 0.0, one) for one in (wanted, got))
    endless = (np.abs(wanted) > _ENDLESS) & (np.abs(got) > _AS_GOOD_AS_ENDLESS) & (np.sign(wanted) == np.sign(got))
    wanted, got = np.where(endless, 0.0, wanted), np.where(endless, 0.0, got)
    sizes = np.abs(wanted)
    scale = float(sizes[~np.isnan(sizes)].max(initial=0.0))
    low = float(sizes[sizes > 0].min()) if scale else 0.0
    common = {"low": low, "high": scale, "elements": wanted.size}
    if not np.isfinite(got).all() or not np.isfinite(wanted).all():
        off = float("inf")
        return {"relative": off, "error": off, "cosine": 0.0, "snr": -off, "largest": off, **common}
    apart = wanted - got
    largest = float(np.abs(apart).max(initial=0.0))
    noise, signal = float(np.linalg.norm(apart)), float(np.linalg.norm(wanted))
    length = signal * float(np.linalg.norm(got))
    return {
        "relative": _over(largest, scale),
        "error": _over(noise, signal),
        "cosine": float(np.vdot(wanted, got)) / length if length else float(noise == 0),
        "snr": 20 * float(np.log10(signal / noise)) if noise and signal else (float("inf") if not noise else 0.0),
        "largest": largest,
        **common,
    }


def _over(value: float, scale: float) -> float:
    return value / scale if scale else (0.0 if value == 0 else float("inf"))


class _Nearest:
    """What lies right before a tensor.

    Args:
        before: the tensors that each tensor is made of.
        compared: those that were.
    """

    def __init__(self, before: Mapping[str, Sequence[str]], compared: Iterable[str]):
        self._before, self._known = before, set(compared)

    def compared(self, tensors: Sequence[str]) -> list[str]:
        """The compared ones that these are, or are made of."""
        return [name for name in self._seen(tensors) if name in self._known]

    def passed(self, tensors: Sequence[str]) -> list[str]:
        """Those on the way there."""
        return [name for name in self._seen(tensors) if name not in self._known]

    def _seen(self, tensors: Sequence[str]) -> list[str]:
        waiting, seen = list(tensors), dict[str, None]()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen[name] = None
                waiting += () if name in self._known else self._before.get(name, ())
        return [*seen]
