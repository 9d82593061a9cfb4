"""Writes every net of the conformance suite as a MindIR: python mindspore_nets.py FOLDER, in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import mindspore
import numpy as np
from mindspore import nn, ops

from tests.engine.conformance.nets import FIXED, HALF, KERNEL, LINE, NETS, PAIR, PICTURE, TABLE, TOKENS, TOTAL, Net


class Line(nn.Cell):
    def construct(self, x: Any) -> Any:
        return x * 2 + 1


class Pair(nn.Cell):
    def construct(self, a: Any, b: Any) -> Any:
        return a + b, a * b


class Picture(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.convolve = nn.Conv2d(3, 5, 3, pad_mode="pad", padding=1)
        self.convolve.weight.set_data(mindspore.Tensor(KERNEL))

    def construct(self, x: Any) -> Any:
        return ops.relu(self.convolve(x)).mean((2, 3))


class Tokens(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.table = mindspore.Parameter(mindspore.Tensor(TABLE))

    def construct(self, ids: Any) -> Any:
        return ops.gather(self.table, ids, 0)


class Total(nn.Cell):
    def construct(self, x: Any) -> Any:
        return x.sum()


CELLS = {LINE: Line, FIXED: Line, HALF: Line, PAIR: Pair, PICTURE: Picture, TOKENS: Tokens, TOTAL: Total}


def write(net: Net, folder: Path) -> None:
    """`net`, with dynamic dimensions where it has them."""
    examples = [
        mindspore.Tensor(
            shape=[size if isinstance(size, int) else None for size in spec.shape],
            dtype=getattr(mindspore, spec.dtype),
        )
        if any(isinstance(size, str) for size in spec.shape)
        else mindspore.Tensor(np.zeros(spec.shape, spec.dtype))
        for spec in net.inputs
    ]
    cell = CELLS[net]()
    cell.set_train(False)
    mindspore.export(cell, *examples, file_name=str(folder / net.name), file_format="MINDIR")


if __name__ == "__main__":
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    for each in NETS:
        write(each, Path(sys.argv[1]))
