"""Names for the nodes of an ONNX file that come from PaddlePaddle: after the sublayers that made them.

paddle2onnx numbers the nodes of each operator. Here every node gets the name of the innermost sublayer that it comes
from, as PyTorch's exporter has it: "/layer1.0.conv1/Conv", and "/layer1.0.relu_1/Relu" of a second call. While the
network is made static, each sublayer says which operators of the program are its own; and what the k-th operator of a
kind gives has both in its tensor's name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..backends.paddle import import_paddle

_TENSOR = re.compile(r"p2o\.(?P<kind>.+)\.(?P<number>\d+)\.\d+")
Call = tuple[str, int]  # a sublayer, and which of its calls: 0 is the first
Made = dict[tuple[str, int], Call]  # what the k-th operator of a kind comes from


@contextmanager
def sublayers_watched(layer: Any) -> Iterator[Made]:
    """Fills a table while `layer` is made static: which sublayer the operators of each kind come from."""
    paddle = import_paddle()
    made: Made = {}
    begun: list[int] = []
    spans: list[tuple[Call, int, int]] = []
    calls: Counter[str] = Counter()

    def operators() -> Any:
        return paddle.static.default_main_program().global_block().ops

    def before(_: Any, given: Any) -> None:
        begun.append(len(operators()))

    def after(name: str) -> Any:
        def hook(_: Any, given: Any, output: Any) -> None:
            start, found = begun.pop(), operators()
            spans.append(((name, calls[name]), start, len(found)))
            calls[name] += 1
            if not begun:  # no other sublayer is around this one: its operators are final
                made.update(_of(found, spans))
                spans.clear()

        return hook

    handles = []
    for name, one in layer.named_sublayers():
        handles += [one.register_forward_pre_hook(before), one.register_forward_post_hook(after(name))]
    try:
        yield made
    finally:
        for handle in handles:
            handle.remove()


def _of(operators: Any, spans: list[tuple[Call, int, int]]) -> Made:
    """The innermost of the calls, whose spans of operators are given, of each operator within one."""
    innermost: dict[int, Call] = {}
    for call, start, end in spans:  # a call ends before what is around it
        for place in range(start, end):
            innermost.setdefault(place, call)
    made: Made = {}
    seen: Counter[str] = Counter()
    for place, one in enumerate(operators):
        kind = one.name()
        if place in innermost:
            made[kind, seen[kind]] = innermost[place]
        seen[kind] += 1
    return made


def name_nodes(path: Path, made: Made, parameters: dict[str, str]) -> None:
    """Name the nodes of an ONNX file after sublayers, in place.

    Nothing is named where a weight of another sublayer shows that the program was changed behind the watching.

    Args:
        path: what paddle2onnx wrote.
        made: what `sublayers_watched` saw.
        parameters: the sublayer of each parameter, by the parameter's name within the program.
    """
    import onnx

    model = onnx.load(path)
    ends = {one.name for one in model.graph.output}
    seen: Counter[str] = Counter()
    steps: list[Any] = []
    for node in model.graph.node:
        steps.append(node)
        found = next(filter(None, map(_TENSOR.fullmatch, node.output)), None)
        if found is None and not ends & {*node.output}:
            continue  # a step towards what a later node gives
        owners = {parameters[name] for one in steps for name in one.input if name in parameters}
        own = next(iter(owners), ""), 0
        sublayer, call = made.get((found["kind"], int(found["number"])), ("", 0)) if found else own
        if owners - {sublayer} and sublayer:
            return
        for one in steps if sublayer else ():
            name = f"/{sublayer}{f'_{call}' if call else ''}/{one.op_type}"
            one.name = f"{name}_{seen[name]}" if seen[name] else name
            seen[name] += 1
        steps = []
    onnx.save(model, path)
