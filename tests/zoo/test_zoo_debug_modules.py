"""Which module of a network gives which tensor of its graph: by scopes, folded norms, layers that lost their nodes."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import onnx
import pytest

from engine.frontends.torch_onnx import export_module
from zoo.layers.compare import compare
from zoo.layers.hooks import Hooked
from zoo.layers.modules import ModuleSource, module_of, named
from zoo.layers.sources import FileSource
from zoo.layers.taps import Graph
from zoo.running.setting import Setting

_ARRAY = np.random.default_rng(3).random((2, 4), np.float32)


@pytest.mark.parametrize(
    ("node", "module"),
    [
        ("/conv1/Conv", "conv1"),
        ("/layer1/layer1.0/conv1/Conv", "layer1.0.conv1"),
        ("/layer1/layer1.0/downsample/downsample.0/Conv", "layer1.0.downsample.0"),
        ("/features/features.3/conv/conv.0/conv.0.1/BatchNormalization", "features.3.conv.0.1"),
        ("/Add_3", ""),
        ("node_conv2d_1", ""),
    ],
)
def test_the_module_of_a_node(node: str, module: str) -> None:
    assert module_of(node) == module


@pytest.mark.parametrize(
    ("scope", "module"),
    [
        ("head", "head"),
        ("conv0", "body.convs.conv0"),  # in containers that were not called
        ("body.conv0", "body.convs.conv0"),
        ("head_1", None),  # a second call
        ("norm", None),  # one of two
        ("left.norm", "left.inner.norm"),
        ("nothing", None),
        ("", None),
    ],
)
def test_the_module_that_a_scope_means(scope: str, module: str | None) -> None:
    modules = ["head", "body", "body.convs", "body.convs.conv0", "left.inner.norm", "right.norm", "right.head_1"]
    assert named(scope, modules) == module


@pytest.mark.parametrize("frozen", [False, True])
def test_a_folded_norm_is_what_its_convolution_gives(tmp_path: Path, frozen: bool) -> None:
    """Also where an activation then writes into it; a module that is called twice counts at its first call."""
    import torch
    from torch import nn

    class Frozen(nn.Module):
        """A norm that is no torch.nn.BatchNorm2d, as some networks bring their own."""

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("running_mean", torch.zeros(4))
            self.register_buffer("running_var", torch.ones(4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.batch_norm(x, self.running_mean, self.running_var)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Sequential(nn.Conv2d(3, 4, 3), Frozen() if frozen else nn.BatchNorm2d(4))
            self.relu = nn.ReLU(inplace=True)
            self.second = nn.Conv2d(4, 4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.relu(self.second(self.relu(self.first(x))))

    network = Net().eval()
    network.first[1].running_mean += 3
    path, array = tmp_path / "net.onnx", np.random.default_rng(0).random((2, 3, 9, 9), np.float32)
    export_module(network, [torch.from_numpy(array)], path, input_names=["x"], output_names=["y"])
    graph = Graph(path, [array.shape])
    source = ModuleSource(Hooked("pytorch", network, [array]), graph)
    assert [tap.operator for tap in graph.taps] == ["Conv", "Relu", "Conv", "Relu"]
    taps = [tap for tap in graph.taps if tap.tensor in source.known()]
    assert [tap.node for tap in taps] == ["/first/first.0/Conv", "/relu/Relu", "/second/Conv", "/relu_1/Relu"]
    found = source(taps)
    with torch.no_grad():
        norm = network.first(torch.from_numpy(array))
        expected = [norm, norm.relu(), network.second(norm.relu())]
        expected.append(expected[-1].relu())  # the network's output
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other.numpy())


def test_a_layer_that_lost_its_node_is_not_taken_for_what_comes_before(tmp_path: Path) -> None:
    """Nor is the container that ends with it. The network's output is compared in any case."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.drop, self.dense = nn.LayerNorm(4), nn.Dropout(), nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.dense(self.drop(self.norm(x)))

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block, self.last = Block(), nn.Sigmoid()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.block(x)) * 2

    network, path = Net().eval(), tmp_path / "net.onnx"
    export_module(network, [torch.from_numpy(_ARRAY)], path, input_names=["x"], output_names=["y"])
    model = onnx.load(path)
    for node in model.graph.node:
        if node.op_type in ("Gemm", "MatMul"):
            node.name = "Gemm_5"  # as where nodes were joined
    onnx.save(model, path)
    graph = Graph(path, [_ARRAY.shape])
    source = ModuleSource(Hooked("pytorch", network, [_ARRAY]), graph)
    done = compare("", source, FileSource(Setting(None, target="onnx"), graph, [_ARRAY]), graph, "float32")  # type: ignore[arg-type]
    assert [layer.operator for layer in done.layers] == ["LayerNormalization", "Sigmoid", "Mul"]
    assert done.first is None


@pytest.mark.parametrize("kind", ["LayerNorm", "GroupNorm", "PReLU", "own scale"])
def test_what_has_lost_its_node_and_is_no_batch_norm_was_not_folded(tmp_path: Path, kind: str) -> None:
    """The tensor before it is what the layer before it gives."""
    import torch
    from torch import nn

    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(8))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * self.weight

    made = {"LayerNorm": nn.LayerNorm, "GroupNorm": lambda width: nn.GroupNorm(2, width), "PReLU": nn.PReLU}
    middle = made[kind](8) if kind in made else Scale()
    nn.init.normal_(middle.weight)
    network = nn.Sequential(OrderedDict(dense=nn.Linear(4, 8), middle=middle, last=nn.Linear(8, 4))).eval()
    path = tmp_path / "net.onnx"
    export_module(network, [torch.from_numpy(_ARRAY)], path, input_names=["x"], output_names=["y"])
    model = onnx.load(path)
    for number, node in enumerate(model.graph.node):
        if "middle" in node.name:
            node.name = f"Joined_{number}"
    onnx.save(model, path)
    graph = Graph(path, [_ARRAY.shape])
    source = ModuleSource(Hooked("pytorch", network, [_ARRAY]), graph)
    first = next(tap for tap in graph.taps if tap.node == "/dense/Gemm")
    with torch.no_grad():
        np.testing.assert_array_equal(source([first])[0], network.dense(torch.from_numpy(_ARRAY)).numpy())
    done = compare("", source, FileSource(Setting(None, target="onnx"), graph, [_ARRAY]), graph, "float32")  # type: ignore[arg-type]
    assert done.first is None


@pytest.mark.parametrize(
    ("framework", "kind", "folds"),
    [
        ("pytorch", "BatchNorm1d", True),
        ("pytorch", "BatchNorm2d", True),
        ("pytorch", "LayerNorm", False),
        ("pytorch", "PReLU", False),
        ("paddle", "BatchNorm1D", True),
        ("paddle", "BatchNorm2D", True),
        ("paddle", "InstanceNorm2D", False),
        ("paddle", "LayerNorm", False),
        ("paddle", "PReLU", False),
    ],
)
def test_only_a_batch_norm_folds(framework: str, kind: str, folds: bool) -> None:
    nn = pytest.importorskip("torch" if framework == "pytorch" else framework).nn
    network = nn.Sequential(getattr(nn, kind)(8), nn.Sequential(getattr(nn, kind)(8), nn.Linear(8, 8)))
    hooked = Hooked(framework, network, [])
    assert [hooked.folds(name) for name in ("0", "1", "1.0", "1.1")] == [folds, False, folds, False]
