"""The family of embedders: what stands before a text, which tokens make the vector, and retrieval with real weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.beir import Document, Query
from utils.datasets.samples.sentence_pairs import PAIRS
from zoo import frameworks
from zoo.catalogue import load
from zoo.errors import ZooError
from zoo.running.padding import stacked
from zoo.weights import find_weights
from zoo_core.errors import DataError

FAMILY = load("nlp/sentence_embedding")
TINY = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16, "vocab_size": 50}


def ids(task: Any, data: Any) -> list[int]:
    return task.preprocess(data)[0][0].tolist()


@pytest.mark.parametrize(
    ("variant", "alike", "query", "document"),
    [
        ("minilm_l6", "", "", ""),
        ("bge_small_en", "", "Represent this sentence for searching relevant passages: ", ""),
        ("e5_small_v2", "query: ", "query: ", "passage: "),
        ("multilingual_e5_small", "query: ", "query: ", "passage: "),
    ],
)
def test_what_stands_before_a_text(variant: str, alike: str, query: str, document: str, tmp_path: Path) -> None:
    task = FAMILY.variant(variant).task
    (tmp_path / "a.txt").write_text("bread")
    for before, data in (
        (alike, "bread"),
        (alike, tmp_path / "a.txt"),
        (query, Query("bread")),
        (document, Document("bread")),
    ):
        plain = task._encoder(f"{before}bread").ids.tolist()
        assert ids(task, data) == plain
        assert task.length(data) == len(plain)
    for empty in ("", " \n", "\x01"):
        with pytest.raises(DataError, match="the text is empty"):
            task.preprocess(empty)


def test_the_multilingual_variant_takes_weights_only_with_their_own_tokenizer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights that mean other pieces would give vectors without a word."""
    pytest.importorskip("transformers")
    names = FAMILY.make.__globals__
    said = json.loads((FAMILY.folder / "multilingual_e5_small.json").read_text())
    (tmp_path / "tiny.json").write_text(json.dumps(said | TINY))
    monkeypatch.setitem(names, "config", lambda variant: tmp_path / "tiny.json")
    model = FAMILY.variant("multilingual_e5_small")
    network = model.build()
    state = network.state_dict()
    told = "put the tokenizer.json that belongs to the weights of intfloat/multilingual-e5-small"
    with pytest.raises(ZooError, match=told):
        network.load_state_dict(state)
    assert model.restore is not None
    with pytest.raises(ZooError, match=told):
        model.restore(state)
    own = tmp_path / "tokenizer_own.json"
    own.write_bytes(names["SMALL_PIECES"].read_bytes())
    monkeypatch.setitem(names, "OWN_PIECES", own)
    network.load_state_dict(state)
    assert model.restore(state) is not None
    assert model.task.source_identity.startswith("tokenizer_own.json")


@pytest.mark.parametrize("variant", ["bge_small_en", "e5_small_v2"])
def test_pooling_is_the_source_s(variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of BERT's last hidden state, the first token (BGE) or the mean of a text's own (E5), of length 1."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    said = json.loads((FAMILY.folder / f"{variant}.json").read_text()) | TINY
    (tmp_path / "tiny.json").write_text(json.dumps(said))
    monkeypatch.setitem(FAMILY.make.__globals__, "config", lambda variant: tmp_path / "tiny.json")
    source = transformers.BertModel(transformers.BertConfig(**said)).eval()
    model = FAMILY.variant(variant)
    assert model.restore is not None
    network = model.restore(source.state_dict())  # a checkpoint has a pooler, which is left out
    given = torch.tensor([[2, 7, 9, 3, 0, 0], [2, 8, 6, 5, 4, 3]])
    mask = (given > 0).long()
    with torch.no_grad():
        tokens = source(given, mask).last_hidden_state
        found = network(given, mask)
    mean = (tokens * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    wanted = tokens[:, 0] if variant == "bge_small_en" else mean
    np.testing.assert_allclose(found, torch.nn.functional.normalize(wanted, dim=1), rtol=1e-4, atol=1e-6)


def test_minilm_finds_what_means_the_same(tmp_path: Path) -> None:
    """The pairs of the sample data as a retrieval data set: of nearly equal sentences, the other one."""
    pytest.importorskip("transformers")
    alike = [(one, other) for score, one, other in PAIRS if score >= 4.5]
    (tmp_path / "qrels").mkdir()
    corpus = [{"_id": f"d{number}", "text": other} for number, (_, _, other) in enumerate(PAIRS)]
    queries = [{"_id": f"q{number}", "text": one} for number, (one, _) in enumerate(alike)]
    numbers = {other: number for number, (_, _, other) in enumerate(PAIRS)}
    rows = [f"q{number}\td{numbers[other]}\t1" for number, (_, other) in enumerate(alike)]
    for name, lines in (("corpus", corpus), ("queries", queries)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]) + "\n")
    model = FAMILY.variant("minilm_l6")
    framework = frameworks.of(model)
    network = framework.load(model, find_weights(model, "pretrained"), [])
    samples = list(model.task.dataset(tmp_path))
    rows_, metas = zip(*(model.task.preprocess(one.data) for one in samples), strict=True)
    with framework.engine(model.part, network) as engine:
        found = model.task.postprocess([engine(stacked(rows_, model.task.padding))], list(metas))
    metric = model.task.metric()
    metric.update(found, [one.truth for one in samples])
    figures = metric.compute()
    assert figures["recall_at_10"] == 1.0
    assert figures["ndcg_at_10"] > 0.95
