"""Which nodes stay in float32: those whose rounding adds most error, as few of them as are enough."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from zoo.layers.compare import beyond_float16, compare
from zoo.layers.debug import DebugOptions, calls
from zoo.layers.rounded import plain
from zoo.layers.sources import FileSource
from zoo.layers.taps import Graph

from .candidates import Candidates, Place

_CLOSE = 0.05  # of all nodes: the search ends where the answer is known as nearly as that
_log = logging.getLogger(__name__)


def most_costly(candidates: Candidates, options: DebugOptions) -> list[Place]:
    """Every node that may be rounded, those first whose rounding adds most error to what they give.

    For float16, those whose values it does not hold come before them, with those that take such values. Both graphs
    are run on ONNX Runtime, tensor by tensor, with everything rounded that can be.
    """
    setting = plain(candidates.setting)
    added: dict[Place, float] = {}
    first: list[Place] = []
    given = {call.part: call for call in reversed(calls(setting, options))}
    with tempfile.TemporaryDirectory(prefix="zoo-compress-") as folder:
        for name, rounder in candidates.rounders.items():
            if name not in given:
                continue
            arrays = given[name].inputs
            before, after = Path(folder, "float32.onnx"), Path(folder, "rounded.onnx")
            rounder.write_float32(before)
            rounder.write(after)
            graphs = [Graph(path, [array.shape for array in arrays]) for path in (before, after)]
            reference = FileSource(setting, graphs[0], arrays)
            contender = FileSource(setting.but(dtype=candidates.rounded.dtype), graphs[1], arrays)
            done = compare(name, reference, contender, graphs[1], candidates.judged_as)
            for layer in done.layers:
                place = (name, layer.node)
                added[place] = max(added.get(place, 0.0), layer.added)
            if candidates.kind == "float16":
                first += [(name, node) for node in beyond_float16(done, graphs[0])]
    places = candidates.places()
    ordered = sorted(places, key=lambda place: -added.get(place, 0.0))
    return list(dict.fromkeys([*(place for place in first if place in {*places}), *ordered]))


def fewest(passes: Callable[[Sequence[Place]], bool], ordered: Sequence[Place]) -> list[Place] | None:
    """The shortest beginning of `ordered` with which `passes` holds: doubled until it does, then halved in between.

    Without any, it is known not to hold. What is returned was tried itself; None where nothing is enough
    that leaves more than a few nodes rounded.
    """
    fails, holds, count = 0, len(ordered), 1
    while count < len(ordered):
        if _tried(passes, ordered[:count]):
            holds = count
            break
        fails, count = count, 2 * count
    found = holds if holds < len(ordered) else None
    while holds - fails > max(1, int(_CLOSE * len(ordered))):
        middle = (fails + holds) // 2
        if _tried(passes, ordered[:middle]):
            holds = found = middle
        else:
            fails = middle
    return None if found is None else list(ordered[:found])


def _tried(passes: Callable[[Sequence[Place]], bool], keep: Sequence[Place]) -> bool:
    held = passes(keep)
    _log.info("%4d nodes in float32: %s", len(keep), "holds" if held else "does not hold")
    return held
