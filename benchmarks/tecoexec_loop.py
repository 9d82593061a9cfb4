"""tecoexec's method against a plain ONNX Runtime loop on the same network, batch and session options.

Claim: within 2 %. Both run in this process, in turns, on one thread.
"""

from __future__ import annotations

import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from _common import claim, in_turns, machine, network
from engine.base import Engine
from tecoexec.measure import Plan, measure

BATCH, SECONDS, ROUNDS = 8, 0.4, 40


def plain(session: Any, x: np.ndarray) -> float:
    """Images a second of a loop around the runtime."""
    for _ in range(3):
        session.run(["output"], {"input": x})
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        session.run(["output"], {"input": x})
        calls += 1
    return calls * BATCH / (time.perf_counter() - start)


def ours(engine: Engine, x: np.ndarray) -> float:
    """Images a second as tecoexec measures them."""
    found = measure(engine, [x], Plan(duration=SECONDS, iterations=3, warm_up=3))
    return len(found.latencies()) * BATCH / found.seconds()


def main() -> int:
    """Print the medians and the ratio; 1 if the claim does not hold."""
    import onnxruntime

    machine()
    x = np.random.default_rng(0).random((BATCH, 3, 224, 224), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        _, ckpt = network("mobilenet_v3_small", Path(folder))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # threads that wait for each other would double every disturbance
        session = onnxruntime.InferenceSession(str(ckpt), options, providers=["CPUExecutionProvider"])
        with Engine(ckpt, options={"threads": 1}) as engine:
            found = in_turns(ROUNDS, {"tecoexec": partial(ours, engine, x), "plain loop": partial(plain, session, x)})
    found.show("images/s")
    return 0 if claim(found, "tecoexec", "plain loop", low=0.98, high=1.02) else 1


if __name__ == "__main__":
    sys.exit(main())
