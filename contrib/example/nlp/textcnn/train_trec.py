"""Makes sample_textcnn_trec.safetensors from TREC's 5,452 questions: python train_trec.py

It writes tokenizer_trec.json too: words between spaces, as they are written, those that occur four times in the
training part. They are as many as fit: the weights, in float16, are 1.7 MB. TREC is fetched, or comes from
TECO_ZOO_MIRROR.
"""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL, TREC, TREC_TOKENIZER

from utils.datasets.tsv_classification import LabelledSentences
from utils.preprocess.text import PAD, UNKNOWN, import_tokenizers
from utils.training.steps import OneCycle, round_weights, save_weights
from zoo.references import reference_folder
from zoo_core.files import atomic_write

SEED, EPOCHS, BATCH, RATE, LEAST, SHRUNK = 0, 7, 50, 2e-3, 4, 0.25
HIDDEN, UNKNOWN_ID = 0.05, 1  # the share of words that training replaces by [UNK]


def write_tokenizer(texts: list[str]) -> None:
    """Write tokenizer_trec.json: the words of `texts` that occur at least four times, the most frequent first."""
    library = import_tokenizers()
    counts = Counter(word for text in texts for word in text.split())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = [PAD, UNKNOWN, *(word for word, count in ranked if count >= LEAST)]
    made = library.Tokenizer(library.models.WordLevel({word: index for index, word in enumerate(words)}, UNKNOWN))
    made.pre_tokenizer = library.pre_tokenizers.WhitespaceSplit()
    with atomic_write(TREC_TOKENIZER) as temporary:
        made.save(str(temporary))


def encoded(samples: Any) -> tuple[Any, Any]:
    """Ids by the model's own preprocessing, int64 [N, longest], filled up with 0; and labels, int64 [N]."""
    import torch

    task = MODEL.variant("textcnn_trec").task
    rows = [task.preprocess(sample.data)[0][0] for sample in samples]
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    for place, row in zip(ids, rows, strict=True):
        place[: len(row)] = row
    return torch.from_numpy(ids), torch.tensor([sample.truth for sample in samples])


def main() -> None:
    """Train, print the accuracy on the 500 test questions at the end, write the weights."""
    import torch

    folder = reference_folder(TREC)
    train, test = (LabelledSentences(folder / f"{part}.tsv", 6) for part in ("train", "dev"))
    write_tokenizer([sample.data for sample in train])
    (ids, labels), (held_out, truths) = encoded(train), encoded(test)
    torch.manual_seed(SEED)
    model = MODEL.variant("textcnn_trec")
    network = model.build()
    with torch.no_grad():
        network.embedding.weight.mul_(SHRUNK)
    lengths = (ids > 0).sum(1)
    steps = EPOCHS * (len(ids) // BATCH + 20)
    cycle = OneCycle(network.parameters(), RATE, steps, decay=1e-2)
    for epoch in range(1, EPOCHS + 1):
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
