"""Makes tokenizer.json and sample.safetensors: Marian trained on sentences that the grammar of the translations makes.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL, TOKENIZER

from utils.datasets.samples.translations import load_split
from utils.training.steps import save_weights
from utils.training.translation import exact, filled, fit, write_tokenizer
from zoo.libraries.translator import FILLING, WORDS
from zoo.running.reference import reference_runner

SAMPLE = MODEL.variant()
SEED, EPOCHS, RATE = 0, 8, 3e-3


def encoded(texts: list[str]) -> Any:
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

    def logits_of(ids: Any, mask: Any, given: Any) -> Any:
        return network(input_ids=ids, attention_mask=mask, decoder_input_ids=given).logits

    fit(network, logits_of, pairs, FILLING, epochs=EPOCHS, rate=RATE)
    with reference_runner(SAMPLE, network) as runner:

        def translate(texts: list[str]) -> list[str]:
            ids = encoded(texts)
            metas = [SAMPLE.task.preprocess(text)[1] for text in texts]
            return [one.text for one in SAMPLE.task.postprocess(runner([ids, (ids != FILLING).astype(int)]), metas)]

        print(f"{len(held_out)} held-out sentences: exact match {exact(translate, held_out):.4f}")
    save_weights(network, SAMPLE.sample_weights)


if __name__ == "__main__":
    main()
