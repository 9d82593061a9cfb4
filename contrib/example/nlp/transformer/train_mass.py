"""Makes sample_mass_sample.safetensors: MASS, trained at first to fill in what is missing of sentences of both
languages, and then to translate. The tokenizer is the one that train_sample.py makes.

The weights are good for checking the pipeline, and for nothing else. Run: python train_mass.py
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import END, FILLING, MODEL

from utils.datasets.samples.translations import load_split
from utils.training.translation import filled, fit
from zoo.training import train_translator

SAMPLE = MODEL.variant("mass_sample")
SEED, BEFORE, EPOCHS, RATE = 0, 1, 8, 3e-3
MISSING = 1  # the id that stands for a token that is missing


def masked(texts: list[str], random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """Sentences of which a random half, its tokens beside each other, is missing; and that half."""
    sources, targets = [], []
    for text in texts:
        ids = SAMPLE.task.preprocess(text)[0][0]
        count = max((len(ids) - 1) // 2, 1)
        start = random.randint(len(ids) - count)
        targets.append(np.append(ids[start : start + count], END))
        sources.append(np.concatenate([ids[:start], np.full(count, MISSING), ids[start + count :]]))
    return filled(sources, FILLING), filled(targets, FILLING)


def main() -> None:
    """Train twice, print the metric on sentences that training never saw, write the weights."""
    import torch

    torch.manual_seed(SEED)
    network = SAMPLE.build()

    def logits_of(ids: Any, mask: Any, given: Any) -> Any:
        return network(input_ids=ids, attention_mask=mask, decoder_input_ids=given).logits

    texts = [text for pair in load_split()[0] for text in pair]
    fit(network, logits_of, masked(texts, np.random.RandomState(SEED)), FILLING, epochs=BEFORE, rate=RATE)
    train_translator(SAMPLE, network, logits_of, epochs=EPOCHS, rate=RATE)


if __name__ == "__main__":
    main()
