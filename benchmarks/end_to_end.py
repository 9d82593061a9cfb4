"""Validation end to end on JPEGs of 500 x 375, target onnx, against the guide's serial loop and the bound.

Claims: at least 0.95 of the bound, and at least 2.0 times the serial loop on MobileNetV3-small. The bound is cores
over the processor time that preprocessing and network alone take for a sample, each measured on one thread in the
same rounds. Busy cores slow each other, and so do the two stages, which push each other out of the caches. What that
leaves is seen from bare loops, a process a core, each of which preprocesses a batch, runs the network on it, and does
nothing else: at least 0.95 of these is claimed too. Where others use the machine, look at the idle cores: when none is
left, the pipeline took all that it could get.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from _common import by_processor_time, claim, cores, in_turns, load, machine, network, write_pictures
from engine.base import Engine
from utils.datasets.sample import Sample
from zoo.accuracy.verify import spread
from zoo.model import Model
from zoo.running.pipeline import Stages, predictions

# name: images a round, about 6 s of the pipeline's work: the first use of its memory takes a tenth of a second
NETWORKS = {"mobilenet_v3_small": 1_560, "resnet50": 128}
BATCH, ROUNDS = 16, 5
# Of the bare loops: seconds until they begin and that they last, and pictures before
READY, BARE_SECONDS, WARM = 12, 4, 600


def serial(model: Model, engine: Engine, samples: Sequence[Sample]) -> float:
    """Images a second of the loop that the adaptation guide gives: torchvision's transforms, one batch at a time."""
    from PIL import Image
    from torchvision import transforms

    steps = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()])
    normalise = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    start = time.perf_counter()
    for first in range(0, len(samples), BATCH):
        pictures = [Image.open(sample.data).convert("RGB") for sample in samples[first : first + BATCH]]
        batch = np.stack([normalise(steps(picture)).numpy() for picture in pictures])
        model.task.postprocess([engine(batch)], [None] * len(batch))
    return len(samples) / (time.perf_counter() - start)


def overlapped(model: Model, engine: Engine, samples: Sequence[Sample], rates: list[float]) -> float:
    """Images a second of the pipeline; those a second of its processor time go to `rates`."""
    stages = Stages()
    for _ in predictions(model.task, engine, samples, BATCH, stages, warm_up=1):
        pass
    rates.append(stages.samples / stages.cpu)
    return stages.throughput()


def bare_loops(ckpt: Path, pictures: Path) -> float:
    """Images a second of a process a core, each with a bare loop. They begin at the same moment."""
    command = [sys.executable, __file__, "--bare", str(ckpt), str(pictures), str(time.time() + READY)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(cores())]
    return sum(float(one.communicate()[0]) for one in running)


def bare_loop(ckpt: Path, pictures: Path, begin: float) -> float:
    """Images a second of preprocessing batches and running the network on them, from `begin` on."""
    model = load("classification/resnet").variant()
    samples = model.task.dataset(pictures)
    batch = np.empty((BATCH, 3, 224, 224), np.float32)
    with Engine(ckpt, options={"threads": 1}) as engine:
        for sample in spread(samples, WARM):  # what preprocessing loads after some pictures is loaded then
            model.task.preprocess(sample.data, (batch[0],))
        engine(batch)
        if time.time() > begin:
            raise SystemExit("a bare loop was not ready when it had to begin; try again on cores that nobody uses")
        time.sleep(begin - time.time())
        calls, start = 0, time.perf_counter()
        while (taken := time.perf_counter() - start) < BARE_SECONDS:
            for row in range(BATCH):
                model.task.preprocess(samples[(calls * BATCH + row) % len(samples)].data, (batch[row],))
            engine(batch)
            calls += 1
    return calls * BATCH / taken


def bound(model: Model, engine: Engine, samples: Sequence[Sample]) -> float:
    """Images a second of all cores at full use, from the processor time of one thread for each part alone.

    A quarter of the images, so that it takes about as long as the others: the machine's speed changes within seconds.
    """
    some = spread(samples, len(samples) // 4)
    calls = len(some) // BATCH
    batch = np.empty((BATCH, 3, 224, 224), np.float32)
    start = time.thread_time()
    for number, sample in enumerate(some):
        model.task.preprocess(sample.data, (batch[number % BATCH],))
    preprocessing = (time.thread_time() - start) / len(some)
    engine(batch)
    start = time.thread_time()
    for _ in range(calls):
        engine(batch)
    return cores() / (preprocessing + (time.thread_time() - start) / (calls * BATCH))


def main() -> int:
    """Print the medians and the ratios; 1 if a claim does not hold."""
    if sys.argv[1:2] == ["--bare"]:
        print(bare_loop(Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4])))
        return 0
    machine()
    good = True
    with tempfile.TemporaryDirectory() as folder:
        pictures = write_pictures(Path(folder) / "pictures", max(NETWORKS.values()))
        for name, count in NETWORKS.items():
            model, ckpt = network(name, Path(folder) / name)
            samples = spread(model.task.dataset(pictures), count)
            with (
                Engine(ckpt) as plain,
                Engine(ckpt, streams=cores()) as engine,
                Engine(ckpt, options={"threads": 1}) as one_thread,
            ):
                rates: list[float] = []
                jobs = {
                    "pipeline": lambda: overlapped(model, engine, samples, rates),  # noqa: B023
                    "serial loop": lambda: serial(model, plain, samples),  # noqa: B023
                    "bare loops": lambda: bare_loops(ckpt, pictures),  # noqa: B023
                    "bound": lambda: bound(model, one_thread, samples),  # noqa: B023
                }
                found = in_turns(ROUNDS, jobs)
            print(name)
            found.show("images/s")
            good &= claim(found, "pipeline", "serial loop", low=2.0 if name == "mobilenet_v3_small" else 1.0)
            good &= claim(found, "pipeline", "bound", low=0.95)
            good &= claim(found, "pipeline", "bare loops", low=0.95)
            print(f"  bare loops / bound: {statistics.median(found.ratios('bare loops', 'bound')):.3f}")
            own = statistics.median(
                achieved / (cores() * rate) for achieved, rate in zip(found.figures["pipeline"], rates, strict=True)
            )
            print(f"  pipeline / cores over the processor time a sample that it took itself: {own:.3f}")
            by_processor_time(rates, [bound / cores() for bound in found.figures["bound"]])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
