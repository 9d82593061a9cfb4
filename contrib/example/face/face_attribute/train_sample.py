"""Makes sample.safetensors: a narrow FaceAttribute, trained on drawn people that the sample data do not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.samples.face_attributes import classes_of
from utils.datasets.samples.face_identities import cut_out
from utils.datasets.samples.face_portraits import portraits_of
from utils.training.faces import Lesson, learn_faces
from zoo.training import finish

SAMPLE = MODEL.variant()

PEOPLE, PICTURES = 2000, 2
LESSON = Lesson(steps=900, batch=32, rate=6e-3)


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """float16 [faces, 3, 112, 112], and int64 [faces, 3], the class of each attribute."""
    inputs, classes = [], []
    for number in range(PEOPLE):
        who, pictures = portraits_of(number, PICTURES, masks=True)
        for made in pictures:
            inputs.append(SAMPLE.task.preprocess(cut_out(made)[0])[0][0].astype(np.float16))
            classes.append(classes_of(who, made.masked))
    return np.stack(inputs), np.array(classes, np.int64)


def main() -> None:
    """Train, print the figures on people that training never saw, write the weights as float16."""
    import torch
    from torch.nn.functional import cross_entropy

    torch.manual_seed(LESSON.seed)
    start = time.perf_counter()
    inputs, classes = drawn()
    print(f"{len(inputs)} faces drawn, {time.perf_counter() - start:.0f} s", flush=True)
    network = SAMPLE.build().to(memory_format=torch.channels_last)

    def loss_of(batch: Any, chosen: np.ndarray) -> Any:
        """The sum over the attributes; every other face of a batch is mirrored."""
        batch[::2] = batch[::2].flip(3)
        truth = torch.from_numpy(classes[chosen])
        return sum(cross_entropy(logits, truth[:, place]) for place, logits in enumerate(network(batch)))

    learn_faces(network, list(network.parameters()), inputs, loss_of, LESSON)
    finish(SAMPLE, network, "people", start)


if __name__ == "__main__":
    main()
