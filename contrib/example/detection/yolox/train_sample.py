"""Makes the weights of yolox_sample, trained on drawn scenes that the sample data set does not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import torch
import torch.nn.functional as F
from model import MODEL, SAMPLE

from utils.datasets.samples.scenes import CLASSES
from utils.postprocess.pytorch.detection import grid
from utils.training.boxes import pair_iou
from zoo.training import train_on_scenes

RADIUS = 1.5  # cells around an object's centre that may stand for it
FAR = 1e5  # the cost of a cell that may not


def main() -> None:
    """Train, print the metric on scenes that training never saw, write the weights."""
    torch.manual_seed(0)
    model = MODEL.variant(SAMPLE)

    def of(network: Any, images: Any, truth: Any) -> Any:
        return loss_of(network(images), truth, images.shape[-1])

    train_on_scenes(model, model.build().train(), of, scenes=1200, epochs=12, batch=8, rate=2e-3)


def loss_of(raw: Any, truth: Any, side: int) -> Any:
    """The loss of YOLOX: 5 x (1 - IoU²), objectness and class by cross entropy, over the cells that stand for objects.

    raw: [N, cells, 5 + classes], logits. truth: [N, objects, 5] as `train_on_scenes` has it.
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


if __name__ == "__main__":
    main()
