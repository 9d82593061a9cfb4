"""Makes sample.safetensors: warpctc_small, trained on drawn captchas that the sample data does not hold.

CTC alone learns for thousands of steps what a digit is that is thirty columns wide. So the network is first told in
which columns each digit ends, which the drawing knows, and learns by CTC then. The weights are good for checking the
pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import CLASSES, MODEL

from utils.datasets.samples.captchas import WIDTH, captcha, draw_captcha
from utils.training.steps import OneCycle
from utils.training.words import BATCH, Course, Words
from zoo.training import train_on_words

SAMPLE = MODEL.variant()

FIRST = Course(5_000, epochs=6, rate=8e-3)  # in which the ends of the digits are told
COURSES = (Course(10_000, epochs=6, rate=4e-3, seed=1),)
SAID = slice(1, 4)  # of the columns behind a digit's end, those in which the network is to say it
BLANK = 0.1  # weight of a column without a digit's end


def drawn(preprocess: Callable[[Any], np.ndarray], course: Course, random: np.random.RandomState) -> Words:
    """Captchas, as half floats, which take half the memory."""
    texts = [captcha(random) for _ in range(course.words)]
    return [(preprocess(draw_captcha(text, random)[0]).astype(np.float16), text) for text in texts]


def placed(random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """float16 [captchas, 3, 64, 160], and int64 [captchas, 160], the class of each column."""
    inputs, classes = [], np.full((FIRST.words, WIDTH), CLASSES - 1, np.int64)
    for row in classes:
        text = captcha(random)
        picture, ends = draw_captcha(text, random)
        inputs.append(SAMPLE.task.preprocess(picture)[0][0].astype(np.float16))
        for digit, end in zip(text, ends, strict=True):
            row[end + SAID.start : end + SAID.stop] = int(digit)
    return np.stack(inputs), classes


def learn_places(network: Any) -> None:
    """Train the network in place to say each digit where it ends."""
    import torch
    from torch.nn.functional import cross_entropy

    random = np.random.RandomState(FIRST.seed)
    inputs, classes = placed(random)
    weight = torch.ones(CLASSES)
    weight[-1] = BLANK
    steps = FIRST.epochs * FIRST.words // BATCH
    cycle = OneCycle(network.parameters(), FIRST.rate, steps, decay=1e-2, rise=0.15, longest=5.0)
    for step in range(steps):
        chosen = random.choice(FIRST.words, BATCH, replace=False)
        scores = network(torch.from_numpy(inputs[chosen].astype(np.float32)))
        loss = cross_entropy(scores.flatten(0, 1), torch.from_numpy(classes[chosen]).flatten(), weight)
        cycle.step(loss)
        if step % 100 == 99:
            print(f"step {step + 1}: loss {loss.item():.3f}", flush=True)


if __name__ == "__main__":
    train_on_words(SAMPLE, COURSES, drawn, begin=learn_places)
