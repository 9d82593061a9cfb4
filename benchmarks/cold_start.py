"""example_single_batch.py as a whole process, against a minimal script that does the same by hand.

Claim: at most 1.1 times. The minimal script imports onnxruntime and Pillow, opens the session and runs once. Python
keeps compiled modules, as it does by default, even where this process was told not to; each side runs once before.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from _common import ROOT, claim, in_turns, load, machine
from zoo.exporting.export import ExportOptions, export

ROUNDS = 9
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
MINIMAL = """
import sys
import numpy as np, onnxruntime
from PIL import Image
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
x = np.asarray(Image.open(sys.argv[2]).convert("RGB").resize((224, 224)), np.float32).transpose(2, 0, 1)[None] / 255
print(session.run(None, {"input": x})[0].argmax())
"""


def seconds(command: list[str], folder: Path) -> float:
    """Of the whole process."""
    start = time.perf_counter()
    subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    return time.perf_counter() - start


def main() -> int:
    """Print the medians and the ratio; 1 if the claim does not hold."""
    machine()
    model = load("classification/resnet").variant()
    picture = sorted(model.demo_folder().glob("*.jpg"))[0]
    example = ROOT / "contrib/example/classification/resnet/example_single_batch.py"
    with tempfile.TemporaryDirectory() as folder:
        ckpt = export(model, Path(folder), ExportOptions("random")).dynamic
        flags = ["--ckpt", str(ckpt), "--data_path", str(picture)]
        jobs = {
            "example": partial(seconds, [sys.executable, str(example), *flags], Path(folder)),
            "minimal": partial(seconds, [sys.executable, "-c", MINIMAL, str(ckpt), str(picture)], Path(folder)),
        }
        for once in jobs.values():
            once()
        found = in_turns(ROUNDS, jobs)
    found.show("s")
    return 0 if claim(found, "example", "minimal", high=1.1) else 1


if __name__ == "__main__":
    sys.exit(main())
