"""example_valid.py against the field's way: a script around timm's loader and ONNX Runtime, the same file and pictures.

Claim: at least 2.1 times the images a second of the whole process, from its start to its exit, on MobileNetV3-small
and 1,560 JPEGs of 500 x 375. The other script is written here against timm's public interface, and does what the ONNX
validation script of timm's repository does, with that script's defaults: batches of 256, two loader processes, ONNX
Runtime with its own defaults, top-1 and top-5. Both scale with the same filter of Pillow to 256 and cut 224, so that
both have to find the same top-1, but for two pictures whose best classes may be as good as equal in batches of
another size; the network's weights are random, and two thirds of the pictures lie in the folder of the class that it
sees in them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from _common import ROOT, claim, in_turns, load, machine, write_pictures
from engine.base import Engine
from zoo.exporting.export import ExportOptions, export
from zoo.model import Model
from zoo.running.pipeline import Stages, predictions

COUNT, ROUNDS = 1_560, 5
APART = 2  # pictures that the two may judge otherwise
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
FIELD = """
import json
import sys

import numpy as np
import onnxruntime
from timm.data import create_dataset, create_loader, resolve_data_config

ckpt, root, classes = sys.argv[1:]
session = onnxruntime.InferenceSession(ckpt, providers=["CPUExecutionProvider"])
config = resolve_data_config({"input_size": (3, 224, 224), "interpolation": "bilinear", "crop_pct": 0.875})
with open(classes) as file:
    numbers = json.load(file)
loader = create_loader(
    create_dataset("", root=root, class_map=numbers),
    input_size=config["input_size"],
    batch_size=256,
    use_prefetcher=False,
    interpolation=config["interpolation"],
    mean=config["mean"],
    std=config["std"],
    crop_pct=config["crop_pct"],
    num_workers=2,
)
name = session.get_inputs()[0].name
first = fifth = seen = 0
for pictures, truths in loader:
    (scores,) = session.run([], {name: pictures.numpy()})
    best = np.argsort(scores)[:, ::-1][:, :5]
    right = best == truths.numpy()[:, None]
    first, fifth, seen = first + right[:, 0].sum(), fifth + right.sum(), seen + len(best)
print("top-1", first / seen, "top-5", fifth / seen, "of", seen)
"""


def labelled(model: Model, ckpt: Path, pictures: Path, root: Path) -> Path:
    """The pictures, by hard links, in class folders: two of three in that of the class that the network sees."""
    samples = model.task.dataset(pictures)
    folders = folders_of(model)
    with Engine(ckpt) as engine:
        found = [one for _, some in predictions(model.task, engine, samples, 16, Stages()) for one in some]
    for number, (sample, ranking) in enumerate(zip(samples, found, strict=True)):
        seen = ranking.classes[0] if number % 3 else (ranking.classes[0] + 1) % len(folders)
        path = root / folders[seen] / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(sample.data, path)
    return root


def folders_of(model: Model) -> Sequence[str]:
    """The class folders' names in the order of the classes."""
    task: Any = model.task
    return task.folders


def rate(command: list[str], word: str, top: list[float]) -> float:
    """Images a second of a whole process; the figure that stands behind `word` in what it prints goes to `top`."""
    start = time.perf_counter()
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{command[1]} ended with {done.returncode}: {done.stderr[-2000:]}")
    top.append(float(done.stdout.rsplit(f"{word} ", 1)[1].split()[0]))
    return COUNT / seconds


def main() -> int:
    """Print the medians and the ratio; 1 if the claim does not hold, or the two do not find the same."""
    machine()
    model = load("classification/mobilenet_v3").variant("mobilenet_v3_small")
    example = ROOT / "contrib/example/classification/mobilenet_v3/example_valid.py"
    with tempfile.TemporaryDirectory() as folder:
        ckpt = export(model, Path(folder), ExportOptions("random")).dynamic
        data = labelled(model, ckpt, write_pictures(Path(folder) / "pictures", COUNT), Path(folder) / "data")
        classes = Path(folder) / "classes.json"
        numbers = {name: index for index, name in enumerate(folders_of(model))}
        classes.write_text(json.dumps(numbers), encoding="utf-8")
        ours = [sys.executable, str(example), "--ckpt", str(ckpt), "--data_path", str(data)]
        ours += ["--variant", "mobilenet_v3_small"]
        field = [sys.executable, "-c", FIELD, str(ckpt), str(data), str(classes)]
        found_ours: list[float] = []
        found_field: list[float] = []
        jobs = {
            "example_valid.py": partial(rate, ours, "eval_metric", found_ours),
            "timm's loader": partial(rate, field, "top-1", found_field),
        }
        for once in jobs.values():
            once()
        found = in_turns(ROUNDS, jobs)
    found.show("images/s")
    apart = max(abs(one - other) for one in found_ours for other in found_field) * COUNT
    same = apart < APART + 0.5
    print(f"  top-1 {found_ours[0]:.4f} and {found_field[0]:.4f}: {'the same' if same else 'NOT THE SAME'}")
    return 0 if claim(found, "example_valid.py", "timm's loader", low=2.1) and same else 1


if __name__ == "__main__":
    sys.exit(main())
