"""What a call of the engine costs over the runtime's own call, on LeNet at batch 1.

Claim: at most 20 microseconds. The two are called in turns, so that whatever else the machine does hits both, and the
median of the paired differences counts. Run: make bench, or python benchmarks/engine_overhead.py
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "contrib"))

import numpy as np
import onnxruntime

from engine.tecoinfer_pytorch import TecoInferEngine
from zoo.catalogue import load
from zoo.exporting.export import export
from zoo.manifest import Exported

CLAIM_MICROSECONDS = 20.0
PAIRS, WARM_UP = 20_000, 500


def microseconds(call: Callable[[], Any]) -> float:
    """Time of one call."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e6


def main() -> int:
    """Print both times and their difference; 1 if the claim does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        exported: Exported = export(load("classification/lenet").variant(), Path(folder))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(exported.dynamic), options, providers=["CPUExecutionProvider"])
        with TecoInferEngine(exported.dynamic, options={"threads": 1}) as engine:
            x = np.random.default_rng(0).standard_normal((1, 1, 32, 32), np.float32)
            pairs = [
                (microseconds(lambda: session.run(["output"], {"input": x})), microseconds(lambda: engine(x)))
                for _ in range(WARM_UP + PAIRS)
            ][WARM_UP:]
    own = statistics.median(before for before, _ in pairs)
    extra = statistics.median(after - before for before, after in pairs)
    print(
        f"session.run {own:.1f} us; engine adds {extra:.1f} us, x{1 + extra / own:.2f} (claim: at most "
        f"{CLAIM_MICROSECONDS:.0f} us)"
    )
    return 0 if extra <= CLAIM_MICROSECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
