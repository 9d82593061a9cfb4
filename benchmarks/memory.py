"""Peak memory of validating 10,000 images against validating 1,000.

Claim: at most 1.05 times. Each is a process of its own, which tells its own peak.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from _common import ROOT, claim, in_turns, load, machine, write_pictures
from zoo.exporting.export import ExportOptions, export

ROUNDS = 1  # peak memory hardly varies, and 10,000 images take their time
CHILD = """
import contextlib, io, sys
sys.path[:0] = sys.argv[1].split(":")
from tecoexec.host import peak_memory_mib
from zoo import catalogue
from zoo.commands import valid
with contextlib.redirect_stdout(io.StringIO()):
    code = valid.main(catalogue.load("classification/resnet"), sys.argv[2:])
assert code == 0, code
print(peak_memory_mib())
"""


def peak(ckpt: Path, pictures: Path) -> float:
    """MiB."""
    flags = ["--ckpt", str(ckpt), "--data_path", str(pictures), "--variant", "resnet18", "--input_size", "64"]
    command = [sys.executable, "-c", CHILD, f"{ROOT}:{ROOT / 'contrib'}", *flags]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> int:
    """Print the medians and the ratio; 1 if the claim does not hold."""
    machine()
    with tempfile.TemporaryDirectory() as folder:
        ckpt = export(load("classification/resnet").variant("resnet18"), Path(folder), ExportOptions("random")).dynamic
        few, many = (write_pictures(Path(folder) / str(count), count) for count in (1_000, 10_000))
        found = in_turns(ROUNDS, {"10,000 images": partial(peak, ckpt, many), "1,000 images": partial(peak, ckpt, few)})
    found.show("MiB")
    return 0 if claim(found, "10,000 images", "1,000 images", high=1.05) else 1


if __name__ == "__main__":
    sys.exit(main())
