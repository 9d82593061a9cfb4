"""Makes the weights of ds_cnn_s, trained on words of espeak-ng, in the voices that the sample data leaves for it.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.samples.spoken_words import NOISES, RATE, VOICES, noise, recording, speakers
from utils.training.steps import OneCycle
from zoo.training import finish

SAMPLE = MODEL.variant("ds_cnn_s")

SEED, EPOCHS, BATCH, RATE_OF_LEARNING = 0, 14, 64, 3e-3
SPEAKERS, OTHERS, TIMES = 480, 4, 2  # each speaker says every word and 4 others; each is mixed with noise twice
STRETCH = 0.15  # a word is played faster or slower by up to this, which moves its formants as another throat does
NOISES_EACH = 5  # recordings of every kind of noise
QUIET = 0.1  # of the recordings hold noise only


def spoken() -> tuple[np.ndarray, np.ndarray]:
    """(float32 [N, 1, 49, 10], int64 [N]): features by the model's own preprocessing, and classes."""
    random = np.random.RandomState(SEED)
    task = SAMPLE.task
    noises = [noise(kind, 5, random) for kind in NOISES for _ in range(NOISES_EACH)]
    features, targets = [], []

    def add(samples: np.ndarray, label: str) -> None:
        features.append(task.features(np.pad(samples, (0, RATE - len(samples))))[None])
        targets.append(task.labels.index(label))

    for word in speakers(VOICES, SPEAKERS, OTHERS, random):
        for _ in range(TIMES):
            played = stretched(word.samples, 1 + STRETCH * random.uniform(-1, 1))
            mixed = recording(played, noises[random.randint(len(noises))], random)
            add(mixed, word.word if word.word in task.words else "_unknown_")
    for _ in range(int(QUIET * len(targets))):
        background = noises[random.randint(len(noises))]
        start = random.randint(len(background) - RATE)
        add(background[start : start + RATE] * np.float32(0.1 * random.rand()), "_silence_")
    return np.stack(features), np.array(targets)


def stretched(samples: np.ndarray, factor: float) -> np.ndarray:
    """`samples` played `factor` times as fast."""
    places = np.arange(0, len(samples) - 1, factor)
    return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)


def shifted(batch: Any, generator: Any) -> Any:
    """`batch`, each recording moved by up to 5 frames (a tenth of a second); what enters repeats the edge."""
    import torch

    steps = torch.randint(-5, 6, (len(batch),), generator=generator)
    places = (torch.arange(batch.shape[2]) + steps[:, None]).clamp(0, batch.shape[2] - 1)
    return torch.gather(batch, 2, places[:, None, :, None].expand_as(batch))


def main() -> None:
    """Train, print the accuracy on voices that training never heard, write the weights."""
    import torch

    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    start = time.perf_counter()
    features, labels = spoken()
    inputs, targets = torch.from_numpy(features), torch.from_numpy(labels)
    print(f"{len(inputs)} recordings: {time.perf_counter() - start:.0f} s")
    network = SAMPLE.build().to(memory_format=torch.channels_last)  # depthwise convolutions learn twice as fast
    steps = EPOCHS * -(-len(inputs) // BATCH)
    cycle = OneCycle(network.parameters(), RATE_OF_LEARNING, steps, decay=1e-2)
    for epoch in range(EPOCHS):
        network.train()
        for chosen in torch.randperm(len(inputs), generator=generator).split(BATCH):
            loss = torch.nn.functional.cross_entropy(network(shifted(inputs[chosen], generator)), targets[chosen])
            cycle.step(loss)
        if epoch % 4 == 3:
            print(f"epoch {epoch + 1}: loss {loss.item():.4f}, {time.perf_counter() - start:.0f} s", flush=True)
    finish(SAMPLE, network, "recordings", start, half=False)


if __name__ == "__main__":
    main()
