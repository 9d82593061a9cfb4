"""Export, verify, single, folder and valid on every target that runs here: the first models, and one with LSTMs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import backends
from zoo import catalogue, frameworks
from zoo.accuracy.verify import VerifyOptions, require_passed, verify
from zoo.commands import predict, valid
from zoo.exporting.export import ExportOptions, export
from zoo.running.setting import Setting

MINDSPORE, PADDLE = "classification/lenet_mindspore", "classification/paddle_vision"

# model: variant, input size (small, as TVM without tuning is slow), how many samples
MODELS = {
    "classification/lenet": ("lenet", None, 40),
    "classification/resnet": ("resnet18", 64, 4),
    PADDLE: ("resnet18", 64, 4),
    MINDSPORE: ("lenet", None, 40),
    "ocr/crnn": ("crnn_narrow", 96, 24),
}


@pytest.fixture(scope="module", autouse=True)
def two_steps() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TECO_INFER_PIPELINES_MAX_STEPS", "2")
        yield


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder with the exported files of a model, exported once for all targets."""
    folders: dict[str, Path] = {}

    def folder(model_id: str) -> Path:
        if model_id not in folders:
            folders[model_id] = tmp_path_factory.mktemp("exported")
            variant, size, _ = MODELS[model_id]
            model = catalogue.load(model_id).variant(variant)
            weights = "sample" if model.sample_weights.is_file() else "random"
            formats = frameworks.formats(model.framework)
            export(model, folders[model_id], ExportOptions(weights=weights, input_size=size, formats=formats))
        return folders[model_id]

    return folder


@pytest.mark.parametrize("target", ["onnx", "openvino", "cpu"])
@pytest.mark.parametrize("model_id", MODELS)
def test_the_whole_path(
    target: str, model_id: str, exported: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    require(target)
    if model_id == MINDSPORE:
        require("mindspore")
    if model_id == PADDLE:
        pytest.importorskip("paddle2onnx")
    dtypes = ["float32"] if target == "cpu" else None
    assert "eval_metric " in walk(model_id, target, exported(model_id), dtypes, capsys)


def test_the_whole_path_of_a_mindir(exported: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    require("mindspore")
    assert "eval_metric " in walk(MINDSPORE, "mindspore", exported(MINDSPORE), None, capsys)


def require(target: str) -> None:
    """Skip where `target` cannot be used."""
    state = backends.targets()[target].availability()
    if not state.usable:
        pytest.skip(f"{target}: {state.detail}")


@pytest.mark.parametrize("target", ["sdaa", "tensorrt", "ascend"])
def test_the_whole_path_on_doubles(
    target: str,
    exported: Callable[[str], Path],
    use_double: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = exported("classification/lenet")
    use_double(target)
    assert "summary: avg_sps: " in walk("classification/lenet", target, folder, None, capsys)


def walk(model_id: str, target: str, folder: Path, dtypes: list[str] | None, capsys: pytest.CaptureFixture[str]) -> str:
    """Verify, single, folder and valid; what the last of them printed."""
    family, (variant, size, limit) = catalogue.load(model_id), MODELS[model_id]
    setting = Setting(family.variant(variant), folder=folder, target=target, batch_size=4, input_size=size)
    done = verify(setting, VerifyOptions(dtypes, limit=limit))
    require_passed(done)
    assert target == "onnx" or target in {one.runtime for one in done.contenders}

    ckpt = setting.file(setting.model.part)
    words = ["--ckpt", str(ckpt), "--variant", variant, "--target", target]
    words += ["--input_size", str(size)] if size else []
    words += ["--batch_size", "4"]  # the same for all, so that it is compiled once
    assert predict.single(family, words) == 0
    assert predict.multi(family, words) == 0
    capsys.readouterr()
    assert valid.main(family, [*words, "--data_path", "sample"]) == 0
    return capsys.readouterr().out
