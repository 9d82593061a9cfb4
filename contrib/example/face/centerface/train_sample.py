"""Makes the weights of centerface_half, trained on drawn faces.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.samples.faces import DrawnFace, draw_picture
from utils.training.centres import focal
from utils.training.steps import OneCycle
from zoo.training import finish

SAMPLE = MODEL.variant("centerface_half")

SEED, SIDE, PICTURES, STEPS, BATCH, RATE = 0, 224, 1400, 640, 12, 4e-3
LARGEST = 0.42  # half a head's height, in pictures: as large as in sample pictures that are scaled to fit the input
MIRRORED = [1, 0, 2, 4, 3]  # the landmarks of a mirrored face
CELLS = SIDE // 4


def drawn(count: int) -> tuple[np.ndarray, list[list[DrawnFace]]]:
    """uint8 [count, 3, SIDE, SIDE] and the faces of each picture; one in ten has none."""
    pictures, faces = np.empty((count, 3, SIDE, SIDE), np.uint8), []
    for seed in range(count):
        picture, found = draw_picture(seed, SIDE, SIDE, faces=0 if seed % 10 == 9 else 1 + seed % 6, largest=LARGEST)
        pictures[seed] = np.asarray(picture).transpose(2, 0, 1)
        faces.append(found)
    return pictures, faces


def targets(faces: Sequence[DrawnFace], mirrored: bool) -> tuple[np.ndarray, np.ndarray]:
    """Heatmap [2, CELLS, CELLS] (truth; 1 where it counts), and a row a face: row, column, then scale, offset, points.

    A face is a Gaussian of a sixth of its size around its centre, as in the paper's source, CenterNet. Where an invalid
    face is, nothing counts.
    """
    maps = np.stack([np.zeros((CELLS, CELLS), np.float32), np.ones((CELLS, CELLS), np.float32)])
    rows = []
    grid = np.arange(CELLS)
    for face in faces:
        left, top, width, height = (value / 4 for value in face.box)
        points = face.landmarks / 4
        if mirrored:
            left, points = CELLS - left - width, (points * (-1, 1) + (CELLS, 0))[MIRRORED]
        x, y = left + width / 2, top + height / 2
        column, row = min(int(x), CELLS - 1), min(int(y), CELLS - 1)
        if face.invalid:
            maps[1, int(top) : int(top + height) + 1, int(left) : int(left + width) + 1] = 0
            continue
        bell = [
            np.exp(-(((grid - middle) / max(side / 6, 0.6)) ** 2) / 2)
            for middle, side in ((row, height), (column, width))
        ]
        maps[0] = np.maximum(maps[0], np.outer(*bell))
        places = (points[:, ::-1] - (top, left)) / (height, width)
        rows.append([row, column, np.log(height), np.log(width), y - row - 0.5, x - column - 0.5, *places.ravel()])
    return maps, np.array(rows, np.float32).reshape(-1, 16)


def loss_of(network: Any, pictures: Any, faces: Sequence[Sequence[DrawnFace]], mirrored: bool) -> Any:
    """The paper's loss: focal for the heatmap, smooth L1 at the centres for scale, offset and landmarks."""
    import torch
    from torch.nn.functional import smooth_l1_loss

    made = [targets(one, mirrored) for one in faces]
    maps = torch.from_numpy(np.stack([one for one, _ in made]))
    truth, counts = maps[:, :1], maps[:, 1:]
    logits, *others = network.raw(pictures.flip(3) if mirrored else pictures)
    found = max(int(truth.eq(1).sum()), 1)
    index = torch.from_numpy(np.concatenate([np.full(len(rows), number) for number, (_, rows) in enumerate(made)]))
    rows = torch.from_numpy(np.concatenate([rows for _, rows in made]))
    at = torch.cat(others, dim=1)[index.long(), :, rows[:, 0].long(), rows[:, 1].long()]
    boxes = smooth_l1_loss(at[:, :4], rows[:, 2:6], reduction="sum", beta=0.1) / found
    points = smooth_l1_loss(at[:, 4:], rows[:, 6:], reduction="sum", beta=0.05) / found
    return focal(logits, truth, counts) + boxes + 0.5 * points


def main() -> None:
    """Train, print the figures on pictures that training never saw, write the weights as float16."""
    import torch

    torch.manual_seed(SEED)
    random = np.random.RandomState(SEED)
    start = time.perf_counter()
    pictures, faces = drawn(PICTURES)
    print(f"{PICTURES} pictures drawn, {time.perf_counter() - start:.0f} s")
    network = SAMPLE.build().train()
    cycle = OneCycle(network.parameters(), RATE, STEPS, decay=1e-3, rise=0.15, longest=5.0)
    for step in range(STEPS):
        chosen = random.choice(PICTURES, BATCH, replace=False)
        light = random.uniform(0.8, 1.2, (BATCH, 3, 1, 1)).astype(np.float32)
        batch = torch.from_numpy(np.clip(pictures[chosen] * light, 0, 255))
        loss = loss_of(network, batch, [faces[number] for number in chosen], mirrored=bool(step % 2))
        cycle.step(loss)
        if step % 80 == 79:
            print(f"step {step + 1}: loss {loss.item():.3f}, {time.perf_counter() - start:.0f} s", flush=True)
    finish(SAMPLE, network, "pictures", start)


if __name__ == "__main__":
    main()
