"""relay.frontend and relay.build; a "module" is an ONNX model with fixed shapes."""

from __future__ import annotations

from typing import Any

from .. import target as targets
from .. import transform
from . import frontend

__all__ = ["build", "frontend"]


def build(module: Any, target: Any = None, params: Any = None) -> bytes:
    """The compiled library: here, the model's bytes."""
    if not isinstance(target, targets.Target) or target.kind != "sdaa" or target.host != "llvm":
        raise ValueError(f"relay.build needs an sdaa target with host llvm, got {target}")
    if transform.current() is None or "SimplifyInference" not in transform.current().disabled_pass:
        raise ValueError("relay.build needs a PassContext that disables SimplifyInference")
    if params is None:
        raise ValueError("relay.build needs the params of from_onnx")
    return module.SerializeToString()
