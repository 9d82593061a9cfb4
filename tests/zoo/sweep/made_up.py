"""A library of small networks, of which some are as bad as those of real libraries: python made_up.py [flags]."""

import os
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from zoo.contributing.sweep.command import main
from zoo.family import Family
from zoo.libraries.classifier import classifier
from zoo.libraries.names import Facts

NAMES = ("crashes", "differs", "good", "hangs", "raises")


def network(name: str) -> Any:
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Conv2d(3, 8, 5, stride=4)
            self.last = torch.nn.Linear(8, 1000)

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            if pictures.shape[-1] < 64:
                raise ValueError("too small")
            found = self.last(self.first(pictures).relu().mean((2, 3)))
            # a number of this very batch, which the tracer takes for a constant
            return found * float(pictures.abs().sum()) if name == "differs" else found

    if name == "crashes":
        os.abort()
    if name == "raises":
        raise RuntimeError("no such luck")
    while name == "hangs":
        Path("hangs.pid").write_text(str(os.getpid()))
        time.sleep(0.1)
    return Network()


FAMILY = Family(
    domain="classification",
    name="made_up",
    title="A made-up library",
    folder=Path(__file__).resolve().parent,
    # PyTorch takes seconds to import, and networks that are never built do not need it
    framework="pytorch" if {"good", "differs"} & set(sys.argv) else "onnx",
    names=NAMES,
    make=lambda name: classifier(
        Facts(size=96, resize=96, any_size=True), build=partial(network, name), source="here", licence="BSD-3-Clause"
    ),
)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell runs in the background
    sys.exit(main(FAMILY, sys.argv[1:]))
