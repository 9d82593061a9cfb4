"""Preprocessing on one core, JPEG file to the network's input, against torchvision's own transforms.

Claims: with the compiled kernel at least 1.8 times torchvision's rate in reference mode, and 2.2 times in fast mode,
which is the same for pictures of this size; without it at least torchvision's rate. Processor time of the thread, in
turns.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from _common import claim, in_turns, load, machine, write_pictures
from utils.preprocess.pytorch import classification
from utils.preprocess.resampled import Loader
from zoo.task import Task

ROUNDS = 15


def rate(preprocess: Callable[[Path], Any], files: list[Path]) -> float:
    """Images a second of processor time."""
    start = time.thread_time()
    for file in files:
        preprocess(file)
    return len(files) / (time.thread_time() - start)


def torchvision_way() -> Callable[[Path], Any]:
    """What torchvision's reference scripts do with a file."""
    import torch
    from torchvision import datasets, transforms

    torch.set_num_threads(1)
    steps = transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    return lambda file: steps(datasets.folder.pil_loader(str(file)))


def _with(loader: Loader, task: Task, file: Path, room: tuple[np.ndarray, ...]) -> Any:
    """The preprocessing with the kernel that `loader` has, or with Pillow alone."""
    classification.LOADER = loader
    return task.preprocess(file, room)


def main() -> int:
    """Print the medians and the ratios; 1 if a claim does not hold."""
    machine()
    task = load("classification/resnet").task
    fast = task.fast() or task
    kernel = Loader()
    kernel.load()
    room = (np.empty((3, 224, 224), np.float32),)
    with tempfile.TemporaryDirectory() as folder:
        files = [sample.data for sample in task.dataset(write_pictures(Path(folder), 40))]
        jobs = {
            "torchvision": partial(rate, torchvision_way(), files),
            "reference": partial(rate, lambda file: _with(Loader(sys.maxsize), task, file, room), files),
            "kernel": partial(rate, lambda file: _with(kernel, task, file, room), files),
            "fast": partial(rate, lambda file: _with(kernel, fast, file, room), files),
        }
        found = in_turns(ROUNDS, jobs)
    found.show("images/s")
    good = claim(found, "kernel", "torchvision", low=1.8)
    good &= claim(found, "reference", "torchvision", low=1.0)
    good &= claim(found, "fast", "torchvision", low=2.2)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
