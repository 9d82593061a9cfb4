"""Target sdaa against the double of the vendor's package: compute units, pass files, float16, compiled engines."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.base import PASS_PATH, Engine, ModelFileError, OptionError, TargetUnavailableError

from .conformance.nets import FIXED, LINE, PAIR, PICTURE, write_onnx


@pytest.fixture(autouse=True)
def card(use_double: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The double's runtime, with its record of what every compute unit did."""
    use_double("sdaa")
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    return importlib.import_module("tvm.runtime")


def scripts_engine(net: Any, folder: Path, batch: int, units: int, **more: Any) -> Engine:
    """An engine opened as contributors' scripts do it: input_size is the share of one compute unit."""
    share = max(batch // units, 1)
    shapes = [list(array.shape) for array in net.arrays(share)]
    return Engine(write_onnx(net, folder), target="sdaa", batch_size=batch, input_size=shapes, **more)


@pytest.mark.parametrize("units", [1, 3, 4])
@pytest.mark.parametrize("batch", [1, 2, 4, 7, 12, 16])
def test_a_batch_is_split_over_the_units(
    batch: int, units: int, card: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_ENGINE_NUMS", str(units))
    with scripts_engine(LINE, tmp_path, batch, units) as engine:
        for rows in {batch, 1, batch + 1}:
            card.calls.clear()
            arrays = LINE.arrays(rows, seed=rows)
            np.testing.assert_allclose(engine(arrays), arrays[0] * 2 + 1, rtol=1e-6)
            assert all(set(call) == {max(batch // units, 1)} and len(call) <= units for call in card.calls)
    card.calls.clear()
    with scripts_engine(LINE, tmp_path, batch, units) as engine:
        engine(LINE.arrays(batch))
    whole = max(batch // units, 1) * min(units, batch)
    assert len(card.calls) == -(-batch // whole)
    assert len(card.calls[0]) == min(units, batch)


def test_a_graph_with_a_fixed_batch_fills_the_card_with_four_of_them(card: Any, tmp_path: Path) -> None:
    arrays = FIXED.arrays(16)
    with Engine(write_onnx(FIXED, tmp_path), target="sdaa", batch_size=16) as engine:
        np.testing.assert_allclose(engine(arrays), arrays[0] * 2 + 1, rtol=1e-6)
    assert card.calls[-1] == [4, 4, 4, 4]


def test_float16_is_converted_as_the_pass_file_says(tmp_path: Path) -> None:
    with scripts_engine(PICTURE, tmp_path, 4, 4, dtype="float16", pass_path=PASS_PATH / "default_pass.py") as engine:
        assert [spec.dtype for spec in engine.inputs + engine.outputs] == ["float16", "float16"]
        arrays = PICTURE.arrays(4)
        np.testing.assert_allclose(engine(arrays), PICTURE.compute(*arrays)[0], rtol=2e-2, atol=2e-2)
    no_conversion = tmp_path / "kept.py"
    no_conversion.write_text("need_convert = False\ndef use_passes(module):\n    return module\n")
    with scripts_engine(PICTURE, tmp_path, 4, 4, dtype="float16", pass_path=no_conversion) as engine:
        assert engine.inputs[0].dtype == "float32"
    one_kept = tmp_path / "one.py"
    one_kept.write_text("skip_input_name = ['b']\ndef use_passes(module):\n    return module\n")
    with scripts_engine(PAIR, tmp_path, 4, 4, dtype="float16", pass_path=one_kept) as engine:
        assert [spec.dtype for spec in engine.inputs] == ["float16", "float32"]


def test_the_pass_file_prepares_the_graph(tmp_path: Path) -> None:
    passes = tmp_path / "twice.py"
    passes.write_text(
        "def use_passes(module):\n"
        "    for tensor in module.graph.initializer:\n"
        "        if tensor.name == 'one':\n"
        "            tensor.raw_data = __import__('numpy').float32(5).tobytes()\n"
        "    return module\n"
    )
    arrays = LINE.arrays(4)
    with scripts_engine(LINE, tmp_path, 4, 4, pass_path=passes) as engine:
        np.testing.assert_allclose(engine(arrays), arrays[0] * 2 + 5, rtol=1e-6)
    with scripts_engine(LINE, tmp_path, 4, 4) as engine:
        np.testing.assert_allclose(engine(arrays), arrays[0] * 2 + 1, rtol=1e-6)


@pytest.mark.parametrize("text", ["def use_passes(", "x = 1\n", "1 / 0\n"])
def test_a_wrong_pass_file_is_named(text: str, tmp_path: Path) -> None:
    passes = tmp_path / "wrong.py"
    passes.write_text(text)
    with pytest.raises(OptionError, match=r"wrong\.py"):
        scripts_engine(LINE, tmp_path, 4, 4, pass_path=passes)
    with pytest.raises(OptionError, match="no pass file"):
        scripts_engine(LINE, tmp_path, 4, 4, pass_path=tmp_path / "none.py")


def test_a_compiled_engine_is_saved_opened_and_moved(card: Any, tmp_path: Path) -> None:
    saved, arrays = tmp_path / "line.tecoengine", LINE.arrays(16)
    scripts_engine(LINE, tmp_path, 16, 4, save_engine=saved).release()
    with Engine(saved, target="sdaa", batch_size=16) as engine:
        assert engine.backend == "tvm"
        engine.init_module(2)
        assert card.devices[-2:] == ["sdaa", "sdaa:2"]
        np.testing.assert_allclose(engine(arrays), arrays[0] * 2 + 1, rtol=1e-6)
    (tmp_path / "line.tecoengine.json").unlink()
    with pytest.raises(OptionError, match="give input_size"):
        Engine(saved, target="sdaa", batch_size=16)
    with Engine(saved, target="sdaa", batch_size=16, input_size=[[4, 4]], dtype="float32") as engine:
        np.testing.assert_allclose(engine(arrays), arrays[0] * 2 + 1, rtol=1e-6)
    saved.write_bytes(saved.read_bytes()[:-1])
    with pytest.raises(ModelFileError, match="not a network that target"):
        Engine(saved, target="sdaa", batch_size=16, input_size=[[4, 4]])


def test_several_cards_share_a_batch(card: Any, tmp_path: Path) -> None:
    path, arrays = write_onnx(LINE, tmp_path), LINE.arrays(11)
    with Engine(path, target="sdaa", batch_size=8, input_size=[[1, 4]], devices=[0, 1]) as engine:
        assert card.devices[-2:] == ["sdaa", "sdaa:1"]
        card.calls.clear()
        np.testing.assert_allclose(engine(arrays), arrays[0] * 2 + 1, rtol=1e-6)
    assert sorted(sum(call) for call in card.calls) == [4, 4, 4, 4]


def test_the_card_is_a_number(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="number of a card"):
        Engine(write_onnx(LINE, tmp_path), target="sdaa:first", batch_size=4)


def test_without_the_vendors_package_the_target_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    sys.modules.pop("tvm", None)  # the double's; the fixture puts back what was there before
    path = tmp_path / "line.onnx"
    path.write_bytes(b"")
    with pytest.raises(TargetUnavailableError, match="needs TecoInferenceEngine"):
        Engine(path, target="sdaa")
