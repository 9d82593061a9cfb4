"""Makes sample.safetensors: a narrow MobileFaceNet, trained on drawn people that the sample data do not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.samples.face_portraits import portraits_of
from utils.preprocess.pytorch.face_alignment import FacePhoto, aligned
from utils.training.identities import Lesson, learn_people
from zoo.training import finish

SAMPLE = MODEL.variant()

PEOPLE, PICTURES = 350, 12
LESSON = Lesson(steps=480, batch=48, rate=1e-2, margin=0.15)


def main() -> None:
    """Train, print the figures on people that training never saw, write the weights as float16."""
    import torch

    torch.manual_seed(LESSON.seed)
    start = time.perf_counter()
    faces = [
        aligned(FacePhoto(made.picture, made.landmarks)).transpose(2, 0, 1)
        for number in range(PEOPLE)
        for made in portraits_of(number, PICTURES)[1]
    ]
    print(f"{len(faces)} faces drawn, {time.perf_counter() - start:.0f} s", flush=True)
    network = SAMPLE.build().to(memory_format=torch.channels_last)
    learn_people(network, np.stack(faces), np.repeat(np.arange(PEOPLE), PICTURES), LESSON)
    finish(SAMPLE, network, "people", start)


if __name__ == "__main__":
    main()
