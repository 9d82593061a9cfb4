"""Makes tokenizer.json and sample.safetensors: a small BERT trained on sentences with entities.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import LABELS, MODEL, TOKENIZER

from utils.datasets.samples.entities import Tagged, load_split
from utils.training.steps import OneCycle, begin_with_waves
from zoo.training import finish
from zoo_core.files import atomic_write

SAMPLE = MODEL.variant()
SEED, EPOCHS, BATCH, RATE, WORDS = 0, 6, 64, 2e-3, 280
HIDDEN, UNKNOWN = 0.1, 1  # the share of tokens that training replaces by the unknown one
FIRST_WORD = 4  # tokens up to this one are special
IGNORED = -100  # what cross entropy passes over


def write_tokenizer(sentences: list[Tagged]) -> None:
    """Write a tokenizer of word pieces, capitals and small letters apart."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=WORDS, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([" ".join(one.words) for one in sentences], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    with atomic_write(TOKENIZER) as temporary:
        tokenizer.save(str(temporary))


def encoded(sentences: list[Tagged]) -> tuple[Any, Any, list[Any]]:
    """Ids and tags, int64 [N, longest], tags at the first token of each word; and what `postprocess` needs."""
    import torch

    rows = [SAMPLE.task.preprocess(one.words) for one in sentences]
    shape = (len(rows), max(len(arrays[0]) for arrays, _ in rows))
    ids, tags = np.zeros(shape, np.int64), np.full(shape, IGNORED, np.int64)
    for number, ((arrays, meta), one) in enumerate(zip(rows, sentences, strict=True)):
        ids[number, : len(arrays[0])] = arrays[0]
        for place, tag in zip(meta.places, one.tags, strict=False):  # of words behind the last token, none
            if place is not None:
                tags[number, place] = LABELS.index(tag)
    return torch.from_numpy(ids), torch.from_numpy(tags), [meta for _, meta in rows]


def main() -> None:
    """Train, print the metric on sentences with names that training never saw, write tokenizer and weights."""
    import torch

    torch.manual_seed(SEED)
    start = time.perf_counter()
    train, _ = load_split()
    write_tokenizer(train)
    ids, tags, _ = encoded(train)
    network = SAMPLE.build().train()
    begin_with_waves(network.bert.embeddings.position_embeddings.weight)
    steps = EPOCHS * -(-len(train) // BATCH)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=1e-2)
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(len(train)).split(BATCH):
            longest = int((ids[chosen] > 0).sum(1).max())
            given, wanted = ids[chosen, :longest], tags[chosen, :longest]
            mask = (given > 0).long()
            given = torch.where((torch.rand(given.shape) < HIDDEN) & (given > FIRST_WORD), UNKNOWN, given)
            logits = network(given, mask)
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED)
            cycle.step(loss)
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}, {time.perf_counter() - start:.0f} s", flush=True)
    finish(SAMPLE, network, "sentences", start)


if __name__ == "__main__":
    main()
