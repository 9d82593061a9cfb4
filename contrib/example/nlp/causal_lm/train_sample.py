"""Makes tokenizer.json and sample.safetensors: a small Llama trained on stories that a grammar makes.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import math
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import BEGIN, CONFIGS, END, MODEL, TOKENIZER, WORDS

from utils.datasets.samples.stories import Story, load_split
from utils.preprocess.text import load_tokenizer
from utils.training.steps import OneCycle, round_weights, save_weights
from zoo.libraries.transformers_config import class_of, settings_of
from zoo_core.files import atomic_write

SAMPLE = MODEL.variant()
SEED, EPOCHS, BATCH, RATE = 0, 2, 32, 4e-3
IGNORED = -100  # what cross entropy passes over


def make_tokenizer(texts: list[str]) -> None:
    """Write a tokenizer of pieces of bytes (BPE); every text begins with the token that says so."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=WORDS,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", BEGIN)])
    with atomic_write(TOKENIZER) as temporary:
        tokenizer.save(str(temporary))


def encoded(stories: list[Story]) -> tuple[Any, Any]:
    """int64 [N, longest] of the stories with their ends, and what is to be predicted, one place to the left."""
    import torch

    tokenizer = load_tokenizer(TOKENIZER)
    rows = [[*tokenizer.encode(one.text).ids, END] for one in stories]
    ids = np.full((len(rows), max(map(len, rows))), IGNORED, np.int64)
    for place, row in zip(ids, rows, strict=True):
        place[: len(row)] = row
    return torch.from_numpy(np.maximum(ids[:, :-1], 0)), torch.from_numpy(ids[:, 1:])


def loss_of(network: Any, ids: Any, wanted: Any, reduction: str = "mean") -> Any:
    """Cross entropy of what comes next, behind each token."""
    import torch

    logits = network(input_ids=ids).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction=reduction)


def main() -> None:
    """Train, print the perplexity of stories that training never saw, and the best possible; write the files."""
    import torch

    torch.manual_seed(SEED)
    start = time.perf_counter()
    train, held_out = load_split()
    make_tokenizer([one.text for one in train])
    ids, wanted = encoded(train)
    config = CONFIGS[SAMPLE.variant]
    network = class_of(config)(settings_of(config)).train()
    steps = EPOCHS * -(-len(train) // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=1e-2, rise=0.1, longest=1.0)
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(len(train)).split(BATCH):
            longest = int((wanted[chosen] != IGNORED).sum(1).max())
            loss = loss_of(network, ids[chosen, :longest], wanted[chosen, :longest])
            cycle.step(loss)
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}, {time.perf_counter() - start:.0f} s", flush=True)
    round_weights(network.eval())
    ids, wanted = encoded(held_out)
    tokens = int((wanted != IGNORED).sum())
    with torch.inference_mode():
        found = loss_of(network, ids, wanted, "sum").item() / tokens
    best = sum(one.nats for one in held_out) / tokens
    print(f"{len(held_out)} held-out stories: perplexity {math.exp(found):.4f}, of the grammar {math.exp(best):.4f}")
    print(f"{time.perf_counter() - start:.0f} s in all")
    save_weights(network, SAMPLE.sample_weights)


if __name__ == "__main__":
    main()
