"""Makes tokenizer.json and sample.safetensors: the translator trained on sentences that a grammar makes.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL, TOKENIZER

from utils.datasets.samples.translations import load_split
from utils.training.translation import write_tokenizer
from zoo.libraries.translator import WORDS
from zoo.training import train_translator

SAMPLE = MODEL.variant()
SEED, EPOCHS, RATE = 0, 4, 5e-3


def main() -> None:
    """Train, print the metric on sentences that training never saw, write tokenizer and weights."""
    import torch

    torch.manual_seed(SEED)
    write_tokenizer(TOKENIZER, [text for pair in load_split()[0] for text in pair], WORDS)
    network: Any = SAMPLE.build()
    train_translator(SAMPLE, network, network, epochs=EPOCHS, rate=RATE)


if __name__ == "__main__":
    main()
