"""Makes tokenizer.json and sample.safetensors: a small BERT trained on questions about generated texts.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import FOLDER, MODEL

from utils.datasets.samples.facts import Asked, Text, training_part
from utils.datasets.squad import Question
from utils.preprocess.question import Windows
from utils.training.steps import OneCycle, begin_with_waves
from zoo.training import finish
from zoo_core.files import atomic_write

SAMPLE, TOKENIZER = MODEL.variant(), FOLDER / "tokenizer.json"
SEED, TEXTS, EPOCHS, BATCH, RATE, WORDS = 0, 8000, 2, 32, 2e-3, 400
FIRST = 0  # the place of [CLS], which stands for "no answer in this window"


def write_tokenizer(texts: list[Text]) -> None:
    """Write a tokenizer of word pieces in lower case, which joins two texts as BERT's does."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=WORDS, special_tokens=special, show_progress=False)
    sentences = [text.context for text in texts] + [asked.question for text in texts for asked in text.asked]
    tokenizer.train_from_iterator(sentences, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    with atomic_write(TOKENIZER) as temporary:
        tokenizer.save(str(temporary))


def places(asked: Asked, windows: Windows, number: int) -> tuple[int, int]:
    """The first and the last token of the answer in a window; those of [CLS] where it does not lie there wholly."""
    end = asked.start + len(asked.answer)
    spans = enumerate(windows.offsets[number])
    inside = [(place, span) for place, span in spans if span and asked.start <= span[0] and span[1] <= end]
    if not asked.answer or not inside:
        return FIRST, FIRST
    (first, (start, _)), (last, (_, stop)) = inside[0], inside[-1]
    return (first, last) if (start, stop) == (asked.start, end) else (FIRST, FIRST)


def encoded(texts: list[Text]) -> tuple[Any, Any, Any]:
    """Ids and types of every window, int64 [N, longest], ids 0 behind its own; and places of the answers, [N, 2]."""
    import torch

    ids, types, wanted = [], [], []
    for text in texts:
        for asked in text.asked:
            _, windows = SAMPLE.task.preprocess(Question(asked.question, text.context))
            ids += windows.ids
            types += windows.types
            wanted += [places(asked, windows, number) for number in range(len(windows.ids))]
    filled = np.zeros((2, len(ids), max(map(len, ids))), np.int64)
    for number, both in enumerate(zip(ids, types, strict=True)):
        filled[:, number, : len(both[0])] = both
    return torch.from_numpy(filled[0]), torch.from_numpy(filled[1]), torch.tensor(wanted)


def main() -> None:
    """Train, print the metric on texts whose answers training never saw, write tokenizer and weights."""
    import torch

    torch.manual_seed(SEED)
    start = time.perf_counter()
    texts = training_part(TEXTS)
    write_tokenizer(texts)
    ids, types, wanted = encoded(texts)
    print(f"{len(ids)} windows, {time.perf_counter() - start:.0f} s", flush=True)
    network = SAMPLE.build().train()
    begin_with_waves(network.bert.embeddings.position_embeddings.weight)
    cycle = OneCycle(network.parameters(), RATE, EPOCHS * -(-len(ids) // BATCH), decay=1e-2, rise=0.2, longest=1.0)
    for _ in range(EPOCHS):
        total = 0.0
        for number, chosen in enumerate(torch.randperm(len(ids)).split(BATCH)):
            longest = int((ids[chosen] > 0).sum(1).max())
            given = ids[chosen, :longest]
            first, last = network(given, (given > 0).long(), types[chosen, :longest])
            loss = torch.nn.functional.cross_entropy(first, wanted[chosen, 0])
            loss = loss + torch.nn.functional.cross_entropy(last, wanted[chosen, 1])
            cycle.step(loss)
            total += loss.item()
            if number % 100 == 99:
                print(f"  {number + 1}: {total / 100:.4f}, {time.perf_counter() - start:.0f} s", flush=True)
                total = 0.0
    finish(SAMPLE, network, "questions", start)


if __name__ == "__main__":
    main()
