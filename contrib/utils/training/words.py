"""Training of networks that read words by CTC. torch is needed to call it, not to import it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.datasets.samples.lettering import cased
from utils.datasets.samples.words import HELD_OUT, render_word, training_word
from utils.training.steps import OneCycle, round_weights

Words = Sequence[tuple[np.ndarray, str]]  # pictures [channels, height, width] as the network takes them, and their text
BATCH = 32


@dataclass(frozen=True)
class Spelling:
    """What a network's scores [N, steps, classes] stand for.

    Attributes:
        alphabet: the characters in the order of the classes, without CTC's blank.
        blank: the class of CTC's blank, the first or the last one.
        steps: how many steps are a picture's own, from its width; None where all are.
        filling: what stands behind narrower pictures of a batch; None where all have one width.
    """

    alphabet: str
    blank: int = 0
    steps: Callable[[int], int] | None = None
    filling: float | None = None

    def class_of(self, letter: str) -> int:
        """The class of a character of the alphabet."""
        return self.alphabet.index(letter) + (self.blank == 0)


@dataclass(frozen=True)
class Course:
    """`words` drawn words, gone through `epochs` times.

    Attributes:
        words, epochs: how many, how often.
        rate: the highest learning rate.
        seed: of what is drawn, and of the order.
        easy: of the epochs, how many with short words only, on which CTC learns to spell sooner.
        letters: how many a short word has at most.
        english: which part is words of Python's documentation; the rest are invented.
    """

    words: int
    epochs: int
    rate: float
    seed: int = 0
    easy: int = 0
    letters: int = 3
    english: float = 0.0


def documented() -> list[str]:
    """The English words of Python's documentation that the sample data does not hold."""
    from pydoc_data.topics import topics

    found = set(re.findall(r"\b[a-z]{3,10}\b", " ".join(topics.values())))
    return sorted(found - HELD_OUT)


def rendered(preprocess: Callable[[Any], np.ndarray], course: Course, random: np.random.RandomState) -> Words:
    """Rendered words, which the sample data does not hold, in small letters beside their pictures.

    Args:
        preprocess: makes of a picture of a word what the network takes.
        course: how many, and how many of them are English.
        random: what they are drawn with.
    """
    english = documented() if course.english else []
    words = [
        english[random.randint(len(english))] if english and random.rand() < course.english else training_word(random)
        for _ in range(course.words)
    ]
    return [(preprocess(render_word(cased(word, random), random)), word) for word in words]


def learn_words(network: Any, words: Words, course: Course, random: np.random.RandomState, spelling: Spelling) -> None:
    """Train the network in place; at the end it is in evaluation mode, and its weights are what float16 holds."""
    start = time.perf_counter()
    easy = [pair for pair in words if len(pair[1]) <= course.letters]
    lessons: list[Words] = [easy if epoch < course.easy else words for epoch in range(course.epochs)]
    total = sum(-(-len(lesson) // BATCH) for lesson in lessons)
    cycle = OneCycle(network.parameters(), course.rate, total, decay=1e-2, rise=0.15, longest=5.0)
    for epoch, lesson in enumerate(lessons):
        network.train()
        losses = []
        for chosen in _batches(lesson, random):
            loss = _loss_of(network, [lesson[index] for index in chosen], random, spelling)
            cycle.step(loss)
            losses.append(loss.item())
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}, {time.perf_counter() - start:.0f} s", flush=True)
    round_weights(network.eval())


def _batches(words: Words, random: np.random.RandomState) -> list[list[int]]:
    """Indices of words of similar width, in batches of random order."""
    widths = np.array([picture.shape[2] for picture, _ in words]) * random.uniform(0.8, 1.25, len(words))
    order = np.argsort(widths)
    found = [order[start : start + BATCH].tolist() for start in range(0, len(order), BATCH)]
    random.shuffle(found)
    return found


def _padded(pictures: Sequence[np.ndarray], random: np.random.RandomState, filling: float | None) -> Any:
    """One tensor [N, channels, height, widest]; the contrast of each word is changed a little."""
    import torch

    widest = max(one.shape[2] for one in pictures)
    batch = np.full((len(pictures), *pictures[0].shape[:2], widest), 0.0 if filling is None else filling, np.float32)
    for row, picture in zip(batch, pictures, strict=True):
        row[:, :, : picture.shape[2]] = picture * random.uniform(0.7, 1.0)
    return torch.from_numpy(batch)


def _loss_of(network: Any, chosen: Words, random: np.random.RandomState, spelling: Spelling) -> Any:
    """The CTC loss of a batch."""
    import torch

    logits = network(_padded([picture for picture, _ in chosen], random, spelling.filling))
    targets = torch.tensor([spelling.class_of(letter) for _, word in chosen for letter in word])
    own = [logits.shape[1] if spelling.steps is None else spelling.steps(one.shape[2]) for one, _ in chosen]
    lengths = torch.tensor([len(word) for _, word in chosen])
    log_probabilities = logits.log_softmax(2).transpose(0, 1)
    return torch.nn.functional.ctc_loss(
        log_probabilities, targets, torch.tensor(own), lengths, blank=spelling.blank, zero_infinity=True
    )
