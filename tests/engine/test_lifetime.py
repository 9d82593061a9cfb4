"""An engine in a process that was forked off."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CONTRIB = Path(__file__).resolve().parents[2] / "contrib"
CODE = """
import os, sys
import numpy as np
from engine.base import Engine, ReleasedError
engine = Engine(sys.argv[1])
x = np.ones((2, 3), np.float32)
engine(x)
child = os.fork()
if child == 0:
    for use in (lambda: engine(x), lambda: engine.submit(x).result(timeout=20)):
        try:
            use()
        except ReleasedError as error:
            print("told:", "fork" in str(error), flush=True)
    engine.release()
    os._exit(0)
os.waitpid(child, 0)
print("parent:", engine(x).tolist() == (2 * x).tolist(), flush=True)
engine.release()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_after_a_fork_the_child_is_told_and_the_parent_goes_on(doubling: Callable[..., Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(doubling(["batch", 3]))],
        env=os.environ | {"PYTHONPATH": str(CONTRIB)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == ["told: True", "told: True", "parent: True"], done.stderr
