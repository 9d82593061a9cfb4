"""Makes tokenizer.json and sample.safetensors: Marian trained on sentences that the grammar of the translations makes.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import END, FILLING, MODEL, TOKENIZER, WORDS

from utils.datasets.samples.translations import Pair, load_split
from utils.metrics.translation import TranslationQuality
from zoo.running.reference import reference_runner
from zoo_core.files import atomic_write

SAMPLE = MODEL.variant()

SEED, EPOCHS, BATCH, RATE, SMOOTHING = 0, 8, 128, 3e-3, 0.05
IGNORED = -100  # what cross entropy passes over


def make_tokenizer(texts: list[str]) -> None:
    """Write a tokenizer of word pieces (BPE) for both languages; every text ends with the token that says so."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFC()
    marks = pre_tokenizers.Punctuation("isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([marks, pre_tokenizers.Metaspace(prepend_scheme="first")])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    special = ["<pad>", "<unk>", "</s>"]
    trainer = trainers.BpeTrainer(vocab_size=WORDS, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", END)])
    with atomic_write(TOKENIZER) as temporary:
        tokenizer.save(str(temporary))


def encoded(texts: list[str]) -> Any:
    """int64 [N, longest], filled up."""
    import torch

    rows = [SAMPLE.task.preprocess(text)[0][0] for text in texts]
    ids = np.full((len(rows), max(map(len, rows))), FILLING, np.int64)
    for place, row in zip(ids, rows, strict=True):
        place[: len(row)] = row
    return torch.from_numpy(ids)


def exact(network: Any, pairs: list[Pair]) -> float:
    """The fraction of sentences that the model's own decoding translates as they are translated."""
    metric = TranslationQuality()
    with reference_runner(SAMPLE, network) as runner:
        for start in range(0, len(pairs), BATCH):
            part = pairs[start : start + BATCH]
            metas = [SAMPLE.task.preprocess(pair.source)[1] for pair in part]
            ids = encoded([pair.source for pair in part]).numpy()
            found = SAMPLE.task.postprocess(runner([ids, (ids != FILLING).astype(np.int64)]), metas)
            metric.update(found, [pair.target for pair in part])
    return metric.compute()["exact_match"]


def main() -> None:
    """Train, print the metric on sentences that training never saw, write tokenizer and weights."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(SEED)
    start = time.perf_counter()
    train, held_out = load_split()
    make_tokenizer([text for pair in train for text in pair])
    sources, targets = encoded([pair.source for pair in train]), encoded([pair.target for pair in train])
    network = SAMPLE.build().train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-2)
    steps = EPOCHS * -(-len(train) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE, total_steps=steps, pct_start=0.1)
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(len(train)).split(BATCH):
            ids, wanted = sources[chosen], targets[chosen]
            ids, wanted = (one[:, : int((one != FILLING).sum(1).max())] for one in (ids, wanted))
            given = torch.cat([torch.full_like(wanted[:, :1], FILLING), wanted[:, :-1]], dim=1)
            logits = network(input_ids=ids, attention_mask=(ids != FILLING).long(), decoder_input_ids=given).logits
            loss = torch.nn.functional.cross_entropy(
                logits.flatten(0, 1),
                wanted.masked_fill(wanted == FILLING, IGNORED).flatten(),
                label_smoothing=SMOOTHING,
            )
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}, {time.perf_counter() - start:.0f} s", flush=True)
    network.half().float().eval()  # what the file keeps
    print(f"{len(held_out)} held-out sentences: exact match {exact(network, held_out):.4f}")
    print(f"{time.perf_counter() - start:.0f} s in all")
    with atomic_write(SAMPLE.sample_weights) as temporary:
        single = {tensor.data_ptr(): (name, tensor.half()) for name, tensor in network.state_dict().items()}
        save_file(dict(single.values()), str(temporary))


if __name__ == "__main__":
    main()
