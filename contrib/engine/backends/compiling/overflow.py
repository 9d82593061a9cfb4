"""Weights of 8 bits on a processor that adds products up in 16: the sums overflow, without a word of the runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zoo_core.machine import products_overflow

from ...errors import TargetUnavailableError

# What takes weights in 8 bits
_INTEGER = frozenset({"DequantizeLinear", "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger"})
_MOST = 64  # of weights that leave room for two products in 16 bits


def overflows(ckpt: Path, operators: frozenset[str]) -> bool:
    """Whether this processor's sums overflow with the weights of an ONNX file.

    Args:
        ckpt: the file.
        operators: those in it. Without the package onnx, weights next to an integer one count as wide.
    """
    if not operators & _INTEGER or not products_overflow():
        return False
    try:
        from onnx import numpy_helper

        from .onnx_file import read_onnx

        graph = read_onnx(ckpt).graph
    except (ImportError, TargetUnavailableError):
        return True
    return any(too_wide(numpy_helper.to_array(tensor)) for tensor in graph.initializer)


def too_wide(weights: np.ndarray) -> bool:
    """Whether weights take 8 bits, where 7 would leave room."""
    return weights.dtype == np.int8 and bool((np.abs(weights.astype(np.int16)) > _MOST).any())
