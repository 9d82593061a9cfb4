"""Texts of very different lengths: batches of similar lengths under a token budget, against padding to the maximum.

Claim: at least 1.8 times the throughput, and the same output for each text. The lengths go from 16 to 1,536 and every
order of magnitude is as frequent (log-uniform), with at most 64 texts a batch and attention heads of 64. Reduced for
two CPU cores, with random weights: two layers of two heads; with --base twelve of twelve, as BERT-base has them, on
fewer texts. Padded to the maximum, 16 texts make a batch (4 with --base), because of the memory that their attention
takes; the token budget is just as many positions, so that both take the same.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
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

SHORTEST, LONGEST, WORDS = 16, 1536, 1000
BATCH, HEAD, SEED = 64, 64, 0
SAME = 1e-6  # of numbers of about 0.1, in float32
INPUTS = ("input_ids", "attention_mask")

Result = dict[str, Embedding]


@dataclass(frozen=True)
class Shape:
    """Of a measurement: the network's layers and heads, how many texts, how many of them padded to the maximum make a
    batch, and rounds."""

    layers: int
    heads: int
    texts: int
    padded_batch: int
    rounds: int


SMALL = Shape(layers=2, heads=2, texts=96, padded_batch=16, rounds=5)
BASE = Shape(layers=12, heads=12, texts=24, padded_batch=4, rounds=3)


class Ids(SentenceEmbedding):
    """Sentence embedding of texts that are token ids already."""

    def preprocess(self, data: Any, out: Any = None) -> tuple[tuple[np.ndarray, ...], Any]:
        return (data, np.ones_like(data)), None

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Embedding]:
        return [Embedding(vector, 0, 0) for vector in outputs[0]]

    def length(self, data: Any) -> int:
        return len(data)


def network(shape: Shape, folder: Path) -> Path:
    """The zoo's sentence encoder in the shape above, as a dynamic ONNX file."""
    import torch
    from transformers import BertConfig

    torch.manual_seed(SEED)
    config = BertConfig(
        vocab_size=WORDS,
        hidden_size=shape.heads * HEAD,
        intermediate_size=4 * shape.heads * HEAD,
        num_attention_heads=shape.heads,
        num_hidden_layers=shape.layers,
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


def texts(count: int) -> list[Sample]:
    """Random ids, in the order in which they were drawn."""
    random = np.random.default_rng(SEED)
    lengths = np.exp(random.uniform(np.log(SHORTEST), np.log(LONGEST), count)).astype(int)
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", action="store_true", help="twelve layers of twelve heads: some minutes")
    shape = BASE if parser.parse_args().base else SMALL
    machine()
    samples = texts(shape.texts)
    lengths = [len(sample.data) for sample in samples]
    print(f"{shape.texts} texts of {min(lengths)} to {max(lengths)} tokens, {np.mean(lengths):.0f} on average")
    sorted_samples = arranged(Ids(Path(), LONGEST, LONGEST), samples)
    full = [[shape.padded_batch, LONGEST]] * len(INPUTS)
    bucketed, mixed, padded = "buckets and budget", "padded to the batch", "padded to the maximum"
    results: dict[str, Result] = {name: {} for name in (bucketed, mixed, padded)}
    with tempfile.TemporaryDirectory() as folder:
        ckpt = network(shape, Path(folder))
        with Engine(ckpt) as dynamic, Engine(ckpt, input_size=full) as fixed:
            jobs = {
                bucketed: lambda: run(dynamic, sorted_samples, BATCH, shape.padded_batch * LONGEST, results[bucketed]),
                mixed: lambda: run(dynamic, samples, shape.padded_batch, None, results[mixed]),
                padded: lambda: run(fixed, samples, shape.padded_batch, None, results[padded]),
            }
            found = in_turns(shape.rounds, jobs)
    found.show("texts/s")
    good = claim(found, bucketed, padded, low=1.8)
    good &= same(results[bucketed], results[padded])
    return 0 if good else 1


def same(one: Result, other: Result) -> bool:
    """Whether both hold the same of each text; says how far they are apart."""
    vectors, others = (np.stack([each[name].vector for name in one]) for each in (one, other))
    apart = float(np.abs(vectors - others).max())
    nearest = [np.argsort(-(each @ each.T), axis=1)[:, 1] for each in (vectors, others)]
    agreeing = int((nearest[0] == nearest[1]).sum())
    holds = apart <= SAME and agreeing == len(one)
    print(
        f"  the same text's numbers differ by {apart:.1e} at most (claim: {SAME:.0e}), and {agreeing} of {len(one)} "
        f"texts have the same nearest one: {'holds' if holds else 'DOES NOT HOLD'}"
    )
    return holds


if __name__ == "__main__":
    sys.exit(main())
