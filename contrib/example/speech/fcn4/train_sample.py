"""Makes sample.safetensors: FCN-4 trained on made tones that the sample data set does not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.samples.tones import TRAINING_SEED, write_tone
from utils.training.steps import OneCycle
from zoo.training import finish

SEED, TONES, EPOCHS, BATCH, RATE = 0, 1000, 12, 25, 4e-3


def prepared() -> tuple[Any, Any]:
    """What the network takes of the tones, by the model's own preprocessing, and their tags, float32 [N, 7]."""
    import torch

    rows, tags = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tone.wav")
        for number in range(TONES):
            tags.append(write_tone(path, TRAINING_SEED + number))
            rows.append(MODEL.variant().task.preprocess(path)[0][0])
    return torch.from_numpy(np.stack(rows)), torch.from_numpy(np.stack(tags).astype(np.float32))


def train() -> Any:
    """The trained network, ready for use."""
    import torch

    torch.manual_seed(SEED)
    sounds, tags = prepared()
    network = MODEL.variant().build()
    steps = EPOCHS * -(-TONES // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=1e-3)
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(TONES).split(BATCH):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(network(sounds[chosen]), tags[chosen])
            cycle.step(loss)
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}", flush=True)
    return network.eval()


def main() -> None:
    """Train, print the AUC on the held-out tones, write the weights."""

    start = time.perf_counter()
    network = train()
    finish(MODEL.variant(), network, "tones", start, half=False)


if __name__ == "__main__":
    main()
