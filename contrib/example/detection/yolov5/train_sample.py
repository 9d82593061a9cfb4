"""Makes sample.safetensors: yolov5_sample trained on drawn scenes that the sample data set does not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import torch
from model import MODEL, SAMPLE

from utils.training.anchors import anchor_loss
from zoo.training import train_on_scenes

LAST = torch.channels_last  # the order in memory in which a core is faster here


def main() -> None:
    """Train, print the metric on scenes that training never saw, write the weights."""
    torch.manual_seed(0)
    model = MODEL.variant(SAMPLE)
    decoder: Any = model.task.decoder

    def loss_of(network: Any, images: Any, truth: Any) -> Any:
        return anchor_loss(decoder, network(images.contiguous(memory_format=LAST)), truth)

    network = model.build().train().to(memory_format=LAST)
    train_on_scenes(model, network, loss_of, scenes=1500, epochs=20, batch=16, rate=4e-3)


if __name__ == "__main__":
    main()
