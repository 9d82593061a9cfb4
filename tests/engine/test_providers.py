"""Targets cuda and cann: which provider of ONNX Runtime they ask for. The session is the one of target onnx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from engine import backends
from engine.backends.base import Availability
from engine.backends.onnxruntime_providers import ProviderBackend
from engine.base import Engine, OptionError, TargetUnavailableError

from .conformance.nets import LINE, write_onnx


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The providers of every session that is opened; all of them then run on the CPU."""
    seen: list[Any] = []
    real = onnxruntime.InferenceSession

    def session(path: str, sess_options: Any, providers: list[Any]) -> Any:
        seen.append(providers)
        made = real(path, sess_options=sess_options, providers=["CPUExecutionProvider"])
        made.get_providers = lambda: [providers[0][0], "CPUExecutionProvider"]
        return made

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    monkeypatch.setattr(ProviderBackend, "availability", lambda self: Availability(True, "as if"))
    return seen


@pytest.mark.parametrize(("target", "provider"), [("cuda", "CUDAExecutionProvider"), ("cann", "CANNExecutionProvider")])
def test_the_provider_comes_first(target: str, provider: str, asked: list[Any], tmp_path: Path) -> None:
    path, arrays = write_onnx(LINE, tmp_path), LINE.arrays(5)
    with Engine(path, target=f"{target}:1") as engine:
        np.testing.assert_allclose(engine(arrays), arrays[0] * 2 + 1, rtol=1e-6)
    assert [(given[0][0], given[0][1]["device_id"], given[1]) for given in asked] == [
        (provider, 1, "CPUExecutionProvider")
    ]
    with Engine(path, target=target, devices=[0, 2]) as engine:
        np.testing.assert_allclose(engine(arrays), arrays[0] * 2 + 1, rtol=1e-6)
    assert [given[0][1]["device_id"] for given in asked[1:]] == [0, 2]
    with pytest.raises(OptionError, match="takes a number"):
        Engine(path, target=f"{target}:big")


def test_float32_is_computed_as_float32_unless_asked(asked: list[Any], tmp_path: Path) -> None:
    path = write_onnx(LINE, tmp_path)
    Engine(path, target="cuda").release()
    Engine(path, target="cuda", options={"tf32": True, "conv_search": "exhaustive"}).release()
    assert [(given[0][1]["use_tf32"], given[0][1]["cudnn_conv_algo_search"]) for given in asked] == [
        (0, "HEURISTIC"),
        (1, "EXHAUSTIVE"),
    ]
    for wrong in ({"tf32": 1}, {"conv_search": "fast"}):
        with pytest.raises(OptionError, match=r"option (tf32 is True or False|conv_search is one of)"):
            Engine(path, target="cuda", options=wrong)
    with pytest.raises(OptionError, match="has no option tf32"):
        Engine(path, target="cann", options={"tf32": True})


@pytest.mark.parametrize("target", ["cuda", "cann"])
def test_a_provider_that_does_not_start_is_an_error(
    target: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """ONNX Runtime itself goes on with the CPU, and prints a line at most."""
    monkeypatch.setattr(ProviderBackend, "availability", lambda self: Availability(True, "as if"))
    with pytest.raises(TargetUnavailableError, match="did not start, and ONNX Runtime would run on CPUExecution"):
        Engine(write_onnx(LINE, tmp_path), target=target)


def test_a_build_without_the_provider_is_said(tmp_path: Path) -> None:
    for target in ("cuda", "cann"):
        if backends.targets()[target].availability().usable:
            pytest.skip(f"this onnxruntime has the provider of {target}")
        with pytest.raises(TargetUnavailableError, match="needs an onnxruntime with"):
            Engine(write_onnx(LINE, tmp_path), target=target)
