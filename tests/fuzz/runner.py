"""Runs cases in processes of their own, so that a crash or a hang is a result like any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.loaders import LOADERS
from zoo_core.machine import cores

ROOT = Path(__file__).resolve().parents[2]
HANGS_AFTER = 300  # seconds for a process; its cases take a few milliseconds each


@dataclass
class Result:
    """What came of the cases: how many of each outcome, and the wrong ones in words."""

    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def run(count: int, seed: int = 0, names: Sequence[str] = tuple(LOADERS)) -> Result:
    """Run `count` cases over the loaders in turn.

    Args:
        count: of cases.
        seed: another one gives other damage.
        names: the loaders, keys of `LOADERS`.
    """
    workers = min(cores(), max(count // 50, 1))
    size = -(-count // workers)
    pieces = [(first, min(size, count - first)) for first in range(0, count, size)]
    result = Result()
    with ThreadPoolExecutor(workers) as pool:
        for outcomes, wrong in pool.map(lambda piece: _piece(seed, piece[0], piece[1], names), pieces):
            result.outcomes.update(outcomes)
            result.wrong += wrong
    return result


def _piece(seed: int, first: int, count: int, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """(outcomes, wrong ones) of one process; where it ends, the case is wrong and another one goes on behind it."""
    outcomes: list[str] = []
    wrong: list[str] = []
    while count:
        code, lines = _worker(seed, first, count, names)
        done = [line for line in lines if not line.startswith("case ")]
        cases = [line for line in lines if line.startswith("case ")]
        for case, line in zip(cases, done, strict=False):
            outcomes.append(line.split(" ")[0])
            if line.startswith("WRONG"):
                wrong.append(f"seed {seed}, {case}: {json.loads(line[6:])}")
        if code == 0:
            break
        if len(cases) <= len(done):
            raise RuntimeError(f"the worker did not begin: {lines[-1:]} (seed {seed}, exit code {code})")
        outcomes.append("WRONG")
        wrong.append(f"seed {seed}, {cases[-1]}: the process ended with {code}")
        first, count = first + len(cases), count - len(cases)
    return outcomes, wrong


def _worker(seed: int, first: int, count: int, names: Sequence[str]) -> tuple[int, list[str]]:
    """(exit code, lines) of a process."""
    paths = [str(ROOT / "contrib"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.fuzz.worker", *map(str, (seed, first, count)), *names]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=HANGS_AFTER, check=False
        )
    except subprocess.TimeoutExpired as error:
        told = error.stdout or b""
        return -1, (told.decode() if isinstance(told, bytes) else told).splitlines()
    return done.returncode, [*done.stdout.splitlines(), *([] if done.stdout else [done.stderr[-2000:]])]
