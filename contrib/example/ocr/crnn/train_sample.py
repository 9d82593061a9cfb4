"""Makes sample.safetensors: crnn_narrow, trained on rendered words that the sample data does not hold.

First on invented words, short ones before all, which teaches the letters; then on words of Python's own documentation
too, which teaches what follows what in English. The weights are good for checking the pipeline, and for nothing else.
Run: python train_sample.py
"""

import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import ALPHABET, FILLING, MODEL, STRIDE

from utils.datasets.samples.lettering import cased
from utils.datasets.samples.words import HELD_OUT, render_word, training_word
from utils.training.steps import OneCycle, round_weights, save_weights
from zoo.training import held_out_figures

SAMPLE = MODEL.variant()

SEED, BATCH = 0, 32
VARIANT = "crnn_narrow"
CLASS = {letter: index for index, letter in enumerate(ALPHABET, start=1)}
EASY_LETTERS = 3


@dataclass(frozen=True)
class Course:
    """`words` rendered words, gone through `epochs` times. easy: of these, how many with short words only, on which CTC
    learns to spell sooner. english: which part is words of Python's documentation."""

    seed: int
    words: int
    epochs: int
    easy: int
    rate: float
    english: float


COURSES = (
    Course(SEED, 16_000, epochs=8, easy=2, rate=4e-3, english=0.0),
    *(Course(SEED + number, 6_000, epochs=3, easy=0, rate=2e-3, english=0.6) for number in (1, 2, 3, 4, 5)),
)


def documented() -> list[str]:
    """The English words of Python's documentation that the sample data does not hold."""
    from pydoc_data.topics import topics

    found = set(re.findall(r"\b[a-z]{3,10}\b", " ".join(topics.values())))
    return sorted(found - HELD_OUT)


def rendered(course: Course, random: np.random.RandomState) -> list[tuple[np.ndarray, str]]:
    """Training words: ([1, 32, width] by the model's own preprocessing, the word in small letters)."""
    english = documented() if course.english else []
    words = [
        english[random.randint(len(english))] if english and random.rand() < course.english else training_word(random)
        for _ in range(course.words)
    ]
    return [(SAMPLE.task.preprocess(render_word(cased(word, random), random))[0][0], word) for word in words]


def batches(words: list[tuple[np.ndarray, str]], random: np.random.RandomState) -> list[list[int]]:
    """Indices of words of similar width, in batches of random order."""
    widths = np.array([picture.shape[2] for picture, _ in words]) * random.uniform(0.8, 1.25, len(words))
    order = np.argsort(widths)
    found = [order[start : start + BATCH].tolist() for start in range(0, len(order), BATCH)]
    random.shuffle(found)
    return found


def padded(pictures: list[np.ndarray], random: np.random.RandomState) -> Any:
    """One tensor [N, 1, 32, widest]; the contrast of each word is changed a little."""
    import torch

    batch = np.full((len(pictures), 1, 32, max(one.shape[2] for one in pictures)), FILLING, np.float32)
    for row, picture in zip(batch, pictures, strict=True):
        row[:, :, : picture.shape[2]] = picture * random.uniform(0.7, 1.0)
    return torch.from_numpy(batch)


def loss_of(network: Any, chosen: list[tuple[np.ndarray, str]], random: np.random.RandomState) -> Any:
    """The CTC loss of a batch."""
    import torch

    logits = network(padded([picture for picture, _ in chosen], random))
    targets = torch.tensor([CLASS[letter] for _, word in chosen for letter in word])
    own = torch.tensor([picture.shape[2] // STRIDE + 1 for picture, _ in chosen])
    lengths = torch.tensor([len(word) for _, word in chosen])
    log_probabilities = logits.log_softmax(2).transpose(0, 1)
    return torch.nn.functional.ctc_loss(log_probabilities, targets, own, lengths, zero_infinity=True)


def learn(network: Any, course: Course) -> None:
    """Train the network in place; at the end its weights are what float16 holds."""

    random = np.random.RandomState(course.seed)
    start = time.perf_counter()
    words = rendered(course, random)
    print(f"{len(words)} words rendered, {time.perf_counter() - start:.0f} s", flush=True)
    easy = [pair for pair in words if len(pair[1]) <= EASY_LETTERS]
    lessons = [easy if epoch < course.easy else words for epoch in range(course.epochs)]
    total = sum(-(-len(lesson) // BATCH) for lesson in lessons)
    cycle = OneCycle(network.parameters(), course.rate, total, decay=1e-2, rise=0.15, longest=5.0)
    for epoch, lesson in enumerate(lessons):
        network.train()
        losses = []
        for chosen in batches(lesson, random):
            loss = loss_of(network, [lesson[index] for index in chosen], random)
            cycle.step(loss)
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}, {time.perf_counter() - start:.0f} s", flush=True)
    round_weights(network.eval())


def main() -> None:
    """Train, print the metric on words that training never saw, write the weights."""
    import torch

    torch.manual_seed(SEED)
    start = time.perf_counter()
    network = SAMPLE.build()
    for course in COURSES:
        learn(network, course)
        figures = ", ".join(f"{name} {value:.4f}" for name, value in held_out_figures(SAMPLE, network).items())
        print(f"held-out words: {figures} ({time.perf_counter() - start:.0f} s in all)", flush=True)
    save_weights(network, SAMPLE.sample_weights)


if __name__ == "__main__":
    main()
