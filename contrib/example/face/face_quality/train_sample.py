"""Makes sample.safetensors: a narrow FaceQualityAssessment, trained on drawn people that the sample data do not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.samples.face_portraits import portraits_of
from utils.datasets.samples.face_quality import judged
from utils.postprocess.pytorch.face_quality import ANGLES, DEGREES
from utils.training.faces import Lesson, learn_faces
from zoo.training import finish

SAMPLE = MODEL.variant()

PEOPLE, PICTURES = 1100, 2
LESSON = Lesson(steps=550, batch=32, rate=6e-3)
TURNED = 20.0  # weight of the angles beside the points


def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """float16 [faces, 3, 96, 96]; float32 [faces, 3], angles as the network says them; int64 [faces, 5], the cell of
    each point, -1 where it is not seen."""
    inputs, angles, cells = [], [], []
    rows, columns = (int(side) for side in SAMPLE.entry.outputs[1].shape[2:])
    for number in range(PEOPLE):
        for made in portraits_of(number, PICTURES)[1]:
            picture, numbers = judged(made)
            inputs.append(SAMPLE.task.preprocess(picture)[0][0].astype(np.float16))
            angles.append(numbers[:ANGLES] / DEGREES)
            points = numbers[ANGLES:].reshape(-1, 2)
            across, down = (points / picture.size * (columns, rows)).astype(np.int64).T
            cells.append(np.where((points < 0).any(axis=1), -1, down * columns + across))
    return np.stack(inputs), np.array(angles, np.float32), np.array(cells, np.int64)


def main() -> None:
    """Train, print the figures on people that training never saw, write the weights as float16."""
    import torch
    from torch.nn.functional import cross_entropy, smooth_l1_loss

    torch.manual_seed(LESSON.seed)
    start = time.perf_counter()
    inputs, angles, cells = drawn()
    print(f"{len(inputs)} faces drawn, {time.perf_counter() - start:.0f} s", flush=True)
    network = SAMPLE.build().to(memory_format=torch.channels_last)

    def loss_of(batch: Any, chosen: np.ndarray) -> Any:
        """The cell of each point as a choice among all, and the angles."""
        turned, maps = network(batch)
        places = cross_entropy(
            maps.flatten(2).flatten(0, 1), torch.from_numpy(cells[chosen]).flatten(), ignore_index=-1
        )
        return places + TURNED * smooth_l1_loss(turned, torch.from_numpy(angles[chosen]), beta=0.05)

    learn_faces(network, list(network.parameters()), inputs, loss_of, LESSON)
    finish(SAMPLE, network, "people", start)


if __name__ == "__main__":
    main()
