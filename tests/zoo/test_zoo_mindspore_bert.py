"""A small BERT defined in MindSpore: with the same weights, every format says what transformers' network says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import backends
from engine.base import Engine
from zoo import catalogue, frameworks
from zoo.difference import outputs_difference
from zoo.exporting.export import ExportOptions, export
from zoo.weights import Weights, find_weights
from zoo_core.hashing import sha256

if not backends.targets()["mindspore"].availability().usable:
    pytest.skip("mindspore is not installed", allow_module_level=True)
torch = pytest.importorskip("torch")


def test_checkpoint_mindir_onnx_and_transformers_agree(tmp_path: Path) -> None:
    model, other = (catalogue.load(f"nlp/{name}").variant("bert_sample") for name in ("bert_mindspore", "bert"))
    assert sha256(model.sample_weights) == sha256(other.sample_weights)
    assert model.task.source_identity == other.task.source_identity  # the tokenizer too
    made = export(model, tmp_path, ExportOptions(formats=("onnx", "mindir", "ckpt")))
    framework = frameworks.of(model)
    network = framework.load(model, Weights("file", made.paths["ckpt"]), [])
    theirs = frameworks.of(other).load(other, find_weights(other, "sample"), [])
    engines = {
        "ckpt": framework.engine(model.part, network),
        "mindir": Engine(made.paths["mindir"], target="mindspore"),
        "onnx": Engine(made.dynamic),
    }
    random = np.random.RandomState(0)
    for rows, length in ((1, 1), (3, 17), (2, 128)):
        ids = random.randint(1, 320, (rows, length)).astype(np.int64)
        mask = np.ones_like(ids)
        ids[-1, max(1, length // 2) :], mask[-1, max(1, length // 2) :] = 0, 0  # filled up
        with torch.inference_mode():
            expected = theirs(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
        for name, engine in engines.items():
            assert outputs_difference([expected], [engine([ids, mask])]).relative < 1e-5, (name, rows, length)
    for engine in engines.values():
        engine.release()


def test_what_fills_up_a_text_changes_nothing() -> None:
    model = catalogue.load("nlp/bert_mindspore").variant()
    framework = frameworks.of(model)
    engine = framework.engine(model.part, framework.load(model, find_weights(model, "sample"), []))
    ids = np.random.RandomState(1).randint(5, 320, (2, 24)).astype(np.int64)
    ids[1, 9:] = 0
    together = engine([ids, (ids != 0).astype(np.int64)])
    alone = engine([ids[1:, :9], np.ones((1, 9), np.int64)])
    engine.release()
    assert outputs_difference([alone], [together[1:]]).relative < 1e-5
