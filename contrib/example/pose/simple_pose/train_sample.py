"""Makes sample.safetensors: a narrow SimplePose, trained on drawn figures.

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

from utils.datasets.samples.figures import draw_figures
from utils.keypoints import coco_points, mirrored
from utils.preprocess.pytorch.pose import Person
from utils.training.steps import OneCycle
from zoo.training import finish

SAMPLE = MODEL.variant()

SEED, PICTURES, STEPS, BATCH, RATE = 0, 1600, 4000, 24, 4e-3
SPREAD = 1.5  # of the bell around a point, in cells
SHARP = 12.0  # a bell's top is so much larger, as a logit, than what is beside it
HEIGHT, WIDTH = SAMPLE.entry.inputs[0].shape[2:]
CELLS = (int(HEIGHT) // 4, int(WIDTH) // 4)
LAST = (int(WIDTH) - 1) / 4  # the cell that the first one becomes when pixels are mirrored


def drawn(random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """float16 [people, 3, H, W] of cut-outs, and float32 [people, 17, 2], x and y of each point in cells."""
    inputs, places = [], []
    for seed in range(PICTURES):
        picture, figures = draw_figures(seed)
        for figure in figures:
            left, top, width, height = figure.box
            moved = random.uniform(-0.05, 0.05, 4) * (width, height, width, height)
            box = (left + moved[0], top + moved[1], width + moved[2], height + moved[3])
            (array,), cut = SAMPLE.task.preprocess(Person(Image.fromarray(picture), box))
            inputs.append(array.astype(np.float16))
            places.append((figure.points[:, :2] - cut.centre) * (CELLS[1] / cut.size[0]) + (CELLS[1] / 2, CELLS[0] / 2))
    return np.stack(inputs), np.stack(places).astype(np.float32)


def targets(places: Any) -> Any:
    """[N, 17, rows, columns] of [N, 17, 2]: a bell around each point, 1 at its top."""
    import torch

    across = torch.exp(-((torch.arange(CELLS[1]) - places[..., :1]) ** 2) / (2 * SPREAD**2))
    down = torch.exp(-((torch.arange(CELLS[0]) - places[..., 1:]) ** 2) / (2 * SPREAD**2))
    return down[..., :, None] * across[..., None, :]


def loss_of(maps: Any, truth: Any) -> Any:
    """Where the point is, as a choice among cells, which is learnt soon; and the bell's height, which makes scores."""
    import torch

    share = truth.flatten(2) / truth.flatten(2).sum(dim=2, keepdim=True)
    place = -(share * torch.log_softmax(SHARP * maps.flatten(2), dim=2)).sum(dim=2).mean()
    return place + 20 * torch.nn.functional.mse_loss(maps, truth)


def main() -> None:
    """Train, print the figures on pictures that training never saw, write the weights as float16."""
    import torch

    torch.manual_seed(SEED)
    random = np.random.RandomState(SEED)
    start = time.perf_counter()
    inputs, places = drawn(random)
    print(f"{len(inputs)} figures drawn, {time.perf_counter() - start:.0f} s", flush=True)
    network = SAMPLE.build().train().to(memory_format=torch.channels_last)  # twice as fast on processors
    cycle = OneCycle(network.parameters(), RATE, STEPS, decay=1e-3, rise=0.15)
    swapped = torch.from_numpy(mirrored(coco_points()))
    for step in range(STEPS):
        chosen = random.choice(len(inputs), BATCH, replace=False)
        batch, truth = torch.from_numpy(inputs[chosen]).float(), torch.from_numpy(places[chosen])
        if step % 2:
            batch, truth = batch.flip(3), truth[:, swapped] * torch.tensor([-1.0, 1.0]) + torch.tensor([LAST, 0.0])
        loss = loss_of(network(batch), targets(truth))
        cycle.step(loss)
        if step % 100 == 99:
            print(f"step {step + 1}: loss {loss.item():.3f}, {time.perf_counter() - start:.0f} s", flush=True)
    finish(SAMPLE, network, "figures", start)


if __name__ == "__main__":
    main()
