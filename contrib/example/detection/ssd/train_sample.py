"""Makes sample.safetensors: ssd_sample trained on drawn scenes that the sample data set does not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import torch
from model import MODEL, SAMPLE
from PIL import Image
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import box_convert, box_iou

from utils.datasets.samples.scenes import Scene, sized_scene
from utils.training.boxes import varied
from utils.training.steps import OneCycle
from zoo.training import finish

SEED, SCENES, EPOCHS, BATCH, RATE = 0, 1600, 24, 16, 3e-3
MOST = 8  # objects a scene, at most


def main() -> None:
    """Train, print the metric on scenes that training never saw, write the weights."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    start = time.perf_counter()
    model = MODEL.variant(SAMPLE)
    images, targets = prepared(model, [sized_scene(number) for number in range(SCENES)])
    print(f"{SCENES} scenes drawn, {time.perf_counter() - start:.0f} s", flush=True)
    network = model.build().train()
    steps = EPOCHS * -(-SCENES // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=5e-4, rise=0.15, longest=10.0)
    for epoch in range(EPOCHS):
        total = 0.0
        for chosen in torch.randperm(SCENES, generator=generator).split(BATCH):
            loss = loss_of(network, *varied(images[chosen], targets[chosen], generator))
            cycle.step(loss)
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total * EPOCHS / steps:.3f}, {time.perf_counter() - start:.0f} s", flush=True)
    finish(model, model.part.of(network), "scenes", start)


def prepared(model: Any, scenes: list[Scene]) -> tuple[Any, Any]:
    """Scenes as the network takes them, by the model's own preprocessing.

    Returns float32 [N, 3, S, S], and float32 [N, MOST, 5]: class (-1 where there is none), centre x, y, width, height
    in pixels of the input.
    """
    images, targets = [], torch.zeros(len(scenes), MOST, 5)
    targets[..., 0] = -1
    for number, scene in enumerate(scenes):
        (array,), placed = model.task.preprocess(Image.fromarray(scene.image))
        images.append(torch.from_numpy(array))
        across, down = (inside / side for inside, side in zip(placed.input[::-1], placed.size, strict=True))
        for place, thing in enumerate(scene.objects):
            left, top, right, bottom = thing.box
            corners = torch.tensor((left * across, top * down, right * across, bottom * down))
            targets[number, place, 0] = thing.label
            targets[number, place, 1:] = box_convert(corners, "xyxy", "cxcywh")
    return torch.stack(images), targets


def loss_of(network: Any, images: Any, truth: Any) -> Any:
    """torchvision's loss of SSD: smooth L1 of the offsets, cross entropy of the classes with hard negatives.

    truth: [N, MOST, 5] as `prepared` gives it.
    """
    maps = list(network.backbone(images).values())
    found = network.head(maps)
    anchors = network.anchor_generator(ImageList(images, [tuple(images.shape[2:])] * len(images)), maps)
    targets = [
        {"boxes": box_convert(rows[:, 1:], "cxcywh", "xyxy"), "labels": rows[:, 0].long() + 1}
        for rows in (one[one[:, 0] >= 0] for one in truth)
    ]
    matched = [
        network.proposal_matcher(box_iou(target["boxes"], boxes))
        for target, boxes in zip(targets, anchors, strict=True)
    ]
    return sum(network.compute_loss(targets, found, anchors, matched).values())


if __name__ == "__main__":
    main()
