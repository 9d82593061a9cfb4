"""Makes tokenizer.json and sample.safetensors: a small BERT trained on questions about generated texts.

A small network that sees answers alone finds the sentences of the right kind, and not whom they speak of. Therefore a
layer that is thrown away afterwards is trained beside it: from what the tokens are after two of the three layers, it
tells which of them stand in sentences that speak of what the question names.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import FOLDER, MODEL

from utils.datasets.samples.facts import Asked, Sentence, Text, drill_part, sentences, training_part
from utils.datasets.squad import Question
from utils.preprocess.question import Offsets
from utils.training.steps import OneCycle, begin_with_likeness, begin_with_waves
from zoo.training import finish
from zoo_core.files import atomic_write

SAMPLE, TOKENIZER = MODEL.variant(), FOLDER / "tokenizer.json"
SEED, TEXTS, DRILLS, EPOCHS, BATCH, RATE, WORDS = 0, 6000, 6000, 3, 32, 2e-3, 400
FIRST = 0  # the place of [CLS], which stands for "no answer in this window"
LAYERS = 2  # before what tells the sentences apart
OUTSIDE = -100  # of tokens that stand in no sentence: what cross entropy leaves out


class Windows(NamedTuple):
    """Of every window: ids and types int64 [N, longest], ids 0 behind its own; places of the answers, [N, 2]; and
    whether each token stands in a sentence that is meant (1), in another one (0), or in none, [N, longest]."""

    ids: Any
    types: Any
    answers: Any
    meant: Any


def write_tokenizer(texts: list[Text]) -> None:
    """Write a tokenizer of word pieces in lower case, which joins two texts as BERT's does."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=WORDS, special_tokens=special, show_progress=False)
    said = [text.context for text in texts] + [asked.question for text in texts for asked in text.asked]
    tokenizer.train_from_iterator(said, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    with atomic_write(TOKENIZER) as temporary:
        tokenizer.save(str(temporary))


def places(asked: Asked, within: list[Sentence], offsets: Offsets) -> tuple[int, int]:
    """The first and the last token of the answer in a window; those of [CLS] where its whole sentence does not lie
    there: of half a sentence nobody knows whom it speaks of."""
    end = asked.start + len(asked.answer)
    starts = {span[0]: place for place, span in enumerate(offsets) if span}
    ends = {span[1]: place for place, span in enumerate(offsets) if span}
    sentence = next(one for one in within if one.start <= asked.start < one.end)
    if not asked.answer or sentence.start not in starts or sentence.end not in ends:
        return FIRST, FIRST
    return starts[asked.start], ends[end]


def meanings(within: list[Sentence], offsets: Offsets) -> list[int]:
    """Of each token of a window, whether its sentence is meant."""
    return [
        OUTSIDE if span is None else next(int(one.meant) for one in within if one.start <= span[0] < one.end)
        for span in offsets
    ]


def encoded(texts: list[Text]) -> Windows:
    """Every window of every question."""
    import torch

    rows: list[tuple[Any, ...]] = []
    answers = []
    for text in texts:
        for asked in text.asked:
            _, windows = SAMPLE.task.preprocess(Question(asked.question, text.context))
            within = sentences(text, asked)
            for ids, types, offsets in zip(windows.ids, windows.types, windows.offsets, strict=True):
                rows.append((ids, types, meanings(within, offsets)))
                answers.append(places(asked, within, offsets))
    filled = np.zeros((3, len(rows), max(len(ids) for ids, *_ in rows)), np.int64)
    filled[2] = OUTSIDE
    for number, row in enumerate(rows):
        filled[:, number, : len(row[0])] = row
    ids, types, meant = map(torch.from_numpy, filled)
    return Windows(ids, types, torch.tensor(answers), meant)


def begun() -> Any:
    """The network as training begins with it."""
    network = SAMPLE.build().train()
    begin_with_waves(network.bert.embeddings.position_embeddings.weight)
    for layer in network.bert.encoder.layer:
        own = layer.attention.self
        begin_with_likeness(own.query, own.key, own.value, layer.attention.output.dense)
    return network


def losses(network: Any, telling: Any, some: Windows) -> tuple[Any, Any]:
    """Of the answers, and of the sentences that are meant."""
    from torch.nn.functional import cross_entropy

    mask = (some.ids > 0).long()
    found = network.bert(input_ids=some.ids, attention_mask=mask, token_type_ids=some.types, output_hidden_states=True)
    scores = network.qa_outputs(found.last_hidden_state).masked_fill(mask[..., None] == 0, -1e4)
    answers = sum(cross_entropy(scores[..., side], some.answers[:, side]) for side in (0, 1))
    told = telling(found.hidden_states[LAYERS])
    return answers, cross_entropy(told.flatten(0, 1), some.meant.flatten(), ignore_index=OUTSIDE)


def main() -> None:
    """Train, print the metric on texts whose answers training never saw, write tokenizer and weights."""
    import torch

    torch.manual_seed(SEED)
    start = time.perf_counter()
    texts = training_part(TEXTS)
    write_tokenizer(texts)
    every = encoded(texts + drill_part(DRILLS))
    count = len(every.ids)
    print(f"{count} windows, {time.perf_counter() - start:.0f} s", flush=True)
    network = begun()
    telling = torch.nn.Linear(network.config.hidden_size, 2)
    trained = [*network.parameters(), *telling.parameters()]
    cycle = OneCycle(trained, RATE, EPOCHS * -(-count // BATCH), decay=1e-2, rise=0.2, longest=1.0)
    for _ in range(EPOCHS):
        said = torch.zeros(2)
        for number, chosen in enumerate(torch.randperm(count).split(BATCH)):
            longest = int((every.ids[chosen] > 0).sum(1).max())
            ids, types, meant = (one[chosen, :longest] for one in (every.ids, every.types, every.meant))
            answers, sentence = losses(network, telling, Windows(ids, types, every.answers[chosen], meant))
            cycle.step(answers + 2 * sentence)
            said += torch.stack([answers, sentence]).detach()
            if number % 100 == 99:
                shown = " + ".join(f"{one:.4f}" for one in (said / 100).tolist())
                print(f"  {number + 1}: {shown}, {time.perf_counter() - start:.0f} s", flush=True)
                said = torch.zeros(2)
    finish(SAMPLE, network, "questions", start)


if __name__ == "__main__":
    main()
