"""Makes sample.safetensors: LeNet-5 trained on the digits that the sample data set leaves for training.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py [lenet_binary]
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL
from PIL import Image

from utils.datasets.samples.digits import load_split
from utils.training.steps import OneCycle
from zoo.training import finish

SAMPLE = MODEL.variant(sys.argv[1] if len(sys.argv) > 1 else None)

SEED, EPOCHS, BATCH, RATE = 0, 60, 64, 2e-3


def prepared(images: np.ndarray) -> Any:
    """[N, 8, 8] uint8 to the tensor that the network takes, by the model's own preprocessing: [N, 1, 32, 32]."""
    import torch

    return torch.from_numpy(np.stack([SAMPLE.task.preprocess(Image.fromarray(image))[0][0] for image in images]))


def moved(batch: Any, generator: Any) -> Any:
    """`batch`, each picture turned by up to 10°, scaled by up to 10 % and shifted by up to 2 pixels of 32."""
    import torch

    count = len(batch)
    amount = torch.rand(4, count, generator=generator) * 2 - 1
    angle, scale = amount[0] * np.pi / 18, 1 + 0.1 * amount[1]
    rows = (
        scale * angle.cos(),
        -scale * angle.sin(),
        amount[2] / 8,
        scale * angle.sin(),
        scale * angle.cos(),
        amount[3] / 8,
    )
    theta = torch.stack(rows, dim=1).view(count, 2, 3)
    grid = torch.nn.functional.affine_grid(theta, list(batch.shape), align_corners=False)
    # black is -1 after normalisation, and outside of the picture it is black
    return torch.nn.functional.grid_sample(batch + 1, grid, align_corners=False) - 1


def main() -> None:
    """Train, print the accuracy on digits that training never saw, write the weights."""
    import torch

    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    start = time.perf_counter()
    train, _ = load_split()
    inputs, targets = prepared(train.images), torch.from_numpy(train.labels)
    network = SAMPLE.build()
    steps = EPOCHS * -(-len(inputs) // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=1e-2)
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(len(inputs), generator=generator).split(BATCH):
            loss = torch.nn.functional.cross_entropy(network(moved(inputs[chosen], generator)), targets[chosen])
            cycle.step(loss)
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: loss {loss.item():.4f}, {time.perf_counter() - start:.0f} s")
    finish(SAMPLE, network, "digits", start, half=not SAMPLE.default)


if __name__ == "__main__":
    main()
