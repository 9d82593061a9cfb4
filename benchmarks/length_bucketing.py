"""Texts of very different lengths: batches of similar lengths under a token budget, against padding to the maximum.

Claim: at least 1.8 times the throughput, and the same output for each text. The lengths go from 16 to 1,536 and every
order of magnitude is as frequent (log-uniform), with at most 64 texts a batch and attention heads of 64. Reduced for
two CPU cores, with random weights: two layers of two heads. Padded to the maximum, 16 texts make a batch, because of
the memory that their attention takes; the token budget is just as many positions, so that both take the same.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from _common import ROOT, claim, in_turns, machine
from engine.base import Engine
from engine.frontends.torch_onnx import export_module
from utils.datasets.sample import Sample
from zoo.catalogue import beside
from zoo.running.padding import arranged
from zoo.running.pipeline import Stages, predictions
from zoo.tasks.sentence_embedding import Embedding, SentenceEmbedding

SHORTEST, LONGEST, TEXTS, WORDS = 16, 1536, 96, 1000
BATCH, PADDED_BATCH = 64, 16
BUDGET = PADDED_BATCH * LONGEST
LAYERS, HEADS, HEAD = 2, 2, 64
SEED, ROUNDS = 0, 5
SAME = 1e-6  # of numbers of about 0.1, in float32
INPUTS = ("input_ids", "attention_mask")

Result = dict[str, Embedding]


class Ids(SentenceEmbedding):
    """Sentence embedding of texts that are token ids already."""

    def preprocess(self, data: Any, out: Any = None) -> tuple[tuple[np.ndarray, ...], Any]:
        return (data, np.ones_like(data)), None

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Embedding]:
        return [Embedding(vector, 0, 0) for vector in outputs[0]]

    def length(self, data: Any) -> int:
        return len(data)


def network(folder: Path) -> Path:
    """The zoo's sentence encoder in the shape above, as a dynamic ONNX file."""
    import torch
    from transformers import BertConfig

    torch.manual_seed(SEED)
    config = BertConfig(
        vocab_size=WORDS,
        hidden_size=HEADS * HEAD,
        intermediate_size=4 * HEADS * HEAD,
        num_attention_heads=HEADS,
        num_hidden_layers=LAYERS,
        max_position_embeddings=LONGEST,
    )
    encoder = beside(str(ROOT / "contrib/example/nlp/sentence_embedding/model.py"), "network").SentenceEncoder(config)
    example = torch.ones(2, SHORTEST, dtype=torch.int64)
    path = folder / "encoder.onnx"
    export_module(
        encoder.eval(),
        [example, example],
        path,
        input_names=list(INPUTS),
        output_names=["embedding"],
        dynamic_axes={name: {0: "batch", 1: "length"} for name in INPUTS} | {"embedding": {0: "batch"}},
        opset=17,
    )
    return path


def texts() -> list[Sample]:
    """Random ids, in the order in which they were drawn."""
    random = np.random.default_rng(SEED)
    lengths = np.exp(random.uniform(np.log(SHORTEST), np.log(LONGEST), TEXTS)).astype(int)
    lengths[0] = LONGEST
    return [Sample(str(n), random.integers(1, WORDS, length)) for n, length in enumerate(lengths)]


def run(engine: Engine, samples: Sequence[Sample], batch: int, budget: int | None, result: Result) -> float:
    """Texts a second; what the network says of each goes to `result`."""
    stages = Stages()
    task = Ids(Path(), LONGEST, LONGEST)
    for some, found in predictions(task, engine, samples, batch, stages, token_budget=budget):
        result.update({sample.id: one for sample, one in zip(some, found, strict=True)})
    return stages.throughput()


def main() -> int:
    """Print the medians and the ratio; 1 if a claim does not hold."""
    machine()
    samples = texts()
    lengths = [len(sample.data) for sample in samples]
    print(f"{TEXTS} texts of {min(lengths)} to {max(lengths)} tokens, {np.mean(lengths):.0f} on average")
    sorted_samples = arranged(Ids(Path(), LONGEST, LONGEST), samples)
    full = [[PADDED_BATCH, LONGEST]] * len(INPUTS)
    bucketed, mixed, padded = "buckets and budget", "padded to the batch", "padded to the maximum"
    results: dict[str, Result] = {name: {} for name in (bucketed, mixed, padded)}
    with tempfile.TemporaryDirectory() as folder:
        ckpt = network(Path(folder))
        with Engine(ckpt) as dynamic, Engine(ckpt, input_size=full) as fixed:
            jobs = {
                bucketed: lambda: run(dynamic, sorted_samples, BATCH, BUDGET, results[bucketed]),
                mixed: lambda: run(dynamic, samples, PADDED_BATCH, None, results[mixed]),
                padded: lambda: run(fixed, samples, PADDED_BATCH, None, results[padded]),
            }
            found = in_turns(ROUNDS, jobs)
    found.show("texts/s")
    good = claim(found, bucketed, padded, low=1.8)
    good &= same(results[bucketed], results[padded])
    return 0 if good else 1


def same(one: Result, other: Result) -> bool:
    """Whether both hold the same of each text; says how far they are apart."""
    vectors, others = (np.stack([each[str(n)].vector for n in range(TEXTS)]) for each in (one, other))
    apart = float(np.abs(vectors - others).max())
    nearest = [np.argsort(-(each @ each.T), axis=1)[:, 1] for each in (vectors, others)]
    agreeing = int((nearest[0] == nearest[1]).sum())
    holds = apart <= SAME and agreeing == TEXTS
    print(
        f"  the same text's numbers differ by {apart:.1e} at most (claim: {SAME:.0e}), and {agreeing} of {TEXTS} texts "
        f"have the same nearest one: {'holds' if holds else 'DOES NOT HOLD'}"
    )
    return holds


if __name__ == "__main__":
    sys.exit(main())
