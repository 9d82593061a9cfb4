"""The second start of compiling targets against the first, on ResNet-50: opening the engine in a fresh process.

Claim: at least 5 times faster. A start is what `Engine(...)` takes, in a process of its own that has imported the
runtime before. "with first call" adds one call. Run: make bench, or python benchmarks/engine_cache.py [targets]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "contrib"))

from engine import backends
from zoo.catalogue import load
from zoo.exporting.export import ExportOptions, export

CONTRIB = Path(__file__).resolve().parent.parent / "contrib"
CLAIM = 5.0
ROUNDS = 3
_START = """
import json, sys, time
import numpy as np
from engine import backends
from engine.base import Engine
path, target = sys.argv[1:]
if target == "cpu":
    from engine.backends.tvm import import_tvm
    import_tvm()
else:
    __import__(target)
start = time.perf_counter()
engine = Engine(path, target=target, batch_size=1, input_size=[[1, 3, 224, 224]])
opened = time.perf_counter()
engine(np.zeros((1, 3, 224, 224), np.float32))
print(json.dumps([opened - start, time.perf_counter() - start]))
engine.release()
"""


def start(path: Path, target: str, home: str) -> tuple[float, float]:
    """Seconds to open the engine, and to open it and call it once, in a process of its own."""
    environ = os.environ | {"PYTHONPATH": str(CONTRIB), "TECO_ZOO_HOME": home}
    command = [sys.executable, "-c", _START, str(path), target]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    opened, called = json.loads(done.stdout.splitlines()[-1])
    return opened, called


def main() -> int:
    """Print both starts of each target; 1 if the claim does not hold for one of them."""
    targets = sys.argv[1:] or [name for name in ("openvino", "cpu") if backends.targets()[name].availability().usable]
    held = True
    with tempfile.TemporaryDirectory() as folder:
        path = export(load("classification/resnet").variant("resnet50"), Path(folder), ExportOptions("random")).dynamic
        for target in targets:
            firsts, seconds = [], []
            for index in range(ROUNDS):
                home = str(Path(folder) / f"home-{target}-{index}")
                firsts.append(start(path, target, home))
                seconds.append(start(path, target, home))
            opening, calling = (
                [statistics.median(one[which] for one in starts) for starts in (firsts, seconds)] for which in (0, 1)
            )
            times = [before / after for before, after in (opening, calling)]
            held = held and times[0] >= CLAIM
            print(f"{target}: first start {opening[0]:.2f} s, second {opening[1]:.2f} s: {times[0]:.1f} times faster")
            print(f"  with the first call {calling[0]:.2f} s and {calling[1]:.2f} s: {times[1]:.1f} times faster")
    print(f"claim: at least {CLAIM:.0f} times faster: {'holds' if held else 'DOES NOT HOLD'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
