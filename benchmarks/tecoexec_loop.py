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

from _common import by_processor_time, claim, in_turns, machine, network
from engine.base import Engine
from tecoexec.measure import Plan, measure

BATCH, SECONDS, ROUNDS = 8, 0.4, 40


def plain(session: Any, x: np.ndarray, rates: list[float]) -> float:
    """Images a second of a loop around the runtime; those a second of processor time go to `rates`."""
    for _ in range(3):
        session.run(["output"], {"input": x})
    start, start_cpu, calls = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - start < SECONDS:
        session.run(["output"], {"input": x})
        calls += 1
    rates.append(calls * BATCH / (time.process_time() - start_cpu))
    return calls * BATCH / (time.perf_counter() - start)


def ours(engine: Engine, x: np.ndarray, rates: list[float]) -> float:
    """Images a second as tecoexec measures them; those a second of processor time go to `rates`."""
    for _ in range(3):
        engine(x)
    start_cpu = time.process_time()
    found = measure(engine, [x], Plan(duration=SECONDS, iterations=3, warm_up=3))
    calls = found.warm_up_calls + len(found.latencies())
    rates.append(calls * BATCH / (time.process_time() - start_cpu))
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
            rates: tuple[list[float], list[float]] = ([], [])
            jobs = {"tecoexec": partial(ours, engine, x, rates[0]), "plain loop": partial(plain, session, x, rates[1])}
            found = in_turns(ROUNDS, jobs)
    found.show("images/s")
    good = claim(found, "tecoexec", "plain loop", low=0.98, high=1.02)
    by_processor_time(*rates)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
