"""Makes tokenizer.json and sample.safetensors: the translator trained on sentences that a grammar makes.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL, TOKENIZER

from utils.datasets.samples.translations import load_split
from utils.training.steps import save_weights
from utils.training.translation import exact, filled, fit, write_tokenizer
from zoo.libraries.translator import FILLING, WORDS
from zoo.running.reference import reference_runner

SAMPLE = MODEL.variant()
SEED, EPOCHS, RATE = 0, 4, 5e-3


def encoded(texts: list[str]) -> np.ndarray:
    """int64 [N, longest], filled up."""
    return filled([SAMPLE.task.preprocess(text)[0][0] for text in texts], FILLING)


def main() -> None:
    """Train, print the metric on sentences that training never saw, write tokenizer and weights."""
    import torch

    torch.manual_seed(SEED)
    train, held_out = load_split()
    write_tokenizer(TOKENIZER, [text for pair in train for text in pair], WORDS)
    pairs = (encoded([pair.source for pair in train]), encoded([pair.target for pair in train]))
    network: Any = SAMPLE.build()
    fit(network, network, pairs, FILLING, epochs=EPOCHS, rate=RATE)
    with reference_runner(SAMPLE, network) as runner:

        def translate(texts: list[str]) -> list[str]:
            ids = encoded(texts)
            metas = [SAMPLE.task.preprocess(text)[1] for text in texts]
            found = SAMPLE.task.postprocess(runner([ids, (ids != FILLING).astype(np.int64)]), metas)
            return [one.text for one in found]

        print(f"{len(held_out)} held-out sentences: exact match {exact(translate, held_out):.4f}")
    save_weights(network, SAMPLE.sample_weights)


if __name__ == "__main__":
    main()
