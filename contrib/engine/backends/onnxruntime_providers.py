"""Targets `cuda` and `cann`: ONNX Runtime on NVIDIA GPUs and on Ascend NPUs, where its build has the provider."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from zoo_core.numbers import is_whole

from ..errors import OptionError, TargetUnavailableError
from . import register
from .base import Availability, Options
from .onnxruntime import OnnxRuntimeBackend, OnnxRuntimeSession

_SEARCHES = ("heuristic", "exhaustive", "default")


class ProviderBackend(OnnxRuntimeBackend):
    """ONNX Runtime with one execution provider first, and the CPU for what that does not have."""

    device_kind = "device numbers"
    takes_threads = False
    libraries = ""  # how to come by the libraries that the provider needs, a sentence

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

    def open(self, ckpt: Path, options: Options) -> OnnxRuntimeSession:
        """Opens an ONNX file on the device.

        Raises:
            TargetUnavailableError: the provider did not start. ONNX Runtime itself would go on with the CPU.
        """
        session = super().open(ckpt, options)
        running = session.native.get_providers()
        if self._provider not in running:
            session.close()
            raise TargetUnavailableError(
                f"target '{self.target}': {self._provider} did not start, and ONNX Runtime would run on "
                f"{', '.join(running)} instead. The driver of the device is missing, or a library that the provider "
                f"needs, in the version that this onnxruntime was built with; it says which on stderr. "
                f"{self.libraries}".rstrip()
            )
        session.native.disable_fallback()  # an error of the device is one, and no reason to go on with the CPU
        return session

    def providers(self, options: Options) -> list[Any]:
        return [
            (self._provider, {"device_id": self._number(options), **self.settings(options)}),
            "CPUExecutionProvider",
        ]

    def settings(self, options: Options) -> dict[str, Any]:
        """What the provider is told besides the number of its device."""
        return {}

    def _number(self, options: Options) -> int:
        number = options.device or str(options.rank)
        if not is_whole(number):
            raise OptionError(f"target '{self.target}' takes a number, such as {self.target}:0, got '{options.device}'")
        return int(number)


class CudaBackend(ProviderBackend):
    """NVIDIA GPUs. Options: tf32 (False: float32 is computed as float32) and conv_search (how cuDNN chooses)."""

    own_options = ("tf32", "conv_search")
    libraries = "pip install 'onnxruntime-gpu[cuda,cudnn]' brings the libraries."

    def open(self, ckpt: Path, options: Options) -> OnnxRuntimeSession:
        """Opens an ONNX file, with CUDA's libraries out of the pip packages where these are installed."""
        import onnxruntime

        if hasattr(onnxruntime, "preload_dlls"):  # since 1.21
            onnxruntime.preload_dlls()
        return super().open(ckpt, options)

    def settings(self, options: Options) -> dict[str, Any]:
        """ONNX Runtime itself rounds the factors of float32 to TensorFloat-32's 10 bits unless it is told not to."""
        tf32 = options.extra.get("tf32", False)
        if not isinstance(tf32, bool):
            raise OptionError(f"option tf32 is True or False, got {tf32!r}")
        search = options.extra.get("conv_search", "heuristic")
        if search not in _SEARCHES:
            raise OptionError(f"option conv_search is one of {', '.join(_SEARCHES)}, got {search!r}")
        return {"use_tf32": int(tf32), "cudnn_conv_algo_search": str(search).upper()}


register(CudaBackend("cuda", "trt", "CUDAExecutionProvider", "ONNX Runtime, CUDA", "", "onnxruntime-gpu"))
register(
    ProviderBackend("cann", "acl", "CANNExecutionProvider", "ONNX Runtime, CANN", "an Ascend NPU", "onnxruntime-cann")
)
