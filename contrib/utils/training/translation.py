"""Trains a translator on the sentences that the grammar of the translations makes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.samples.translations import Pair
from utils.training.steps import OneCycle, round_weights
from zoo_core.files import atomic_write

IGNORED = -100  # what cross entropy passes over
BATCH, SMOOTHING = 128, 0.05


def write_tokenizer(path: Path, texts: list[str], words: int) -> None:
    """Write a tokenizer of word pieces (BPE) for both languages; every text ends with the token </s>, id 2."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFC()
    marks = pre_tokenizers.Punctuation("isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([marks, pre_tokenizers.Metaspace(prepend_scheme="first")])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    special = ["<pad>", "<unk>", "</s>"]
    trainer = trainers.BpeTrainer(vocab_size=words, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    with atomic_write(path) as temporary:
        tokenizer.save(str(temporary))


def filled(rows: list[np.ndarray], filling: int) -> np.ndarray:
    """int64 [N, longest]: token ids, filled up."""
    ids = np.full((len(rows), max(map(len, rows))), filling, np.int64)
    for place, row in zip(ids, rows, strict=True):
        place[: len(row)] = row
    return ids


def fit(
    network: Any,
    logits_of: Callable[[Any, Any, Any], Any],
    pairs: tuple[np.ndarray, np.ndarray],
    filling: int,
    *,
    epochs: int,
    rate: float,
) -> None:
    """Minimise the cross entropy of translations with AdamW, one cycle of the learning rate over all epochs.

    Args:
        network: a torch network, trained in place; left in eval mode, its weights rounded to float16.
        logits_of: from ids and mask of the source, and a translation without its last token, to logits behind each.
        pairs: ids of sources and translations, int64 [N, length] each, filled up with `filling`.
        filling: what a translation begins with, too.
        epochs, rate: of the training.
    """
    import torch

    start = time.perf_counter()
    sources, targets = (torch.from_numpy(one) for one in pairs)
    network.train()
    steps = epochs * -(-len(sources) // BATCH)
    cycle = OneCycle(network.parameters(), rate, steps, decay=1e-2, rise=0.1, longest=1.0)
    for epoch in range(epochs):
        for chosen in torch.randperm(len(sources)).split(BATCH):
            ids, wanted = (one[:, : int((one != filling).sum(1).max())] for one in (sources[chosen], targets[chosen]))
            given = torch.cat([torch.full_like(wanted[:, :1], filling), wanted[:, :-1]], dim=1)
            loss = torch.nn.functional.cross_entropy(
                logits_of(ids, (ids != filling).long(), given).flatten(0, 1),
                wanted.masked_fill(wanted == filling, IGNORED).flatten(),
                label_smoothing=SMOOTHING,
            )
            cycle.step(loss)
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}, {time.perf_counter() - start:.0f} s", flush=True)
    round_weights(network.eval())


def exact(translate: Callable[[list[str]], list[str]], pairs: list[Pair]) -> float:
    """The fraction of sentences that `translate` translates as they are translated."""
    right = 0
    for start in range(0, len(pairs), BATCH):
        part = pairs[start : start + BATCH]
        found = translate([pair.source for pair in part])
        right += sum(one.strip() == pair.target for one, pair in zip(found, part, strict=True))
    return right / len(pairs)
