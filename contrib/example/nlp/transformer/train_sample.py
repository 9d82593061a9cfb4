"""Makes the tokenizer and the sample weights of Marian or T5, trained on sentences that the grammar of the translations
makes.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py [t5_sample]
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL, PREFIX, T5_TOKENIZER, TOKENIZER

from utils.datasets.samples.translations import load_split
from utils.training.translation import write_tokenizer
from zoo.libraries.translator import WORDS
from zoo.training import train_translator

SAMPLE = MODEL.variant(sys.argv[1] if len(sys.argv) > 1 else None)
SEED, EPOCHS, RATE = 0, 8, 3e-3


def main() -> None:
    """Train, print the metric on sentences that training never saw, write tokenizer and weights."""
    import torch

    torch.manual_seed(SEED)
    tokenizer, before = (TOKENIZER, "") if SAMPLE.default else (T5_TOKENIZER, PREFIX)
    write_tokenizer(
        tokenizer, [text for pair in load_split()[0] for text in (before + pair.source, pair.target)], WORDS
    )
    network = SAMPLE.build()

    def logits_of(ids: Any, mask: Any, given: Any) -> Any:
        return network(input_ids=ids, attention_mask=mask, decoder_input_ids=given).logits

    train_translator(SAMPLE, network, logits_of, epochs=EPOCHS, rate=RATE)


if __name__ == "__main__":
    main()
