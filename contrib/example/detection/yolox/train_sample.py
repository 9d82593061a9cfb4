"""Makes sample.safetensors: yolox_sample trained on drawn scenes that the sample data set does not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
import torch
import torch.nn.functional as F
from model import MODEL
from PIL import Image

from utils.datasets.samples.scenes import CLASSES, Scene, sized_scene
from utils.postprocess.pytorch.detection import grid
from utils.training.boxes import varied
from utils.training.steps import OneCycle
from zoo.training import finish

SAMPLE = MODEL.variant()

SEED, SCENES, EPOCHS, BATCH, RATE = 0, 1200, 12, 8, 2e-3
MOST = 8  # objects a scene, at most
RADIUS = 1.5  # cells around an object's centre that may stand for it
FAR = 1e5  # the cost of a cell that may not


def main() -> None:
    """Train, print the metric on scenes that training never saw, write the weights."""

    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    start = time.perf_counter()
    model = MODEL.variant("yolox_sample")
    images, targets = prepared(model, [sized_scene(number) for number in range(SCENES)])
    print(f"{SCENES} scenes drawn, {time.perf_counter() - start:.0f} s", flush=True)
    network = model.build().train()
    steps = EPOCHS * -(-SCENES // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=5e-4, rise=0.15, longest=10.0)
    for epoch in range(EPOCHS):
        total = 0.0
        for chosen in torch.randperm(SCENES, generator=generator).split(BATCH):
            batch, truth = varied(images[chosen], targets[chosen], generator)
            loss = loss_of(network(batch), truth, images.shape[-1])
            cycle.step(loss)
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total * EPOCHS / steps:.3f}, {time.perf_counter() - start:.0f} s", flush=True)
    finish(model, network, "scenes", start)


def prepared(model: Any, scenes: list[Scene]) -> tuple[Any, Any]:
    """Scenes as the network takes them, by the model's own preprocessing.

    Returns uint8 [N, 3, S, S], and float32 [N, MOST, 5]: class (-1 where there is none), centre x, y, width, height in
    pixels of the input.
    """
    images, targets = [], torch.zeros(len(scenes), MOST, 5)
    targets[..., 0] = -1
    for number, scene in enumerate(scenes):
        (array,), placed = model.task.preprocess(Image.fromarray(scene.image))
        images.append(array.astype(np.uint8))
        for place, thing in enumerate(scene.objects):
            left, top, right, bottom = (side * placed.scale for side in thing.box)
            row = (thing.label, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
            targets[number, place] = torch.tensor(row)
    return torch.from_numpy(np.stack(images)), targets


def loss_of(raw: Any, truth: Any, side: int) -> Any:
    """The loss of YOLOX: 5 x (1 - IoU²), objectness and class by cross entropy, over the cells that stand for objects.

    raw: [N, cells, 5 + classes], logits. truth: [N, MOST, 5] as `prepared` gives it.
    """
    corners, strides = (torch.from_numpy(array) for array in grid(side, side))
    centres = (raw[..., :2] + corners) * strides
    boxes = torch.cat([centres, raw[..., 2:4].clamp(max=6).exp() * strides], -1)
    assigned, overlap = assignment(boxes.detach(), raw.detach(), truth, corners, strides)
    positive = assigned >= 0
    count = positive.sum().clamp(min=1)
    chosen = truth.gather(1, assigned.clamp(min=0)[..., None].expand(-1, -1, 5))[positive]
    iou = pair_iou(boxes[positive], chosen[:, 1:])
    wanted = F.one_hot(chosen[:, 0].long(), len(CLASSES)) * overlap[positive][:, None]
    logits = raw[positive][:, 5:]
    parts = (
        5 * (1 - iou.square()).sum(),
        F.binary_cross_entropy_with_logits(raw[..., 4], positive.float(), reduction="sum"),
        F.binary_cross_entropy_with_logits(logits, wanted, reduction="sum"),
    )
    return sum(parts) / count


@torch.no_grad()
def assignment(boxes: Any, raw: Any, truth: Any, corners: Any, strides: Any) -> tuple[Any, Any]:
    """SimOTA: which object each cell stands for, [N, cells] (-1: none), and the IoU of its box with it.

    Cells near an object's centre are candidates. An object takes as many of the cheapest as the ten best
    IoUs sum up to; the cost is that of class and box. A cell that several want goes to the cheapest.
    """
    valid = truth[..., 0] >= 0
    middles = (corners + 0.5) * strides
    away = (middles[None, None] - truth[:, :, None, 1:3]).abs().amax(-1)
    candidate = (away < RADIUS * strides[:, 0]) & valid[..., None]
    iou = pair_iou(boxes[:, None], truth[:, :, None, 1:]) * candidate
    probability = (raw[..., 5:].sigmoid() * raw[..., 4:5].sigmoid()).sqrt()[:, None]
    one_hot = F.one_hot(truth[..., 0].clamp(min=0).long(), len(CLASSES))[:, :, None].float()
    shape = torch.broadcast_shapes(probability.shape, one_hot.shape)
    entropy = F.binary_cross_entropy(probability.expand(shape), one_hot.expand(shape), reduction="none").sum(-1)
    cost = entropy - 3 * (iou + 1e-8).log() + FAR * ~candidate
    amount = iou.topk(10, -1).values.sum(-1).int().clamp(min=1)
    rank = cost.argsort(-1).argsort(-1)
    taken = (rank < amount[..., None]) & candidate
    cost = cost.masked_fill(~taken, float("inf"))
    cheapest = cost.argmin(1)
    assigned = torch.where(taken.any(1), cheapest, -1)
    return assigned, iou.gather(1, cheapest[:, None])[:, 0]


def pair_iou(one: Any, other: Any) -> Any:
    """IoU of boxes (centre x, y, width, height) over the last axis, which both broadcast over the others."""
    low = torch.maximum(one[..., :2] - one[..., 2:] / 2, other[..., :2] - other[..., 2:] / 2)
    high = torch.minimum(one[..., :2] + one[..., 2:] / 2, other[..., :2] + other[..., 2:] / 2)
    common = (high - low).clamp(min=0).prod(-1)
    return common / (one[..., 2:].prod(-1) + other[..., 2:].prod(-1) - common + 1e-9)


if __name__ == "__main__":
    main()
