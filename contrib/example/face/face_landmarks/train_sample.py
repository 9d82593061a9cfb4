"""Makes sample.safetensors: PFLD 0.25X, trained on drawn people that the sample data do not hold.

As in the paper, a second network says how the head is turned, and a face counts the more, the further off that is.
The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL, SIDE, WIDTHS

from utils.datasets.samples.face_portraits import Pictured, portraits_of
from utils.preprocess.pytorch.pose import Person
from utils.training.faces import Lesson, learn_faces
from zoo.catalogue import beside
from zoo.training import finish

SAMPLE = MODEL.variant()

PEOPLE, PICTURES = 1300, 2
LESSON = Lesson(steps=700, batch=32, rate=6e-3)
NEAR = 0.01  # of the input's side: the loss is a square below, and the distance above


def cut(made: Pictured, random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """A face as the network takes it, from a box that a detector might give, and its points, 0 to 1."""
    low, high = made.points.min(axis=0), made.points.max(axis=0)
    left, top = low + random.uniform(-0.04, 0.04, 2) * (high - low)
    width, height = (high - low) * random.uniform(0.95, 1.08)
    (array,), shown = SAMPLE.task.preprocess(Person(made.picture, (left, top, width, height)))
    return array.astype(np.float16), (made.points - shown.centre) / shown.size + 0.5


def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """float16 [faces, 3, 112, 112], float32 [faces, 68, 2], and angles in radians, float32 [faces, 3]."""
    random = np.random.RandomState(LESSON.seed)
    inputs, places, angles = [], [], []
    for number in range(PEOPLE):
        for made in portraits_of(number, PICTURES)[1]:
            array, points = cut(made, random)
            inputs.append(array)
            places.append(points)
            angles.append(np.radians(made.angles))
    return np.stack(inputs), np.array(places, np.float32), np.array(angles, np.float32)


def main() -> None:
    """Train, print the figures on people that training never saw, write the weights as float16."""
    import torch
    from torch.nn.functional import smooth_l1_loss

    torch.manual_seed(LESSON.seed)
    start = time.perf_counter()
    inputs, places, angles = drawn()
    print(f"{len(inputs)} faces of {SIDE} pixels drawn, {time.perf_counter() - start:.0f} s", flush=True)
    network = SAMPLE.build().to(memory_format=torch.channels_last)
    auxiliary = beside(__file__, "network").Auxiliary(network.early, WIDTHS[SAMPLE.variant])

    def loss_of(batch: Any, chosen: np.ndarray) -> Any:
        """The error of the points, weighted by 1 and the sum of 1 - cos of the errors of the angles."""
        found, early = network.both(batch)
        off = auxiliary(early) - torch.from_numpy(angles[chosen])
        weight = 1 + (1 - off.cos()).sum(1)
        truth = torch.from_numpy(places[chosen]).flatten(1)
        error = smooth_l1_loss(found, truth, beta=NEAR, reduction="none").mean(1)
        return 100 * (weight * error).mean()

    learn_faces(network, [*network.parameters(), *auxiliary.parameters()], inputs, loss_of, LESSON)
    finish(SAMPLE, network, "people", start)


if __name__ == "__main__":
    main()
