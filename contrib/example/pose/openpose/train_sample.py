"""Makes sample.safetensors: a narrow OpenPose, trained on drawn figures.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL, SAMPLE, SHAPES
from PIL import Image

from utils.datasets.samples.figures import draw_figures
from utils.keypoints import OPENPOSE, OPENPOSE_LIMBS, mirrored
from utils.preprocess.pytorch.detection import PAD
from utils.training.part_fields import part_maps, with_neck
from utils.training.steps import OneCycle
from zoo.training import finish

SEED, PICTURES, STEPS, BATCH, RATE = 0, 1200, 1800, 16, 5e-3
SPREAD, THICK = 1.5, 1.0  # of the bell around a point, and to both sides of a limb, in cells
HEAT, FIELD = 20.0, 4.0  # what a cell with a point, or a limb, counts more than one without
MOST = 3  # people of a drawn picture
SIDE, STRIDE = SHAPES[SAMPLE].side, SHAPES[SAMPLE].stride
LIMBS = [(OPENPOSE.index(one), OPENPOSE.index(other)) for one, other in OPENPOSE_LIMBS]


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """uint8 [pictures, S, S, 3] as the network takes them, and float32 [pictures, MOST, 18, 2], x and y of points in
    pixels of these, NaN for people that are not there."""
    images, places = [], np.full((PICTURES, MOST, len(OPENPOSE), 2), np.nan, np.float32)
    for seed in range(PICTURES):
        picture, figures = draw_figures(seed)
        (array,), placed = MODEL.task.preprocess(Image.fromarray(picture))
        images.append(array.transpose(1, 2, 0).astype(np.uint8))
        for number, figure in enumerate(figures):
            places[seed, number] = with_neck(figure.points[:, :2], OPENPOSE) * placed.scale
    return np.stack(images), places


def varied(image: np.ndarray, places: np.ndarray, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """A picture and its points, larger or smaller, moved, and every second time mirrored."""
    import cv2

    scale = random.uniform(0.8, 1.15)
    moved = random.uniform(-0.08, 0.08, 2) * SIDE + (1 - scale) / 2 * SIDE
    matrix = np.array([[scale, 0, moved[0]], [0, scale, moved[1]]])
    if random.rand() < 0.5:
        matrix[0] = [-scale, 0, SIDE - 1 - moved[0]]
        places = places[:, mirrored(OPENPOSE)]
    shown = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderValue=(PAD,) * 3)
    return shown, places @ matrix[:, :2].T + matrix[:, 2]


def loss_of(maps: Any, truth: Any) -> Any:
    """Squared errors; cells with a point or a limb, which are few, count more."""
    first = len(OPENPOSE) + 1
    errors = (maps - truth) ** 2
    points = (errors[:, :first] * (1 + HEAT * truth[:, :first])).sum(dim=1).mean()
    fields = (errors[:, first:] * (1 + FIELD * truth[:, first:].abs())).sum(dim=1).mean()
    return points + fields


def main() -> None:
    """Train, print the figures on pictures that training never saw, write the weights as float16."""
    import torch

    torch.manual_seed(SEED)
    random = np.random.RandomState(SEED)
    start = time.perf_counter()
    images, places = drawn()
    print(f"{len(images)} pictures drawn, {time.perf_counter() - start:.0f} s", flush=True)
    model = MODEL.variant()
    network = model.build().train().to(memory_format=torch.channels_last)  # twice as fast on processors
    cycle = OneCycle(network.parameters(), RATE, STEPS, decay=1e-3, rise=0.15, longest=10.0)
    for step in range(STEPS):
        chosen = random.choice(len(images), BATCH, replace=False)
        batch, points = zip(*(varied(images[one], places[one], random) for one in chosen), strict=True)
        given = torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2).float()
        cells = torch.from_numpy((np.stack(points) - (STRIDE - 1) / 2) / STRIDE).float()
        truth = part_maps(cells, LIMBS, (SIDE // STRIDE, SIDE // STRIDE), SPREAD, THICK)
        with torch.autocast("cpu", torch.bfloat16):  # twice as fast where the processor has it
            maps = network(given)
        loss = loss_of(maps.float(), truth)
        cycle.step(loss)
        if step % 100 == 99:
            print(f"step {step + 1}: loss {loss.item():.3f}, {time.perf_counter() - start:.0f} s", flush=True)
    finish(model, network, "figures", start)


if __name__ == "__main__":
    main()
