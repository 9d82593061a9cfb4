"""Makes sample.safetensors: LeNet-5 trained on the digits that the sample data set leaves for training.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
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
from zoo_core.files import atomic_write

SAMPLE = MODEL.variant()

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
    from safetensors.torch import save_file

    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    start = time.perf_counter()
    train, held_out = load_split()
    inputs, targets = prepared(train.images), torch.from_numpy(train.labels)
    network = SAMPLE.build()
    steps = EPOCHS * -(-len(inputs) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE, total_steps=steps)
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(len(inputs), generator=generator).split(BATCH):
            loss = torch.nn.functional.cross_entropy(network(moved(inputs[chosen], generator)), targets[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: loss {loss.item():.4f}, {time.perf_counter() - start:.0f} s")
    network.eval()
    with torch.inference_mode():
        right = network(prepared(held_out.images)).argmax(1).numpy() == held_out.labels
    print(f"top-1 on {len(right)} held-out digits: {right.mean():.4f} ({time.perf_counter() - start:.0f} s in all)")
    with atomic_write(SAMPLE.sample_weights) as temporary:
        save_file(network.state_dict(), str(temporary))


if __name__ == "__main__":
    main()
