"""Makes sample.safetensors: maskrcnn_sample trained on drawn scenes that the sample data set does not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
import torch
from model import MODEL, SAMPLE

from utils.datasets.samples.scenes import Scene, sized_scene
from utils.training.steps import OneCycle, round_weights, save_weights
from zoo.model import Model
from zoo.running.reference import reference_runner, together

SEED, SCENES, EPOCHS, BATCH, RATE = 0, 800, 12, 8, 2e-3


def main() -> None:
    """Train, print the metric on scenes that training never saw, write the weights."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    start = time.perf_counter()
    model = MODEL.variant(SAMPLE)
    scenes = [sized_scene(number) for number in range(SCENES)]
    print(f"{SCENES} scenes drawn, {time.perf_counter() - start:.0f} s", flush=True)
    network = model.build().train()
    steps = EPOCHS * -(-SCENES // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=1e-4, rise=0.15, longest=10.0)
    for epoch in range(EPOCHS):
        total = 0.0
        for chosen in torch.randperm(SCENES, generator=generator).split(BATCH):
            pairs = [varied(scenes[number], generator) for number in chosen.tolist()]
            loss = sum(network([image for image, _ in pairs], [target for _, target in pairs]).values())
            cycle.step(loss)
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total * EPOCHS / steps:.3f}, {time.perf_counter() - start:.0f} s", flush=True)
    round_weights(network)  # what is scored is what is kept
    figures = ", ".join(f"{name} {value:.4f}" for name, value in held_out(model, network.eval()).items())
    print(f"held-out scenes: {figures} ({time.perf_counter() - start:.0f} s in all)")
    save_weights(network, model.sample_weights)


def varied(scene: Scene, generator: Any) -> tuple[Any, dict[str, Any]]:
    """A scene upside down and mirrored by chance, with its channels shuffled, as torchvision's detectors take it."""
    axes = tuple(axis for axis in (0, 1) if torch.rand(1, generator=generator) < 0.5)
    order = torch.randperm(3, generator=generator).tolist()
    pixels = np.flip(scene.image[..., order], axes).copy()
    owner = np.flip(scene.owner, axes).copy()
    masks = np.stack([owner == number for number in range(1, len(scene.objects) + 1)])
    boxes = []
    for mask in masks:
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255, {
        "boxes": torch.tensor(boxes, dtype=torch.float32),
        "labels": torch.tensor([thing.label + 1 for thing in scene.objects]),
        "masks": torch.from_numpy(masks.astype(np.uint8)),
    }


def held_out(model: Model, network: Any) -> dict[str, float]:
    """The model's metric over its sample data set, a picture at a time, through all three parts."""
    metric = model.task.metric()
    with reference_runner(model, network) as runner:
        for sample in model.task.dataset(model.data("sample")):
            arrays, meta = model.task.preprocess(sample.data)
            found = model.task.postprocess(runner(together(model.task, [arrays])), [meta])
            metric.update(found, [sample.truth])
    return metric.compute()


if __name__ == "__main__":
    main()
