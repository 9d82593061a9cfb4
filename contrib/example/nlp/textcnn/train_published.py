"""Makes the weights that know public data: of `textcnn_trec` from TREC's 5,452 questions, of `textcnn_sst2` from the
6,920 sentences of SST-2, of `textcnn_mr` from 9,594 of MR's. Run: python train_published.py textcnn_trec

It writes the tokenizer too: words between spaces, as they are written, those that occur often enough in the training
part. They are as many as fit: the weights, in float16, are below 1.9 MB. The data are fetched, or come from
TECO_ZOO_MIRROR.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL, PAPER, REFERENCES

from utils.datasets.tsv_classification import LabelledSentences
from utils.preprocess.text import PAD, UNKNOWN, import_tokenizers
from utils.training.steps import OneCycle, round_weights, save_weights
from zoo.references import reference_folder
from zoo_core.files import atomic_write

SEED, BATCH, RATE, SHRUNK = 0, 50, 2e-3, 0.25
# of each variant: epochs, and how often a word occurs that is known
CHOSEN = {"textcnn_trec": (7, 4), "textcnn_sst2": (5, 8), "textcnn_mr": (5, 12)}
HIDDEN, UNKNOWN_ID = 0.05, 1  # the share of words that training replaces by [UNK]


def write_tokenizer(path: Path, texts: list[str], least: int) -> None:
    """Write a tokenizer.json: the words of `texts` that occur at least `least` times, the most frequent first."""
    library = import_tokenizers()
    counts = Counter(word for text in texts for word in text.split())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = [PAD, UNKNOWN, *(word for word, count in ranked if count >= least)]
    made = library.Tokenizer(library.models.WordLevel({word: index for index, word in enumerate(words)}, UNKNOWN))
    made.pre_tokenizer = library.pre_tokenizers.WhitespaceSplit()
    with atomic_write(path) as temporary:
        made.save(str(temporary))


def encoded(task: Any, samples: Any) -> tuple[Any, Any]:
    """Ids by the model's own preprocessing, int64 [N, longest], filled up with 0; and labels, int64 [N]."""
    import torch

    rows = [task.preprocess(sample.data)[0][0] for sample in samples]
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    for place, row in zip(ids, rows, strict=True):
        place[: len(row)] = row
    return torch.from_numpy(ids), torch.tensor([sample.truth for sample in samples])


def main() -> None:
    """Train, print the accuracy on the test part at the end, write the weights."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant", choices=CHOSEN)
    variant = parser.parse_args().variant
    epochs, least = CHOSEN[variant]
    tokenizer, classes = PAPER[variant]
    folder = reference_folder(REFERENCES[variant])
    train, test = (LabelledSentences(folder / f"{part}.tsv", len(classes)) for part in ("train", "dev"))
    write_tokenizer(tokenizer, [sample.data for sample in train], least)
    model = MODEL.variant(variant)
    (ids, labels), (held_out, truths) = encoded(model.task, train), encoded(model.task, test)
    torch.manual_seed(SEED)
    network = model.build()
    with torch.no_grad():
        network.embedding.weight.mul_(SHRUNK)
    lengths = (ids > 0).sum(1)
    steps = epochs * (len(ids) // BATCH + 20)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=1e-2)
    for epoch in range(1, epochs + 1):
        network.train()
        groups = torch.randperm(len(ids)).split(8 * BATCH)
        batches = [batch for group in groups for batch in group[lengths[group].argsort()].split(BATCH)]
        for place in torch.randperm(len(batches)).tolist():
            chosen = batches[place]
            batch = ids[chosen, : int(lengths[chosen].max())]
            batch = torch.where((torch.rand(batch.shape) < HIDDEN) & (batch > 0), UNKNOWN_ID, batch)
            loss = torch.nn.functional.cross_entropy(network(batch), labels[chosen])
            cycle.step(loss)
        print(f"epoch {epoch}: loss {loss.item():.4f}", flush=True)
    round_weights(network.eval())
    with torch.inference_mode():
        right = (network(held_out).argmax(1) == truths).float().mean().item()
    print(f"accuracy {right:.4f} of {len(truths)}")
    save_weights(network, model.sample_weights)


if __name__ == "__main__":
    main()
