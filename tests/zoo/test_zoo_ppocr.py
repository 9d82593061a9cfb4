"""PP-OCR's graphs: their characters, their weights apart, and pictures that cannot share a batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zoo.catalogue import load
from zoo.frameworks.onnx import hoisted, without_weights
from zoo.running.reference import demo_batch

onnx = pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def ppocr():
    return load("ocr/ppocr")


def test_the_characters_are_those_of_the_graph(ppocr) -> None:
    model = ppocr.variant("ppocrv6_rec")
    alphabet = model.task.alphabet
    assert len(alphabet) == 18709
    assert len(set(alphabet)) == 18709
    assert alphabet[-1] == " "
    assert model.part.outputs[0].shape[-1] == 1 + len(alphabet)
    (props,) = [entry.value for entry in model.build().metadata_props if entry.key == "character"]
    assert "".join(props.split("\n")) + " " == alphabet


@pytest.mark.parametrize("variant", ["ppocrv6_rec", "ppocrv6_det", "ppocr_direction"])
def test_the_tensors_of_a_graph_are_called_as_described(ppocr, variant: str) -> None:
    model = ppocr.variant(variant)
    graph = model.build().graph
    assert [value.name for value in graph.input] == [spec.name for spec in model.part.inputs]
    assert [value.name for value in graph.output] == [spec.name for spec in model.part.outputs]


def test_each_word_is_read_alone_and_all_its_steps_count(ppocr) -> None:
    task = ppocr.variant("ppocrv6_rec").task
    assert task.one_by_one
    assert task.padding is None
    scores = np.zeros((1, 3, 18710), np.float32)
    scores[0, [0, 1, 2], [task.alphabet.index("猫") + 1, 0, len(task.alphabet)]] = 1
    (word,) = task.postprocess([scores], [None])
    assert word.text == "猫 "
    assert word.score == 1


def test_demos_of_other_sizes_do_not_join_the_first_ones_batch(ppocr) -> None:
    model = ppocr.variant("ppocrv6_det")
    (batch,) = demo_batch(model, model.demo_folder())
    assert batch.shape == (1, 3, 320, 320)


def test_weights_that_an_exporter_wrote_as_nodes_are_weights() -> None:
    from onnx import TensorProto, helper

    values = np.arange(1024, dtype=np.float32).reshape(2, 512)
    node = helper.make_node("Constant", [], ["w"], value=onnx.numpy_helper.from_array(values, "other"))
    number = helper.make_node("Constant", [], ["n"], value_int=3)
    graph = helper.make_graph(
        [node, number], "g", [], [helper.make_tensor_value_info("w", TensorProto.FLOAT, [2, 512])]
    )
    model = helper.make_model(graph)
    made = hoisted(model)
    assert [tensor.name for tensor in made.graph.initializer] == ["w"]
    assert [one.output[0] for one in made.graph.node] == ["n"]
    stripped, taken = without_weights(model)
    np.testing.assert_array_equal(taken["w"], values)
    assert len(stripped.SerializeToString()) < 1024 < len(model.SerializeToString())


def test_a_graph_of_the_folder_is_small(ppocr) -> None:
    assert all(path.stat().st_size < 300_000 for path in Path(ppocr.folder).glob("*.graph"))
