"""Targets `cuda` and `cann`: ONNX Runtime on NVIDIA GPUs and on Ascend NPUs, where its build has the provider."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from ..errors import OptionError
from . import register
from .base import Availability, Options
from .onnxruntime import OnnxRuntimeBackend


class ProviderBackend(OnnxRuntimeBackend):
    """ONNX Runtime with one execution provider first, and the CPU for what that does not have."""

    device_kind = "device numbers"
    takes_threads = False

    def __init__(self, target: str, name: str, provider: str, summary: str, unproved: str, package: str):
        self.target = target
        self.name = name
        self.summary = summary
        self.unproved = unproved
        self._provider = provider
        self._package = package

    def availability(self) -> Availability:
        """Whether the provider's library lies in the installed package; importing it would take a while."""
        spec = importlib.util.find_spec("onnxruntime")
        short = self._provider.removesuffix("ExecutionProvider").lower()
        for place in spec.submodule_search_locations or [] if spec else []:
            if any(Path(place, "capi").glob(f"*onnxruntime_providers_{short}.*")):
                return Availability(True, f"onnxruntime with {self._provider}")
        return Availability(False, f"needs an onnxruntime with {self._provider}: pip install {self._package}")

    def providers(self, options: Options) -> list[Any]:
        number = options.device or str(options.rank)
        if not number.isdigit():
            raise OptionError(f"target '{self.target}' takes a number, such as {self.target}:0, got '{options.device}'")
        return [(self._provider, {"device_id": int(number)}), "CPUExecutionProvider"]


register(
    ProviderBackend("cuda", "trt", "CUDAExecutionProvider", "ONNX Runtime, CUDA", "an NVIDIA GPU", "onnxruntime-gpu")
)
register(
    ProviderBackend("cann", "acl", "CANNExecutionProvider", "ONNX Runtime, CANN", "an Ascend NPU", "onnxruntime-cann")
)
