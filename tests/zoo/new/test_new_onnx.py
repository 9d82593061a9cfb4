"""zoo new from an ONNX file: what the file declares is kept, or refused with a sentence; never taken for another."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.base import Engine
from zoo import catalogue
from zoo.commands import export, predict
from zoo.contributing.new import command

CLASSES, SIDE = 7, 32


def classifier(
    path: Path,
    dims: tuple[Any, ...] = ("N", 3, SIDE, SIDE),
    x: str = "image",
    y: str = "scores",
    inner: str = "inner",
    weight: str = "kernel",
    before: tuple[Any, ...] = (),
    after: tuple[Any, ...] = (),
    **saved: Any,
) -> None:
    """A small classifier [N, C, H, W] to [N, 7], which can be called what its caller likes.

    before, after: nodes, (operator, input, output, attributes), at its beginning, from x to "first", and at its end,
    from "last" to y.
    """
    from onnx import helper, numpy_helper

    random = np.random.default_rng(3)
    channels = 3 if before or dims[1] is None or isinstance(dims[1], str) else dims[1]
    arrays = {
        weight: random.standard_normal((8, channels, 3, 3)).astype(np.float32) / 2,
        "matrix": random.standard_normal((CLASSES, 8)).astype(np.float32) * 4,
        "bias": random.standard_normal(CLASSES).astype(np.float32),
    }
    nodes = [
        *(helper.make_node(one, [given], [made], **attributes) for one, given, made, attributes in before),
        helper.make_node("Conv", ["first" if before else x, weight], [inner], pads=[1] * 4),
        helper.make_node("Relu", [inner], ["relu"]),
        helper.make_node("GlobalAveragePool", ["relu"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "matrix", "bias"], ["last" if after else y], transB=1),
        *(helper.make_node(one, [given], [made], **attributes) for one, given, made, attributes in after),
    ]
    weights = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    written(path, nodes, [(x, dims)], [(y, ("N", CLASSES))], weights, **saved)


def written(
    path: Path,
    nodes: list[Any],
    inputs: list[Any],
    outputs: list[Any],
    weights: list[Any],
    opset: int = 17,
    version: int = 8,
    listed: bool = False,
) -> None:
    """Write a graph. listed: whether the weights stand among the inputs, as they had to in IR version 3."""
    from onnx import TensorProto, helper, save

    said = [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in inputs]
    said += [helper.make_tensor_value_info(one.name, one.data_type, one.dims) for one in weights if listed]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in outputs]
    graph = helper.make_graph(nodes, "small", said, results, weights)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=version), path)


def new(root: Path, path: Path, *words: str) -> int:
    return command.main(["classification/given", "--from", str(path), "--root", str(root), *words])


def family(root: Path) -> Any:
    return catalogue.load_file(root / "contrib/example/classification/given/model.py")


def assert_equal_when_exported(root: Path, path: Path, tmp_path: Path, capfd: Any) -> None:
    """The folder exports, and what is exported computes what the file does."""
    assert export.main(family(root), ["--output", str(tmp_path / "out")]) == 0, capfd.readouterr().err
    (exported,) = (one for one in (tmp_path / "out").glob("*_dyn.onnx") if "float16" not in one.name)
    side = family(root).variant().part.inputs[0].shape[2]
    batch = np.random.default_rng(2).standard_normal((2, 3, SIDE, SIDE)).astype(np.float32)
    assert side in (SIDE, "height")
    results = []
    for file in (path, exported):
        with Engine(file) as engine:
            results.append(engine(batch))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("dims", "before"),
    [
        (("N", 28, 28, 3), ()),
        (("N", "H", "W", 3), ()),
        (("N", 28, 28, 1), ()),
        ((None, None, None, None), (("Transpose", "image", "first", {"perm": [0, 3, 1, 2]}),)),
        (
            ("N", "H", "W", "C"),
            (("Cast", "image", "cast", {"to": 1}), ("Transpose", "cast", "first", {"perm": [0, 3, 1, 2]})),
        ),
    ],
)
def test_channels_last_is_never_taken_for_channels_first(
    root: Path, tmp_path: Path, capfd: Any, dims: tuple[Any, ...], before: tuple[Any, ...]
) -> None:
    from onnx import helper, numpy_helper

    path = tmp_path / "last.onnx"
    if before:
        classifier(path, dims, before=before)
    else:
        matrix = numpy_helper.from_array(np.ones((3 if dims[3] == 3 else 1, CLASSES), np.float32), "matrix")
        nodes = [
            helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2], keepdims=0),
            helper.make_node("MatMul", ["mean", "matrix"], ["scores"]),
        ]
        written(path, nodes, [("image", dims)], [("scores", ("N", CLASSES))], [matrix])
    assert new(root, path) == 2
    assert "channels last (NHWC)" in capfd.readouterr().err
    assert not (root / "contrib/example").exists()


@pytest.mark.parametrize(
    ("dims", "words", "said"),
    [
        (
            ("N", 3, 32, 64),
            ("--size", "32"),
            "takes pictures of 32 x 64 pixels (height x width), and --size asks for 32",
        ),
        (("N", 3, 32, "W"), (), "fixes one side of its pictures, 32xW: give both, as --size 32xW"),
        (("N", 4, 32, 32), (), "with 4 channels, and zoo new writes preprocessing to 1 or 3"),
        (("N", 3, 32, 32), ("--channels", "1"), "with 3 channels, and --channels is 1"),
        (("N", 3, 32, 32), ("--size", "64"), "pictures of 32 pixels a side, and --size asks for 64"),
        (("N", "C", "H", "W"), ("--channels", "1"), "with 3 channels, and --channels is 1"),
        (("N", 3, 32), (), "graphs with one float32 input [N, C, H, W]"),
    ],
)
def test_what_the_file_declares_wins(
    root: Path, tmp_path: Path, capfd: Any, dims: tuple[Any, ...], words: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "declares.onnx"
    classifier(path, dims)
    assert new(root, path, *words) == 2
    assert said in capfd.readouterr().err


def test_open_sides_are_filled_in(root: Path, tmp_path: Path, capfd: Any) -> None:
    path = tmp_path / "open.onnx"
    classifier(path, ("N", "C", "H", "W"))
    assert new(root, path, "--size", "96") == 0
    assert family(root).variant().part.inputs[0].shape == ("batch", 3, "height", "width")
    assert family(root).variant().part.size == {"height": 96, "width": 96}
    assert_equal_when_exported(root, path, tmp_path, capfd)


def test_negative_sides_are_open(root: Path, tmp_path: Path, capfd: Any) -> None:
    path = tmp_path / "negative.onnx"
    classifier(path, (-1, 3, -1, -1))
    assert new(root, path, "--size", "96") == 0
    assert family(root).variant().part.inputs[0].shape == ("batch", 3, "height", "width")
    assert_equal_when_exported(root, path, tmp_path, capfd)


def test_a_weight_may_have_the_name_that_safetensors_keeps_for_itself(root: Path, tmp_path: Path, capfd: Any) -> None:
    path = tmp_path / "reserved.onnx"
    classifier(path, ("N", 3, SIDE, SIDE), weight="__metadata__")
    assert new(root, path) == 0
    assert_equal_when_exported(root, path, tmp_path, capfd)


@pytest.mark.parametrize(("length", "ok"), [("64", False), (None, True)])
def test_weights_in_a_file_of_their_own(root: Path, tmp_path: Path, capfd: Any, length: str | None, ok: bool) -> None:
    import onnx

    path = tmp_path / "beside.onnx"
    classifier(path)
    onnx.save(onnx.load(path), path, save_as_external_data=True, all_tensors_to_one_file=False, size_threshold=0)
    graph = onnx.load(path, load_external_data=False)
    for tensor in graph.graph.initializer:
        for number in reversed(range(len(tensor.external_data))):
            if tensor.external_data[number].key == "length":
                del tensor.external_data[number]
        if length:
            tensor.external_data.add(key="length", value=length)
    path.write_bytes(graph.SerializeToString())
    assert new(root, path) == (0 if ok else 2)
    if not ok:
        assert "weight 'kernel' [8, 3, 3, 3] takes 864 bytes, and the file names 64 of" in capfd.readouterr().err


def test_random_weights_take_the_place_of_the_files_when_asked_for(root: Path, tmp_path: Path, capfd: Any) -> None:
    path = tmp_path / "own.onnx"
    classifier(path)
    assert new(root, path) == 0
    assert family(root).variant().default_weights == "built"
    assert export.main(family(root), ["--output", str(tmp_path / "out"), "--weights", "random"]) == 0
    batch = np.random.default_rng(2).standard_normal((2, 3, SIDE, SIDE)).astype(np.float32)
    with Engine(path) as own, Engine(tmp_path / "out/own_dyn.onnx") as random:
        assert not np.allclose(own(batch), random(batch), rtol=0.1, atol=0.1)


def test_a_side_that_is_declared_stays(root: Path, tmp_path: Path) -> None:
    """Also where the network could take others: whoever wrote the file knows for which it was trained."""
    classifier(tmp_path / "fixed.onnx", ("N", 3, 96, 96))
    assert new(root, tmp_path / "fixed.onnx") == 0
    assert family(root).variant().part.inputs[0].shape == ("batch", 3, 96, 96)


@pytest.mark.parametrize(
    "names",
    [
        {"inner": "output"},
        {"inner": "input"},
        {"weight": "input"},
        {"weight": "output"},
        {"x": "output", "y": "input"},
        {"x": "x", "y": "output", "inner": "input", "weight": "output_"},
    ],
)
def test_names_that_collide_with_ours(root: Path, tmp_path: Path, capfd: Any, names: dict[str, str]) -> None:
    path = tmp_path / "collides.onnx"
    classifier(path, **names)
    assert new(root, path) == 0, capfd.readouterr().err
    assert_equal_when_exported(root, path, tmp_path, capfd)


def test_names_in_subgraphs(root: Path, tmp_path: Path, capfd: Any) -> None:
    """A branch that reads the input, and has tensors that are called as ours will be."""
    from onnx import TensorProto, helper, numpy_helper

    value = helper.make_tensor_value_info
    yes = helper.make_graph(
        [helper.make_node("Relu", ["image"], ["input"])], "yes", [], [value("input", TensorProto.FLOAT, None)]
    )
    no = helper.make_graph(
        [helper.make_node("Neg", ["image"], ["output"])], "no", [], [value("output", TensorProto.FLOAT, None)]
    )
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["largest"], keepdims=0),
        helper.make_node("Greater", ["largest", "zero"], ["positive"]),
        helper.make_node("If", ["positive"], ["chosen"], then_branch=yes, else_branch=no),
        helper.make_node("GlobalAveragePool", ["chosen"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["scores"]),
    ]
    random = np.random.default_rng(4)
    weights = [
        numpy_helper.from_array(np.array(0, np.float32), "zero"),
        numpy_helper.from_array(random.standard_normal((3, CLASSES)).astype(np.float32), "matrix"),
    ]
    path = tmp_path / "branches.onnx"
    written(path, nodes, [("image", ("N", 3, SIDE, SIDE))], [("scores", ("N", CLASSES))], weights)
    assert new(root, path) == 0, capfd.readouterr().err
    assert_equal_when_exported(root, path, tmp_path, capfd)


@pytest.mark.parametrize("opset", [9, 11])
def test_weights_among_the_inputs(root: Path, tmp_path: Path, capfd: Any, opset: int) -> None:
    path = tmp_path / "old.onnx"
    classifier(path, opset=opset, version=3, listed=True)
    assert new(root, path) == 0, capfd.readouterr().err
    assert_equal_when_exported(root, path, tmp_path, capfd)


@pytest.mark.parametrize(
    "after",
    [
        (("Softmax", "last", "scores", {"axis": 1}),),
        (("Softmax", "last", "soft", {"axis": -1}), ("Identity", "soft", "scores", {})),
    ],
)
def test_probabilities_are_shown_as_they_are(root: Path, tmp_path: Path, capfd: Any, after: tuple[Any, ...]) -> None:
    path = tmp_path / "soft.onnx"
    classifier(path, after=after)
    assert new(root, path) == 0
    given = family(root)
    demo = next((given.folder / "demos").iterdir())
    assert export.main(given, ["--output", str(tmp_path / "out")]) == 0
    ckpt, said = str(tmp_path / "out/soft_dyn.onnx"), str(tmp_path / "said.json")
    assert predict.single(given, ["--ckpt", ckpt, "--data_path", str(demo), "--json", said]) == 0
    shown = json.loads(Path(said).read_text())["predictions"][0]["classes"][0]["score"]
    (array,), _ = given.variant().task.preprocess(demo)
    with Engine(path) as engine:
        assert shown == pytest.approx(float(engine(array[None]).max()), abs=1e-4)


def test_random_weights_of_many_layers_before_a_softmax(made: Any, tmp_path: Path) -> None:
    """Where weights that shrink what passes through them leave a softmax nothing to tell apart, they are larger."""
    from onnx import helper, numpy_helper

    random = np.random.default_rng(1)
    sizes = [3, *[48] * 24, 4]
    kernels = [(random.standard_normal((wide, narrow, 3, 3)) / 9) for narrow, wide in pairwise(sizes)]
    weights = [numpy_helper.from_array(one.astype(np.float32), f"w{number}") for number, one in enumerate(kernels)]
    nodes, last = [], "image"
    for number in range(len(kernels)):
        nodes.append(helper.make_node("Conv", [last, f"w{number}"], [f"c{number}"], pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [f"c{number}"], [f"r{number}"]))
        last = f"r{number}"
    nodes += [
        helper.make_node("GlobalAveragePool", [last], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Softmax", ["flat"], ["scores"], axis=1),
    ]
    path = tmp_path / "deep.onnx"
    written(path, nodes, [("image", ("N", 3, SIDE, SIDE))], [("scores", ("N", 4))], weights)
    assert made.new("classification/given", str(path)) == 0
    assert not (made.folder("classification/given") / "sample.safetensors").exists()
    made.exported("classification/given", tmp_path / "out", "--weights", "random")


@pytest.mark.parametrize(
    "after",
    [
        (("Sigmoid", "last", "scores", {}),),
        (
            ("Sigmoid", "last", "each", {}),
            ("Flatten", "each", "flat_again", {}),
            ("Identity", "flat_again", "scores", {}),
        ),
    ],
)
def test_scores_that_are_independent_are_refused(
    root: Path, tmp_path: Path, capfd: Any, after: tuple[Any, ...]
) -> None:
    classifier(tmp_path / "multi.onnx", after=after)
    assert new(root, tmp_path / "multi.onnx") == 2
    assert "ends with Sigmoid: each class has a score of its own" in capfd.readouterr().err


def centred(path: Path, operator: str = "Sub") -> None:
    """A classifier that takes its mean off, or scales its pictures, itself."""
    import onnx

    classifier(path, before=((operator, "image", "first", {}),))
    graph = onnx.load(path)
    graph.graph.node[0].input.append("mean")
    graph.graph.initializer.append(onnx.numpy_helper.from_array(np.full((1, 3, 1, 1), 0.4, np.float32), "mean"))
    onnx.save(graph, path)


@pytest.mark.parametrize("operator", ["Sub", "Mul", "Div"])
def test_a_graph_that_normalises_its_pictures_gets_no_second_mean(
    root: Path, tmp_path: Path, capfd: Any, operator: str
) -> None:
    centred(tmp_path / "given.onnx", operator)
    assert new(root, tmp_path / "given.onnx") == 2
    said = capfd.readouterr().err
    assert f"begins with {operator}, and so normalises pictures itself: give --mean 0 --std 1 where" in said
    assert new(root, tmp_path / "given.onnx", "--mean", "0", "--std", "1") == 0
    assert "taken for granted" not in capfd.readouterr().out
    transform = family(root).variant().task.transform
    assert (transform.mean, transform.std) == ((0.0,) * 3, (1.0,) * 3)


def test_an_output_that_says_nothing_of_its_shape(root: Path, tmp_path: Path, capfd: Any) -> None:
    import onnx

    classifier(tmp_path / "given.onnx")
    graph = onnx.load(tmp_path / "given.onnx")
    graph.graph.output[0].type.tensor_type.ClearField("shape")
    onnx.save(graph, tmp_path / "given.onnx")
    assert new(root, tmp_path / "given.onnx") == 0, capfd.readouterr().err
    assert_equal_when_exported(root, tmp_path / "given.onnx", tmp_path, capfd)


def test_what_is_taken_for_granted_is_said(root: Path, tmp_path: Path, capfd: Any) -> None:
    classifier(tmp_path / "given.onnx")
    assert new(root, tmp_path / "given.onnx", "--std", "0.25") == 0
    said = "how pictures are prepared; taken for granted: a mean of 0.485, 0.456, 0.406 (--mean)"
    assert f"left to do: the source does not say {said}" in capfd.readouterr().out


def test_a_number_of_samples_that_is_fixed_within_the_graph_is_told(root: Path, tmp_path: Path, capfd: Any) -> None:
    import onnx

    classifier(tmp_path / "given.onnx")
    graph = onnx.load(tmp_path / "given.onnx")
    (node,) = (one for one in graph.graph.node if one.op_type == "Flatten")
    node.op_type = "Reshape"
    node.input.append("shape")
    graph.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1, 8]), "shape"))
    onnx.save(graph, tmp_path / "given.onnx")
    assert new(root, tmp_path / "given.onnx") == 2
    assert "given takes one sample, and fails with 2: their number is fixed within it" in capfd.readouterr().err


def test_weights_of_more_than_a_message(root: Path, tmp_path: Path, capfd: Any) -> None:
    """The file beside the graph is sparse: it takes no room."""
    from onnx import TensorProto, helper

    rows = 80_000
    big = TensorProto(name="big", data_type=TensorProto.FLOAT, dims=[rows, 7_000])
    big.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "big.data"), ("offset", "0"), ("length", str(rows * 7_000 * 4))):
        big.external_data.add(key=key, value=value)
    with (tmp_path / "big.data").open("wb") as file:
        file.truncate(rows * 7_000 * 4)
    nodes = [helper.make_node("MatMul", ["image", "big"], ["scores"])]
    written(tmp_path / "big.onnx", nodes, [("image", ("N", 3, SIDE, rows))], [("scores", ("N", 3, SIDE, 7_000))], [big])
    assert new(root, tmp_path / "big.onnx") == 2
    assert "has 2.2 GB of weights, which is too large" in capfd.readouterr().err


def test_a_graph_that_the_runtime_refuses(root: Path, tmp_path: Path, capfd: Any) -> None:
    from onnx import helper

    node = helper.make_node("Gadget", ["image"], ["scores"], domain="somebody")
    written(tmp_path / "odd.onnx", [node], [("image", ("N", 3, SIDE, SIDE))], [("scores", ("N", CLASSES))], [])
    assert new(root, tmp_path / "odd.onnx") == 2
    said = capfd.readouterr().err
    assert "Traceback" not in said
    assert "odd" in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a Git-LFS pointer"),
        (b"<html>", "it is an HTML page"),
    ],
)
def test_what_is_no_graph_is_called_what_it_is(made: Any, tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "net.onnx").write_bytes(content)
    assert words in made.refused(str(tmp_path / "net.onnx"))
