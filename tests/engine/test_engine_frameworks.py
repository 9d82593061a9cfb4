"""A trained module on a target in three lines, and the frameworks as targets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.base import EngineError, ExportError, InputError, ModelFileError, ShapeError
from engine.frontends import paddle_onnx
from engine.tecoinfer_paddle import TecoInferEngine as PaddleEngine
from engine.tecoinfer_pytorch import TecoInferEngine

torch = pytest.importorskip("torch")


class TwoWays(torch.nn.Module):
    """Two inputs, a dict of two outputs."""

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"sum": a + b, "product": a * b}


class ComputedKernel(torch.nn.Module):
    """A convolution with computed weights of a shape that tracing does not know: the guide's first export problem."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = torch.nn.functional.adaptive_avg_pool2d(x, 3)
        kernel = pooled.reshape(x.shape[0], x.shape[1], 3, 3)
        return torch.nn.functional.conv2d(x, kernel, padding=1)


class OneIsSpecial(ComputedKernel):
    """Asks whether there is one row, so that torch.export takes an example of one row for all there is."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = torch.nn.functional.rms_norm(x.flatten(1), (48,))  # which TorchScript does not export to opset 17
        return rows * 1.0 if x.shape[0] == 1 else rows


class Keeps(torch.nn.Module):
    """Keeps the positions of the size that it has seen, as some attention layers do."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.nn.Linear(1, 1)
        self.positions = torch.zeros(0, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.positions.shape[0] != x.shape[1]:
            self.positions = torch.arange(float(x.shape[1])).unsqueeze(1)
        return x + self.inner(self.positions).squeeze(1)


@pytest.fixture(scope="module")
def net() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 10))


@pytest.mark.parametrize("target", ["torch", "onnx"])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_from_module(net: torch.nn.Module, target: str, count: int) -> None:
    x = np.random.default_rng(0).standard_normal((count, 1, 8, 8), np.float32)
    x.flags.writeable = False
    with TecoInferEngine.from_module(net, torch.zeros(2, 1, 8, 8), target=target) as engine:
        assert engine.inputs[0].shape == ("batch", 1, 8, 8)
        got = engine(x)
        with pytest.raises(ShapeError):
            engine(np.zeros((1, 1, 9, 8), np.float32))
    with torch.inference_mode():
        want = net(torch.tensor(x)).numpy()
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-5)


@pytest.mark.parametrize("target", ["torch", "onnx"])
def test_from_module_with_several_tensors(target: str) -> None:
    a, b = np.float32([[1, 2]]), np.float32([[3, 5]])
    with TecoInferEngine.from_module(
        TwoWays(), (torch.zeros(1, 2), torch.zeros(1, 2)), target, input_names=["a", "b"]
    ) as engine:
        total, product = engine({"b": b, "a": a})
    assert np.array_equal(total, a + b)
    assert np.array_equal(product, a * b)


def test_from_module_says_what_it_takes(net: torch.nn.Module) -> None:
    with pytest.raises(InputError, match="takes tensors, got ndarray"):
        TecoInferEngine.from_module(net, np.zeros((1, 1, 8, 8)))
    with pytest.raises(InputError, match="takes no threads"):
        TecoInferEngine.from_module(net, torch.zeros(1, 1, 8, 8), target="torch", threads=1)
    with pytest.raises(EngineError, match="unknown target 'tpu'"):
        TecoInferEngine.from_module(net, torch.zeros(1, 1, 8, 8), target="tpu")


def test_the_other_exporter_takes_over_and_says_so(tmp_path: Path) -> None:
    import onnx

    from engine.frontends.torch_onnx import export_module

    x = torch.randn(2, 3, 4, 4)
    path = tmp_path / "kernel.onnx"
    axes = {"x": {0: "batch"}, "y": {0: "batch"}}
    done = export_module(ComputedKernel(), [x], path, input_names=["x"], output_names=["y"], dynamic_axes=axes)
    assert done.exporter == "dynamo"
    assert "TorchScript exporter failed" in done.note
    assert onnx.load(path).opset_import[0].version >= 18
    with TecoInferEngine(path) as engine:
        np.testing.assert_allclose(engine(x.numpy()), ComputedKernel()(x).numpy(), rtol=0, atol=1e-6)


def test_the_other_exporter_keeps_a_batch_whose_example_has_one_row(tmp_path: Path) -> None:
    from engine.frontends.torch_onnx import export_module

    path = tmp_path / "one.onnx"
    axes = {"x": {0: "batch"}, "y": {0: "batch"}}
    x = torch.randn(3, 3, 4, 4)
    done = export_module(OneIsSpecial(), [x[:1]], path, input_names=["x"], output_names=["y"], dynamic_axes=axes)
    assert done.exporter == "dynamo"
    with TecoInferEngine(path) as engine:
        np.testing.assert_allclose(engine(x.numpy()), OneIsSpecial()(x).numpy(), rtol=0, atol=1e-6)


def test_a_module_that_keeps_tensors_is_exported_after_it_was_run(tmp_path: Path) -> None:
    from engine.backends.torch import TorchSession
    from engine.base import Engine
    from engine.frontends.torch_onnx import export_module
    from engine.spec import TensorSpec

    module, x = Keeps(), np.ones((2, 5), np.float32)
    specs = [[TensorSpec(name, "float32", ("batch", 5))] for name in ("x", "y")]
    with Engine.from_session(TorchSession(module, *specs), "torch", "torch", dtype="float32") as engine:
        engine(x)
    path = tmp_path / "keeps.onnx"
    done = export_module(module, [torch.from_numpy(x)], path, input_names=["x"], output_names=["y"])
    assert done.exporter == "torchscript"


def test_a_module_that_cannot_be_exported_gives_the_words_of_both_exporters(tmp_path: Path) -> None:
    from engine.frontends.torch_onnx import export_module

    class Broken(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise ValueError("this network is broken")

    with pytest.raises(ExportError, match=r"(?s)this network is broken.*torch\.export exporter"):
        export_module(Broken(), [torch.zeros(1)], tmp_path / "b.onnx", input_names=["x"], output_names=["y"])
    assert list(tmp_path.iterdir()) == []


def test_target_torch_opens_exported_programs(net: torch.nn.Module, tmp_path: Path) -> None:
    x = torch.randn(3, 1, 8, 8)
    path = tmp_path / "program.pt2"
    program = torch.export.export(net.eval(), (x,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.export.save(program, path)
    with TecoInferEngine(path, target="torch") as engine:
        np.testing.assert_allclose(engine(x.numpy()), net(x).detach().numpy(), rtol=0, atol=1e-6)
        assert engine(np.zeros((2, 1, 8, 8), np.float32)).shape == (2, 10)


@pytest.mark.parametrize(
    ("name", "words"), [("x.onnx", "from_module"), ("x.pt", "from_module"), ("x.pt2", "not an exported")]
)
def test_target_torch_says_what_it_opens(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(ModelFileError, match=words):
        TecoInferEngine(tmp_path / name, target="torch")


@pytest.fixture(scope="module")
def layer() -> object:
    paddle = pytest.importorskip("paddle")
    paddle.seed(0)
    return paddle.nn.Sequential(
        paddle.nn.Conv2D(1, 4, 3), paddle.nn.ReLU(), paddle.nn.Flatten(), paddle.nn.Linear(144, 10)
    )


@pytest.mark.parametrize("target", ["paddle", "onnx"])
def test_from_layer(layer: object, target: str) -> None:
    import paddle

    if target == "onnx":
        pytest.importorskip("paddle2onnx")

    spec = [paddle.static.InputSpec([-1, 1, 8, 8], "float32", "x")]
    x = np.random.default_rng(0).standard_normal((5, 1, 8, 8), np.float32)
    with PaddleEngine.from_layer(layer, spec, target=target) as engine:
        assert engine.backend == {"paddle": "paddle", "onnx": "onnxruntime"}[target]
        assert engine.inputs[0].name == "x"
        got = engine(x)
        assert engine(x[:0]).shape == (0, 10)
    np.testing.assert_allclose(got, layer(paddle.to_tensor(x)).numpy(), rtol=0, atol=1e-5)  # type: ignore[operator]


def test_without_paddle2onnx_it_is_said_what_to_install(
    layer: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ExportError, match=r"which is not installed: pip install paddle2onnx, on Python 3\.10 to 3\.12"):
        paddle_onnx.export_layer(layer, [], tmp_path / "x.onnx")


def test_target_paddle_opens_what_jit_save_wrote(layer: object, tmp_path: Path) -> None:
    import paddle

    paddle.jit.save(layer, str(tmp_path / "net"), input_spec=[paddle.static.InputSpec([-1, 1, 8, 8], "float32", "x")])
    x = np.ones((2, 1, 8, 8), np.float32)
    with PaddleEngine(tmp_path / "net.json", target="paddle") as engine:
        np.testing.assert_allclose(engine(x), layer(paddle.to_tensor(x)).numpy(), rtol=0, atol=1e-5)  # type: ignore[operator]
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(ModelFileError, match="not a network that PaddlePaddle loads"):
        PaddleEngine(tmp_path / "bad.json", target="paddle")
    with pytest.raises(ModelFileError, match="from_layer"):
        (tmp_path / "x.onnx").write_bytes(b"")
        PaddleEngine(tmp_path / "x.onnx", target="paddle")


def test_an_operator_that_paddle2onnx_does_not_know_is_an_error_not_the_end(tmp_path: Path) -> None:
    import paddle

    from engine.frontends.paddle_onnx import export_layer

    class Unknown(paddle.nn.Layer):
        def forward(self, x: paddle.Tensor) -> paddle.Tensor:
            return paddle.lgamma(x)

    with pytest.raises(ExportError, match="paddle2onnx ended"):
        export_layer(Unknown(), [paddle.static.InputSpec([-1, 3], "float32", "x")], tmp_path / "u.onnx")
    assert list(tmp_path.iterdir()) == []
