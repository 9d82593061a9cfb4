"""Text models: what a text gives does not depend on padding, embeddings are the source's own, and what a task reads."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.base import Engine
from utils.datasets.sample import Sample
from zoo import catalogue, frameworks
from zoo.model import Model
from zoo.running.padding import arranged, stacked
from zoo.running.pipeline import Stages, predictions
from zoo.weights import find_weights
from zoo_core.errors import DataError

TEXTS = [
    "A man is playing the guitar.",
    "x",
    "Ünïcödé 你好 wordpiecing?!",
    "We thought that the ending was not great at all. Still, I loved the food. " * 3,
    "long " * 400,
]


def load(name: str, variant: str | None = None) -> Model:
    return catalogue.load(name).variant(variant)


@pytest.fixture(scope="module", params=["textcnn", "textrcnn", "lstm_sentiment", "sentence_embedding"])
def model_and_engine(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Engine]]:
    """A model, and its own network in PyTorch with its default weights."""
    model = load(f"nlp/{request.param}")
    framework = frameworks.of(model)
    with framework.engine(model.part, framework.load(model, find_weights(model, None), [])) as engine:
        yield model, engine


def test_padding_changes_nothing(model_and_engine: tuple[Any, Engine]) -> None:
    model, engine = model_and_engine
    rows = [model.task.preprocess(text)[0] for text in TEXTS[:4]]
    together = engine(stacked(rows, model.task.padding))
    wider = engine(stacked(rows, model.task.padding, [[100]] * len(model.part.inputs)))
    for place, row in enumerate(rows):
        alone = engine([array[None] for array in row])[0]
        scale = np.abs(alone).max()
        assert np.abs(together[place] - alone).max() <= 2e-6 * max(scale, 1)
        assert np.abs(wider[place] - alone).max() <= 2e-6 * max(scale, 1)


def test_batches_of_similar_lengths_give_each_text_its_own_result(model_and_engine: tuple[Any, Engine]) -> None:
    model, engine = model_and_engine
    samples = [Sample(str(place), text) for place, text in enumerate(TEXTS)]
    found: dict[str, Any] = {}
    stages = Stages()
    batched = predictions(model.task, engine, arranged(model.task, samples), 3, stages, token_budget=60)
    for batch, results in batched:
        found.update({sample.id: one for sample, one in zip(batch, results, strict=True)})
    assert stages.batches > 2
    for sample in samples:
        arrays, meta = model.task.preprocess(sample.data)
        (alone,) = model.task.postprocess([engine([array[None] for array in arrays])], [meta])
        assert model.task.agreement(alone, found[sample.id])


def test_embeddings_are_those_of_sentence_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    source = pytest.importorskip("sentence_transformers")
    model = load("nlp/sentence_embedding")
    folder = model.task.tokenizer().parent
    expected = source.SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    framework = frameworks.of(model)
    network = framework.load(model, find_weights(model, "pretrained"), [])
    rows, metas = zip(*(model.task.preprocess(text) for text in TEXTS), strict=True)
    with framework.engine(model.part, network) as engine:
        found = model.task.postprocess([engine(stacked(rows, model.task.padding))], list(metas))
    assert metas[4].total == 402
    assert len(metas[4].ids) == model.task.max_length == 256
    assert np.abs(np.stack([one.vector for one in found]) - expected).max() <= 1e-5


def test_what_files_hold(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("One text.\nIt goes on.\n")
    (tmp_path / "b.tsv").write_text("sentence\tlabel\nfine\t1\nbad\t0\n")
    (tmp_path / "c.csv").write_text("g\tf\ty\t0\t3.0\tone\ttwo\n")
    classifier, embedder = load("nlp/textcnn", "textcnn").task, load("nlp/sentence_embedding").task
    for task in (classifier, embedder):
        (sample,) = task.samples_in(tmp_path / "a.txt")
        assert task.length(sample.data) == len(task.preprocess(sample.data)[0][0])
    assert [one.id for one in classifier.samples_in(tmp_path / "b.tsv")] == ["b.tsv:2", "b.tsv:3"]
    assert [one.data for one in embedder.samples_in(tmp_path / "c.csv")] == ["one", "two"]
    with pytest.raises(DataError, match="sentence1"):
        embedder.samples_in(tmp_path / "b.tsv")
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    assert arranged(classifier, [Sample("a.txt", tmp_path / "a.txt")]).lengths == [0]


def test_sizes_are_maxima(caplog: pytest.LogCaptureFixture) -> None:
    classifier, embedder = load("nlp/textcnn", "textcnn").task, load("nlp/sentence_embedding").task
    assert classifier.adapted(None, 1).max_length == 128
    arrays, meta = classifier.adapted(7, 1).preprocess("word " * 20)
    assert arrays[0].shape == (7,)
    assert meta.total == 20
    with caplog.at_level(logging.WARNING):
        assert embedder.adapted(1000, 1).max_length == 512
    assert "the network takes 512 tokens at most" in caplog.text


def test_what_is_not_a_number_is_an_error() -> None:
    task = load("nlp/sentence_embedding").task
    with pytest.raises(DataError, match="NaN or infinity"):
        task.postprocess([np.full((1, 384), np.nan, np.float32)], [task.preprocess("a")[1]])


def test_pictures_show_any_text() -> None:
    classifier, embedder = load("nlp/textcnn", "textcnn").task, load("nlp/sentence_embedding").task
    logits = np.array([[0.5, 1.5]], np.float32)
    vector = np.linspace(-1, 1, 384, dtype=np.float32)[None]
    heights = []
    for text in ("short", "w" * 5000, "many words " * 2000, "你好 \ud800 🙂"):
        (ranking,) = classifier.postprocess([logits], [classifier.preprocess(text)[1]])
        (embedding,) = embedder.postprocess([vector], [embedder.preprocess(text)[1]])
        pictures = [classifier.draw(text, ranking), embedder.draw(text, embedding)]
        assert {picture.width for picture in pictures} == {512}
        heights.append(pictures[0].height)
    assert heights[0] < heights[1] == heights[2] < 600
