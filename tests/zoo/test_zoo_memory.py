"""Memory that was freed stays with the process, unless somebody said otherwise."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

# How often memory had to be asked of the system while a thread wrote to pieces as large as pictures, and freed them.
CHILD = """
import resource, sys, threading
import numpy as np
from zoo.running.memory import keep_freed

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def pictures(count):
    for _ in range(count):
        np.empty(750_000, np.uint8).fill(1), np.empty(400_000, np.uint8).fill(1)

def told():
    pictures(20)
    before = faults()
    pictures(100)
    print(faults() - before)

print(keep_freed())
thread = threading.Thread(target=told)
thread.start()
thread.join()
"""
GLIBC = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt")


def child(root: Path, **environ: str) -> list[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))}
    clean |= {"PYTHONPATH": str(root / "contrib")} | environ
    done = subprocess.run([sys.executable, "-c", CHILD], env=clean, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.skipif(not GLIBC, reason="another C library")
def test_a_thread_gets_its_memory_back_without_asking_the_system(root: Path) -> None:
    kept, faults = child(root)
    assert kept == "True"
    assert int(faults) < 100  # for 100 times 280 pages


@pytest.mark.skipif(not GLIBC, reason="another C library")
def test_settings_of_the_environment_stand(root: Path) -> None:
    kept, faults = child(root, MALLOC_MMAP_THRESHOLD_="65536")
    assert kept == "False"
    assert int(faults) > 100 * 200
