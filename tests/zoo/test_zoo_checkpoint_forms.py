"""What people's training scripts write, and what they take for a checkpoint: loaded, or named as what it is."""

from __future__ import annotations

import io
import json
import logging
import pickle
import struct
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.torch import save_file

from zoo import catalogue
from zoo.errors import ZooError
from zoo.frameworks import pytorch
from zoo.frameworks.checkpoints import with_names_of
from zoo.model import Model
from zoo.weights import Weights, find_weights
from zoo_core.errors import ZooCoreError


def network(fill: float = 0.0) -> Any:
    made = torch.nn.Sequential()
    made.add_module("conv", torch.nn.Conv2d(1, 2, 3))
    made.add_module("norm", torch.nn.BatchNorm2d(2))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.fill_(fill)
    return made


@pytest.fixture(scope="session")
def lenet() -> Model:
    return catalogue.load("classification/lenet").variant()


@pytest.fixture
def model(lenet: Model) -> Model:
    return replace(lenet, build=network)


def state(fill: float = 1.0, prefix: str = "") -> dict[str, Any]:
    return {prefix + name: value for name, value in network(fill).state_dict().items()}


def loaded(model: Model, path: Path, key: str = "") -> float:
    """What the weights of the loaded network are filled with."""
    made = pytorch.load(model, Weights("file", path, "", key), [])
    values = {float(value) for parameter in made.parameters() for value in parameter.detach().flatten()}
    (value,) = values
    return value


COMPILED = {name.replace("conv", "conv._orig_mod"): value for name, value in state().items()}
FORMS: dict[str, Any] = {
    "plain": state(),
    "tutorial": {"epoch": 3, "model_state_dict": state(), "optimizer_state_dict": {"state": {0: {}}}, "loss": 0.1},
    "net": {"net": state(), "acc": 99.0, "epoch": 9},
    "model": {"model": state(), "args": {"lr": 0.1}},
    "weights": {"weights": state()},
    "nested": {"model": {"state_dict": state()}},
    "a name of one's own": {"generator": state(), "step": 7},
    "dataparallel": {"state_dict": state(prefix="module.")},
    "compiled": state(prefix="_orig_mod."),
    "compiled in parts": COMPILED,
    "compiled and parallel": state(prefix="_orig_mod.module."),
    "parallel and compiled": state(prefix="module._orig_mod."),
    "lightning": {"state_dict": state(prefix="model."), "pytorch-lightning_version": "2.0", "callbacks": {"a": 1}},
    "lightning and compiled": {"state_dict": state(prefix="model._orig_mod.")},
    "lightning, net": {"state_dict": state(prefix="net.")},
    "half": {name: value.half() if value.is_floating_point() else value for name, value in state().items()},
    "bfloat16": {name: value.bfloat16() if value.is_floating_point() else value for name, value in state().items()},
    "double": {name: value.double() if value.is_floating_point() else value for name, value in state().items()},
    "averaged only": {"ema": state(), "updates": 7},
    "empty average": {"model": state(), "ema": None},
    "averaged as parallel": {"state_dict_ema": state(prefix="module.")},
    "averaged by torch": state(prefix="module.") | {"n_averaged": torch.tensor(5)},
    "fabric": {"model": state(prefix="_forward_module.")},
    "any one word in front": {"state_dict": state(prefix="backbone.")},
    "several words in front": state(prefix="module.encoder.net."),
    "three dicts": {"checkpoint": {"model": {"state_dict": state()}}},
    "an average with its decay": {"ema": {"shadow": state(), "decay": 0.99}},
    "beside tensors of another kind": {"model": state(), "best": torch.tensor(0.9), "rng": torch.get_rng_state()},
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_that_load(model: Model, tmp_path: Path, form: str) -> None:
    torch.save(FORMS[form], tmp_path / "net.pth")
    assert loaded(model, tmp_path / "net.pth") == 1.0


@pytest.mark.parametrize("raw", ["state_dict", "model", "model_state_dict", "net", "model_weights"])
@pytest.mark.parametrize("averaged", ["ema", "state_dict_ema", "modelEMA", "swa_weights", "averaged_model"])
def test_the_average_is_taken_and_said_or_the_user_chooses(
    model: Model, tmp_path: Path, caplog: pytest.LogCaptureFixture, raw: str, averaged: str
) -> None:
    torch.save({raw: state(1.0), averaged: state(2.0)}, tmp_path / "net.pth")
    with caplog.at_level(logging.INFO):
        assert loaded(model, tmp_path / "net.pth") == 2.0
    assert f"({averaged}): the average is taken; --weights_key {raw}" in caplog.text
    assert loaded(model, tmp_path / "net.pth", raw) == 1.0
    assert loaded(model, tmp_path / "net.pth", averaged) == 2.0


def test_an_average_that_is_not_read_is_said(model: Model, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    average = {"decay": 0.99, "shadow_params": list(state(2.0).values())}
    torch.save({"state_dict": state(1.0), "ema": average}, tmp_path / "net.pth")
    with caplog.at_level(logging.INFO):
        assert loaded(model, tmp_path / "net.pth") == 1.0
    assert "holds an average (ema) in a form that is not read; the weights themselves (state_dict) are" in caplog.text


@pytest.mark.parametrize(
    ("beside", "places"),
    [
        ({"discriminator": state(2.0)}, "state_dict and discriminator"),
        ({"callbacks": {"EMA": {"ema_weights": state(2.0), "decay": 0.9}}}, "state_dict and callbacks.EMA.ema_weights"),
        ({"optimizer": {"exp_avg": state(2.0)}, "loss_avg": torch.tensor(0.3), "ema": True, "swa": 0.9}, ""),
    ],
)
def test_weights_beside_those_that_are_taken_are_said(
    model: Model, tmp_path: Path, caplog: pytest.LogCaptureFixture, beside: dict[str, Any], places: str
) -> None:
    torch.save({"state_dict": state(1.0), **beside}, tmp_path / "net.pth")
    with caplog.at_level(logging.INFO):
        assert loaded(model, tmp_path / "net.pth") == 1.0
    assert (f"net.pth holds weights at {places}; those at state_dict are taken" in caplog.text) == bool(places)
    assert bool(caplog.text) == bool(places)
    for key in filter(None, places.split(" and ")[1:]):
        assert loaded(model, tmp_path / "net.pth", key) == 2.0


@pytest.mark.parametrize(
    ("content", "way"),
    [
        ({"state_dict": state(1.0, "model.") | {"criterion.weight": torch.ones(2)}}, "behind 'model': take them with"),
        (state(1.0, "module.net.") | {"module.head.weight": torch.ones(2)}, "--weights_key module.net"),
        (state(1.0, "student.") | state(1.0, "teacher."), "behind 'student' and behind 'teacher': take them with"),
    ],
)
def test_names_that_lie_behind_a_word_beside_others_are_told(
    model: Model, tmp_path: Path, content: Any, way: str
) -> None:
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(ZooError) as caught:
        loaded(model, tmp_path / "net.pth")
    assert way in str(caught.value)
    key = str(caught.value).rpartition("--weights_key ")[2]
    assert loaded(model, tmp_path / "net.pth", key) == 1.0


@pytest.mark.parametrize(
    ("content", "key", "value"),
    [
        ({"a": {"b": state(1.0)}, "c": state(2.0)}, "a.b", 1.0),
        ({"netG": state(1.0), "netD": state(2.0)}, "netD", 2.0),
        ({"state_dict": state(1.0, "student.") | state(2.0, "teacher.")}, "teacher", 2.0),
        ({"state_dict": state(1.0, "student.") | state(2.0, "teacher.")}, "state_dict.student", 1.0),
        (state(1.0, "student.") | state(2.0, "teacher."), "student.", 1.0),
        ({"best.one": state(3.0)}, "best.one", 3.0),
    ],
)
def test_the_key_says_where(model: Model, tmp_path: Path, content: Any, key: str, value: float) -> None:
    torch.save(content, tmp_path / "net.pth")
    assert loaded(model, tmp_path / "net.pth", key) == value


@pytest.mark.parametrize(
    ("content", "key", "words"),
    [
        ({"netG": state(), "netD": state()}, "", "under 'netG' and 'netD': choose with --weights_key"),
        ({"model": state(), "net": state()}, "", "under 'model' and 'net': choose with --weights_key model"),
        ({"model": state(), "ema": state(), "swa": state()}, "", "under 'model' and 'ema' and 'swa': choose with"),
        ({"g": state(), "g_ema": state(), "d": state()}, "", "under 'g' and 'g_ema' and 'd': choose with"),
        ({"model": state()}, "ema", "has no weights at --weights_key ema; it holds 'model'"),
        ({"model": {}}, "", "it is empty"),
        ({"epoch": 3}, "", "'epoch' is of type int"),
        (state() | {"epoch": 3}, "", "'epoch' is of type int"),
        (network(), "", "an object whose code is not run, such as a whole network or a numpy array; in the script"),
        ({"model": network(), "epoch": 1}, "", "torch.save(network.state_dict(), 'weights.pth')"),
        (state(prefix="model.") | {"criterion.weight": torch.ones(2)}, "", "unexpected"),
        ({name: value.to("meta") for name, value in state().items()}, "", "conv.weight without numbers"),
        (state() | {"conv.bias": state()["conv.bias"].to_sparse()}, "", "conv.bias sparse for dense"),
        ({name.encode(): value for name, value in state().items()}, "", "does not hold a state dict"),
        ({"conv.weight": torch.ones(2, 1, 3, 3, dtype=torch.int8)} | {
            name: value for name, value in state().items() if name != "conv.weight"
        }, "", "conv.weight torch.int8 for torch.float32"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(model: Model, tmp_path: Path, content: Any, key: str, words: str) -> None:
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(ZooError) as caught:
        loaded(model, tmp_path / "net.pth", key)
    assert words in str(caught.value)


def test_a_part_that_is_called_like_a_wrapper_keeps_its_name() -> None:
    own = ["model.conv.weight", "module.conv.weight", "head._orig_mod.weight"]
    given = dict.fromkeys(own, 0)
    assert list(with_names_of(given, own)) == own
    wrapped = {f"module.{name}": 0 for name in own}
    assert list(with_names_of(wrapped, own)) == own


@pytest.mark.parametrize("name", ["net.safetensors", "net.pth", "model.bin"])
def test_safetensors_are_known_by_their_content(model: Model, tmp_path: Path, name: str) -> None:
    save_file(state(prefix="_orig_mod."), tmp_path / name)
    assert loaded(model, tmp_path / name) == 1.0


def with_header_of(path: Path, length: int) -> None:
    """Fill the header of a safetensors file up with blanks, which its format allows."""
    content = path.read_bytes()
    own = int.from_bytes(content[:8], "little")
    path.write_bytes(length.to_bytes(8, "little") + content[8 : 8 + own].ljust(length) + content[8 + own :])


@pytest.mark.parametrize("length", [0x0580, 0xD080, 0x4B50], ids=["pickle", "longer", "zip"])
def test_safetensors_whose_first_bytes_are_those_of_another_kind_load(
    model: Model, tmp_path: Path, length: int
) -> None:
    """The first bytes say how long the header is: one in 32 files begins as a pickle does, some as a zip archive."""
    save_file(state(), tmp_path / "net.safetensors")
    with_header_of(tmp_path / "net.safetensors", length)
    assert loaded(model, tmp_path / "net.safetensors") == 1.0


def test_a_checkpoint_that_is_called_safetensors_loads(model: Model, tmp_path: Path) -> None:
    torch.save(state(), tmp_path / "net.safetensors")
    assert loaded(model, tmp_path / "net.safetensors") == 1.0


def packed(mode: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        archive.addfile(tarfile.TarInfo("weights.pth"), io.BytesIO(b""))
    return made.getvalue()


def zipped(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(f"net/{name}", b"content")
    return made.getvalue()


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 98\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (POINTER, "a Git-LFS pointer"),
        (b"\n <!DOCTYPE html><html><body>Sign in</body></html>", "an HTML page"),
        (b"\xef\xbb\xbf<HTML lang=en>", "an HTML page"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "an XML text"),
        (json.dumps({"weight_map": {}}).encode(), "a JSON text"),
        (b"\x1f\x8b\x08", "packed with gzip"),
        (b"[1, 2]", "a JSON text"),
        (b"404: Not Found\n", 'not a checkpoint of tensors: it is a text that begins with "404: Not Found"'),
        ("a: \u00fc\n".encode() * 300, 'a text that begins with "a: \u00fc"'),
        (b"<!-- a proxy --><html>", "an HTML page"),
        (b"<head><title>Sign in</title>", "an HTML page"),
        (b"\x89HDF\r\n", "an HDF5 file"),
        (b"\x93NUMPY\x01\x00", "a numpy array"),
        (b"\x28\xb5\x2f\xfd\x00", "packed with zstd"),
        (packed("w:"), "a tar archive: unpack it first"),
        (packed("w:gz"), "packed with gzip"),
        (zipped("weights.pth"), "a zip archive that holds weights.pth: unpack it first"),
        (zipped("archive_format", "model.json"), "a program of torch.export"),
        (pickle.dumps({"weight": 1}), "a pickle that torch.save did not write"),
        (struct.pack("<Q", 4000) + b'{"conv.weight": ', "damaged or cut short (within its header)"),
        (b"PK\x03\x04 cut", "damaged or cut short"),
        (b"random bytes", "not a checkpoint of tensors"),
        (struct.pack("<Q", 40) + b'{"conv": cut', "not a checkpoint of tensors"),
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_files_that_are_no_checkpoint_are_named(
    model: Model, tmp_path: Path, content: bytes, words: str, suffix: str
) -> None:
    (tmp_path / f"net{suffix}").write_bytes(content)
    with pytest.raises(ZooError) as caught:
        loaded(model, tmp_path / f"net{suffix}")
    assert words in str(caught.value)


def test_a_cut_checkpoint_is_named(model: Model, tmp_path: Path) -> None:
    torch.save(state(), tmp_path / "net.pth")
    whole = (tmp_path / "net.pth").read_bytes()
    (tmp_path / "net.pth").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ZooError, match="damaged or cut short"):
        loaded(model, tmp_path / "net.pth")


def test_a_checkpoint_with_another_bit_is_named(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.save(state(), path)
    content = bytearray(path.read_bytes())
    content[content.index(np.ones(18, np.float32).tobytes()) + 2] ^= 64  # 1.0 becomes 1.5
    path.write_bytes(content)
    with pytest.raises(ZooError, match=r"net\.pth is not a checkpoint of tensors: it is damaged \(Bad CRC-32 for file"):
        loaded(model, path)


def test_a_checkpoint_without_checksums_loads(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(state(), path)
    finally:
        torch.serialization.set_crc32_options(True)
    assert loaded(model, path) == 1.0


@pytest.mark.parametrize("cut", [20, 200, -4])
def test_a_cut_safetensors_file_is_named(model: Model, tmp_path: Path, cut: int) -> None:
    save_file(state(), tmp_path / "net.safetensors")
    whole = (tmp_path / "net.safetensors").read_bytes()
    (tmp_path / "net.safetensors").write_bytes(whole[:cut])
    with pytest.raises(ZooError, match="damaged or cut short"):
        loaded(model, tmp_path / "net.safetensors")


@pytest.mark.parametrize("name", ["net.onnx", "net.pth"])
def test_an_onnx_file_is_named(model: Model, tmp_path: Path, name: str) -> None:
    x, y = (helper.make_tensor_value_info(one, TensorProto.FLOAT, ["n"]) for one in "xy")
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    onnx.save(helper.make_model(graph), tmp_path / name)
    with pytest.raises(ZooError, match="is an ONNX file, a whole network, and a checkpoint of this one is needed"):
        loaded(model, tmp_path / name)


def test_a_folder_is_named_with_the_weights_in_it(lenet: Model, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"is a folder, .* there is none in it"):
        find_weights(lenet, str(tmp_path))
    for name in ("model.safetensors", "pytorch_model.bin", "config.json"):
        (tmp_path / name).touch()
    with pytest.raises(ZooError, match=r"give one of its files: model\.safetensors, pytorch_model\.bin$"):
        find_weights(lenet, str(tmp_path))


def test_a_torchscript_program_is_named(model: Model, tmp_path: Path) -> None:
    torch.jit.save(torch.jit.trace(network().eval(), torch.zeros(1, 1, 4, 4)), str(tmp_path / "net.pt"))
    with pytest.raises(ZooError, match="a TorchScript program"):
        loaded(model, tmp_path / "net.pt")


def test_a_numpy_archive_is_named(model: Model, tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", weight=np.zeros(3))
    with pytest.raises(ZooError, match="a numpy archive"):
        loaded(model, tmp_path / "net.npz")


def test_an_archive_that_unpacks_to_far_more_is_refused_unread(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "net.pth", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("net/data.pkl", b"\x80\x02}.")
        for number in range(3):
            archive.writestr(f"net/data/{number}", bytes(100 << 20))
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("the archive was read"))
    with pytest.raises(ZooError, match=r"unpacks to 315 MB, and the network has 0\.0 MB"):
        loaded(model, tmp_path / "net.pth")


def test_a_network_whose_library_loads_its_files_gets_what_does_not_fit(model: Model, tmp_path: Path) -> None:
    """As densenet's names: what fits is loaded as it is, all else is the library's business."""
    asked = []

    def restore(content: dict[str, Any]) -> Any:
        asked.append(sorted(content))
        made = network()
        made.load_state_dict({name.replace("old_", ""): value for name, value in content.items()})
        return made

    own = replace(model, restore=restore)
    torch.save(state(1.0), tmp_path / "fits.pth")
    torch.save(state(2.0, "old_"), tmp_path / "old.pth")
    torch.save(state(2.0, "other_"), tmp_path / "other.pth")
    assert loaded(own, tmp_path / "fits.pth") == 1.0
    assert asked == []
    assert loaded(own, tmp_path / "old.pth") == 2.0
    assert len(asked) == 1
    with pytest.raises(ZooError, match=r"does not fit the network\. missing"):
        loaded(own, tmp_path / "other.pth")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "float32"])
def test_paddle_checkpoints_of_every_precision_load(lenet: Model, tmp_path: Path, dtype: str) -> None:
    paddle = pytest.importorskip("paddle")
    from zoo.frameworks import paddle as framework

    given = paddle.nn.Linear(3, 2)
    path = tmp_path / "net.pdparams"
    paddle.save({name: value.astype(dtype) for name, value in given.state_dict().items()}, str(path))
    made = framework.load(replace(lenet, build=lambda: paddle.nn.Linear(3, 2)), Weights("file", path), [])
    assert made.weight.dtype == paddle.float32
    want = given.weight.astype(dtype).astype("float32").numpy()
    assert (made.weight.numpy() == want).all()


@pytest.mark.parametrize("wrap", [lambda state: {"model": state, "epoch": 3}, lambda state: {"state_dict": state}])
def test_paddle_checkpoints_may_be_wrapped(lenet: Model, tmp_path: Path, wrap: Any) -> None:
    paddle = pytest.importorskip("paddle")
    from zoo.frameworks import paddle as framework

    given = paddle.nn.Linear(3, 2)
    path = tmp_path / "net.pdparams"
    paddle.save(wrap(given.state_dict()), str(path))
    made = framework.load(replace(lenet, build=lambda: paddle.nn.Linear(3, 2)), Weights("file", path), [])
    assert (made.weight.numpy() == given.weight.numpy()).all()


def test_whole_numbers_are_no_weights_of_a_paddle_network(lenet: Model, tmp_path: Path) -> None:
    paddle = pytest.importorskip("paddle")
    from zoo.frameworks import paddle as framework

    state = {name: value.astype("int8") for name, value in paddle.nn.Linear(3, 2).state_dict().items()}
    paddle.save(state, str(tmp_path / "net.pdparams"))
    with pytest.raises(ZooError, match="weight int8 for float32"):
        framework.load(
            replace(lenet, build=lambda: paddle.nn.Linear(3, 2)), Weights("file", tmp_path / "net.pdparams"), []
        )


@pytest.mark.parametrize("prefix", ["", "module.", "backbone."])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_paddle_networks_take_safetensors_of_every_precision(
    lenet: Model, tmp_path: Path, dtype: str, prefix: str
) -> None:
    paddle = pytest.importorskip("paddle")
    from zoo.frameworks import paddle as framework

    given = paddle.nn.Linear(3, 2)
    tensors = {
        prefix + name: torch.tensor(value.numpy()).to(getattr(torch, dtype))
        for name, value in given.state_dict().items()
    }
    save_file(tensors, tmp_path / "net.safetensors")
    weights = Weights("file", tmp_path / "net.safetensors")
    made = framework.load(replace(lenet, build=lambda: paddle.nn.Linear(3, 2)), weights, [])
    assert (made.weight.numpy() == tensors[f"{prefix}weight"].float().numpy()).all()


@pytest.mark.parametrize("zipped_file", [True, False])
def test_a_checkpoint_of_torch_is_named_for_a_paddle_network(lenet: Model, tmp_path: Path, zipped_file: bool) -> None:
    from zoo.frameworks import paddle as framework

    torch.save(state(), tmp_path / "net.pth", _use_new_zipfile_serialization=zipped_file)
    with pytest.raises(ZooError, match=r"was written by torch\.save, and this is a network of Paddle"):
        framework.read_state(tmp_path / "net.pth")


def test_the_weights_of_an_inference_program_are_named(tmp_path: Path) -> None:
    from zoo.frameworks import paddle as framework

    (tmp_path / "net.pdiparams").write_bytes(bytes(100))
    with pytest.raises(ZooError, match="the weights of an inference program"):
        framework.read_state(tmp_path / "net.pdiparams")


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("../outside.bin", "not within its folder"),
        ("/etc/hostname", "not within its folder"),
        ("missing.bin", "not there"),
        ("link.bin", "a link"),
        ("short.bin", "neither an ONNX file nor"),
    ],
)
def test_an_onnx_file_as_weights_takes_nothing_from_elsewhere(tmp_path: Path, location: str, words: str) -> None:
    from zoo.frameworks import onnx as graphs

    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[64, 64], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("length", "16384")):
        tensor.external_data.add(key=key, value=value)
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "outside.bin").write_bytes(bytes(16_384))
    (folder / "short.bin").write_bytes(bytes(100))
    (folder / "link.bin").symlink_to(tmp_path / "outside.bin")
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [value("x", TensorProto.FLOAT, ["n", 64])],
        [value("y", TensorProto.FLOAT, ["n", 64])],
        [tensor],
    )
    (folder / "a.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(ZooCoreError, match=words):
        graphs._from_file(folder / "a.onnx")
