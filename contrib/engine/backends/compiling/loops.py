"""In which order TVM's loops run on a CPU: convolutions in tiles, everything over the cores.

TVM for CPUs has none of this by itself: without a schedule, loops run as they are written, on one core, and functions
that were fused write every value in between to memory.
"""

from __future__ import annotations

import logging
import math
import re
from typing import Any

from .convolutions import PRODUCT, SPREAD, legalised

_SMALL = 1 << 15  # values: less is done before another core has begun
_SMALL_PRODUCT = 1 << 19  # the same of multiplications, of which a vector has many
_COPIES = 8  # of one value's computation that may come about where it is computed where it is used
_log = logging.getLogger(__name__)


def pipeline(target: Any) -> Any:
    """TVM's pipeline for CPUs, with convolutions of `convolutions.py`, and loops in the order that this file says.

    Args:
        target: tvm.target.Target, of kind llvm.

    Returns:
        A pass from a module of operators to one that TVM's virtual machine runs.
    """
    import tvm
    from tvm import relax
    from tvm.relax.backend.cpu_generic import pipeline as cpu

    lanes = max(tvm.target.codegen.llvm_get_vector_width(target) // 32, 4)

    @tvm.transform.module_pass(opt_level=0)
    def passes(module: Any, _context: Any) -> Any:
        change = relax.transform
        with target:
            return tvm.transform.Sequential(
                [
                    *cpu.library_dispatch_passes(target),
                    change.FoldConstant(),  # weights that are made of other constants are constants then
                    change.LegalizeOps({"relax.nn.conv2d": legalised(lanes)}),
                    change.AnnotateTIROpPattern(),
                    change.FoldConstant(),
                    change.FuseOps(),
                    change.FuseTIR(),
                    tvm.transform.module_pass(_scheduled, opt_level=0),
                    *cpu.dataflow_lower_passes(target),
                    *cpu.finalize_passes(target),
                ]
            )(module)

    return passes


def _scheduled(module: Any, _context: Any) -> Any:
    import tvm

    for name, function in module.functions_items():
        if not isinstance(function, tvm.tirx.PrimFunc):
            continue
        try:
            done = _in_order(function)
        except (RuntimeError, TypeError, ValueError) as error:
            # what TVM cannot look into, such as sorting, runs as it is written
            _log.debug("the loops of %s stay as they are: %s", name.name_hint, error)
            continue
        module.update_func(name, done.with_attr("global_symbol", name.name_hint))
    return module


def _in_order(function: Any) -> Any:
    """`function` with its loops in order. Raises TVM's errors where its blocks cannot be told apart."""
    import tvm

    schedule = tvm.s_tir.Schedule(tvm.IRModule({"main": function}))
    _inline(schedule)
    for block in _blocks(schedule):
        name = schedule.get(block).name_hint
        if name == PRODUCT and "vectors" in schedule.get(block).annotations:
            _tiles(schedule, block)
        else:
            _over_cores(schedule, block, name == SPREAD)
    return schedule.mod["main"]


def _blocks(schedule: Any) -> list[Any]:
    return list(schedule.get_child_blocks(schedule.get_sblock("root")))


def _inline(schedule: Any) -> None:
    """Compute values where they are used, if these are element by element, and few times each."""
    copies: dict[str, int] = {}
    for block in _blocks(schedule):
        one = schedule.get(block)
        if one.name_hint in (SPREAD, PRODUCT) or not _element_wise(one):
            continue
        users = [schedule.get(user) for user in schedule.get_consumers(block)]
        written = one.writes[0].source.name
        if not users or any(not _element_wise(user) or _values(user) > _values(one) for user in users):
            continue
        uses = max(_reads(user, written) for user in users)
        made = uses * copies.get(written, 1)
        if made > _COPIES:
            continue
        try:
            schedule.compute_inline(block)
        except RuntimeError as error:
            _log.debug("%s is computed before it is used: %s", one.name_hint, error)
            continue
        for user in users:
            name = user.writes[0].source.name
            copies[name] = max(copies.get(name, 1), made)


def _element_wise(block: Any) -> bool:
    return len(block.writes) == 1 and all(int(axis.iter_type) == 0 for axis in block.iter_vars)


def _values(block: Any) -> int:
    return math.prod(int(size) for size in block.writes[0].source.shape)


def _reads(block: Any, tensor: str) -> int:
    """How often the computation of one value reads from `tensor`. TVM has no walk over a block's body: its text has."""
    return len(re.findall(rf"\b{re.escape(tensor)}\[", str(block.body)))


def _tiles(schedule: Any, block: Any) -> None:
    """Tiles side by side over the cores, all channels of some pixels before the next pixels; sums stay in registers."""
    said = schedule.get(block).annotations
    row, group, part, inner, place, channel, down, right = schedule.get_loops(block)
    result = schedule.cache_write(block, 0, "local")
    where, vector, lane = schedule.split(place, [None, int(said["vectors"]), int(said["lanes"])])
    schedule.reorder(row, group, where, part, channel, down, right, inner, vector, lane)
    large = _steps(schedule, schedule.get_loops(block)) >= _SMALL_PRODUCT
    outer = schedule.fuse(row, group, where, part)
    if large:
        schedule.parallel(outer)
    schedule.reverse_compute_at(result, outer)
    *within, last = schedule.get_loops(result)[1:]
    _registers(schedule, [*within, *schedule.split(last, [None, int(said["lanes"])])])
    _registers(schedule, [inner, vector, lane])
    first = schedule.decompose_reduction(block, channel)
    _registers(schedule, schedule.get_loops(first)[1:])


def _steps(schedule: Any, loops: list[Any]) -> int:
    return math.prod(int(schedule.get(loop).extent) for loop in loops)


def _registers(schedule: Any, loops: list[Any]) -> None:
    """Loops over a tile: written out, the last one as a vector, so that each sum has a register."""
    *outer, lane = loops
    schedule.vectorize(lane)
    for loop in outer:
        schedule.unroll(loop)


def _over_cores(schedule: Any, block: Any, spread: bool) -> None:
    """Share a block's outer loops among the cores, if it is worth it; LLVM makes vectors of the innermost one."""
    kinds = [int(axis.iter_type) for axis in schedule.get(block).iter_vars]
    loops = schedule.get_loops(block)
    size = _steps(schedule, loops)
    if spread:
        place, within = schedule.split(loops[-1], [None, int(schedule.get(block).annotations["width"])])
        loops[-1:] = [place, within]
        kinds.append(0)
    shared = loops[: next((number for number, kind in enumerate(kinds) if kind != 0), len(loops) - 1)]
    if size < _SMALL or not shared or len(kinds) != len(loops):
        return
    try:
        schedule.parallel(schedule.fuse(*shared) if len(shared) > 1 else shared[0])
    except RuntimeError as error:
        _log.debug("%s runs on one core: %s", schedule.get(block).name_hint, error)
