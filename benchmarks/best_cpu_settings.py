"""The best setting of a CPU for each model and target, beside plain ONNX Runtime float32: a table, no claim.

`zoo tune` searches batch, streams, threads and dtype among what passes the acceptance standard. The best setting of
each dtype is then measured again, in turns with a loop around ONNX Runtime on the float32 file with the library's own
defaults, at the batch size that serves it best. What the machine or the file does not offer is missing in the table.
Run: make bench, or python benchmarks/best_cpu_settings.py [models] [--target onnx --target openvino] [--seconds 0.5]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from _common import add_int8, in_turns, load, machine
from engine import backends
from zoo.accuracy.tune import Point, tune
from zoo.accuracy.verify import spread
from zoo.catalogue import ids
from zoo.errors import CheckFailedError, ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.manifest import Exported
from zoo.model import Model
from zoo.running.diagnosis import replay
from zoo.running.engines import open_runner
from zoo.running.pipeline import batches
from zoo.running.setting import Setting
from zoo_core.errors import first_line

# One or two of each domain; "all" on the command line stands for every folder, which takes hours
MODELS = (
    "classification/lenet",
    "classification/mobilenet_v3",
    "classification/resnet",
    "classification/resnet_paddle",
    "detection/yolox",
    "face/centerface",
    "nlp/sentence_embedding",
    "nlp/textcnn",
    "ocr/crnn",
    "ocr/dbnet",
    "recommendation/deepfm",
    "reinforcement/dqn",
    "segmentation/unet",
    "speech/ds_cnn",
)
LIMIT = 256  # samples that the accuracy is checked on
TARGETS, ROUNDS = ("onnx", "openvino"), 7
BATCHES, LARGE_BATCHES = (1, 4, 16), (64, 256)
# Where a call with the largest of BATCHES takes less, what surrounds a call counts, and LARGE_BATCHES are tried too.
QUICK_SECONDS = 2e-3


@dataclass(frozen=True)
class Row:
    """The best setting of one dtype, and its samples a second over those of the plain loop, a round each."""

    model: str
    target: str
    point: Point
    plain_batch: int
    ratios: list[float]
    quiet: int

    def line(self) -> str:
        point = self.point
        low, middle, high = np.percentile(self.ratios, [25, 50, 75])
        return (
            f"| {self.model} | {self.target} | {point.dtype} | {point.batch_size} | {point.streams} | "
            f"{point.threads or '-'} | {self.plain_batch} | **{middle:.2f}** ({low:.2f} to {high:.2f}) | "
            f"{self.quiet} of {len(self.ratios)} |"
        )


def ready(model: Model, rows: int) -> list[np.ndarray]:
    """Real samples of the model, as many as there are, again and again."""
    samples = spread(model.task.dataset(model.data("sample")), rows)
    return next(batches(model.task, [samples[index % len(samples)] for index in range(rows)], rows)).arrays


def plain(session: Any, arrays: list[np.ndarray], seconds: float) -> float:
    """Samples a second of a loop around the runtime."""
    feeds = dict(zip((node.name for node in session.get_inputs()), arrays, strict=True))
    session.run(None, feeds)
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        session.run(None, feeds)
        calls += 1
    return calls * len(arrays[0]) / (time.perf_counter() - start)


def exported_whole(model: Model, folder: Path, targets: Sequence[str]) -> Exported:
    """With an int8 file, where one passes; with random weights, where no others can be had."""
    for weights in (None, "random"):
        try:
            done = export(model, folder, ExportOptions(weights))
        except (ZooError, CheckFailedError) as error:
            print(f"{model.id}, {weights or 'default'} weights: {first_line(error)}", file=sys.stderr)
            continue
        for why in add_int8(model, folder, targets):
            print(f"{model.id}: {why}", file=sys.stderr)
        return done
    raise ZooError(f"{model.id} cannot be exported")


def plain_rates(model: Model, session: Any, seconds: float) -> dict[int, float]:
    """Samples a second of a loop around the runtime, for each batch size that is tried."""
    rates = {rows: plain(session, ready(model, rows), seconds) for rows in BATCHES}
    if BATCHES[-1] / rates[BATCHES[-1]] < QUICK_SECONDS:
        rates |= {rows: plain(session, ready(model, rows), seconds) for rows in LARGE_BATCHES}
    return rates


def best_settings(
    model: Model, exported: Exported, target: str, batch_sizes: Sequence[int], seconds: float
) -> list[Point]:
    """For each dtype that passes, the point of the search with the highest throughput."""
    setting = Setting(model, folder=exported.dynamic.parent, target=target)
    points = tune(setting, setting.dtypes(), batch_sizes, "sample", LIMIT, seconds).points
    if not points:
        raise ZooError(f"no dtype of {model.id} passes on {target}")
    found: dict[str, Point] = {}
    for point in sorted(points, key=lambda one: one.throughput):
        found[point.dtype] = point
    return list(found.values())


def tuned(model: Model, folder: Path, target: str, point: Point, seconds: float) -> float:
    """Samples a second of one setting, in an engine of its own."""
    setting = Setting(
        model,
        folder=folder,
        target=target,
        dtype=point.dtype,
        batch_size=point.batch_size,
        streams=point.streams,
        threads=point.threads,
    )
    with open_runner(setting) as engine:
        arrays = ready(model, point.batch_size)
        engine(arrays)
        return replay(engine, arrays, seconds)[0]


def rows(model: Model, folder: Path, targets: list[str], seconds: float) -> Iterator[Row]:
    """One row a target and dtype."""
    import onnxruntime

    exported = exported_whole(model, folder, targets)
    session = onnxruntime.InferenceSession(str(exported.dynamic), providers=["CPUExecutionProvider"])
    rates = plain_rates(model, session, seconds)
    batch = max(rates, key=rates.__getitem__)
    arrays = ready(model, batch)
    for target in targets:
        if not backends.targets()[target].availability().usable:
            continue
        points = best_settings(model, exported, target, list(rates), seconds)
        jobs: dict[str, Callable[[], float]] = {"plain": partial(plain, session, arrays, seconds)}
        jobs |= {point.dtype: partial(tuned, model, folder, target, point, seconds) for point in points}
        found = in_turns(ROUNDS, jobs)
        for point in points:
            ratios = found.ratios(point.dtype, "plain")
            quiet = len(found.ratios(point.dtype, "plain", quiet=True))
            yield Row(model.id, target, point, batch, ratios, quiet)


def _variant(name: str) -> Model:
    """The one that needs nothing from elsewhere, where there is one."""
    family = load(name)
    return family.variant(family.offline_variant)


def main() -> int:
    """Print the table, row by row, and the geometric mean of each model's best; 1 if a model could not be measured."""
    parser = argparse.ArgumentParser(description="The best CPU settings beside plain ONNX Runtime float32.")
    parser.add_argument("models", nargs="*", help="domain/name, or all (default: those of MODELS)")
    parser.add_argument("--target", action="append", help=f"may be given several times (default {', '.join(TARGETS)})")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each setting and each turn (default 0.5)")
    args = parser.parse_args()
    machine()
    print("| model | target | dtype | batch | streams | threads | plain batch | × plain float32 (quartiles) | quiet |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    best: list[float] = []
    failed = 0
    for name in ids() if args.models == ["all"] else args.models or MODELS:
        ratios: list[float] = []
        try:
            with tempfile.TemporaryDirectory() as folder:
                for row in rows(_variant(name), Path(folder), args.target or list(TARGETS), args.seconds):
                    print(row.line(), flush=True)
                    ratios.append(statistics.median(row.ratios))
        except Exception as error:
            # one model that cannot be measured leaves the others their rows
            print(f"{name} could not be measured: {error}", file=sys.stderr)
            failed += 1
        else:
            best += [max(ratios)] if ratios else []
    if best:
        print(f"\nbest of each model, geometric mean of {len(best)}: {statistics.geometric_mean(best):.2f} × plain")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
