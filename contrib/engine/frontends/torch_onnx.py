"""A `torch.nn.Module` to ONNX."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo_core.errors import first_line

from ..errors import ExportError

_log = logging.getLogger(__name__)

DynamicAxes = Mapping[str, Mapping[int, str]]


@dataclass(frozen=True)
class TorchExport:
    """How the file came to be: `exporter` is "torchscript" or "dynamo"; `note` says why it was not the first choice.

    `warnings`: what the tracer warned of, such as a branch that depends on the input.
    """

    exporter: str
    note: str = ""
    warnings: tuple[str, ...] = ()


def export_module(
    module: Any,
    example_inputs: Sequence[Any],
    path: Path,
    *,
    input_names: Sequence[str],
    output_names: Sequence[str],
    dynamic_axes: DynamicAxes | None = None,
    opset: int = 17,
    custom_opsets: Mapping[str, int] | None = None,
) -> TorchExport:
    """Write `module` to `path`.

    The TorchScript exporter comes first, because it honours opset 9 to 20. Where it cannot export the network
    (a convolution with computed weights, say), the torch.export one does, which writes opset 18 or later.
    Raises ExportError with the words of both when neither can.
    """
    arguments = dict(
        input_names=list(input_names),
        output_names=list(output_names),
        dynamic_axes={name: dict(axes) for name, axes in (dynamic_axes or {}).items()} or None,
        opset=opset,
        custom_opsets=dict(custom_opsets or {}),
    )
    try:
        warned = _attempt(_by_torchscript, module, tuple(example_inputs), path, **arguments)
        return TorchExport("torchscript", warnings=warned)
    except Exception as first:
        # the exporters raise whatever the network raises while it is traced
        reason = first_line(first)
        _log.warning("the TorchScript exporter failed (%s); trying the torch.export one", reason)
        try:
            warned = _attempt(_by_dynamo, module, tuple(example_inputs), path, **arguments)
        except Exception as second:
            raise ExportError(
                f"{type(module).__name__} cannot be exported. TorchScript exporter: {reason}. torch.export "
                f"exporter: {first_line(second)}"
            ) from second
    return TorchExport("dynamo", f"the TorchScript exporter failed: {reason}", warned)


def _attempt(exporter: Callable[..., None], *args: Any, **kwargs: Any) -> tuple[str, ...]:
    """Run an exporter without its chatter, with attention layers traced as they are written.

    Returns:
        What the tracer warned of, each once.
    """
    import torch

    fastpath = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            redirect_stdout(io.StringIO()),
            _quiet("torch.onnx", "onnxscript"),
        ):
            warnings.simplefilter("always")
            exporter(*args, **kwargs)
    finally:
        torch.backends.mha.set_fastpath_enabled(fastpath)
    told = [f"{one.filename}:{one.lineno}: {one.message}" for one in caught if _of_tracer(one.category)]
    return tuple(dict.fromkeys(told))


def _of_tracer(category: type[Warning]) -> bool:
    return category.__name__ == "TracerWarning"


@contextmanager
def _quiet(*names: str) -> Any:
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _by_torchscript(
    module: Any,
    example_inputs: tuple[Any, ...],
    path: Path,
    *,
    input_names: list[str],
    output_names: list[str],
    dynamic_axes: dict[str, dict[int, str]] | None,
    opset: int,
    custom_opsets: dict[str, int],
) -> None:
    import torch

    torch.onnx.export(
        module,
        example_inputs,
        str(path),
        dynamo=False,
        opset_version=opset,
        input_names=input_names,
        output_names=output_names,
        dynamic_axes=dynamic_axes,
        do_constant_folding=True,
        custom_opsets=custom_opsets or None,
    )


def _by_dynamo(
    module: Any,
    example_inputs: tuple[Any, ...],
    path: Path,
    *,
    input_names: list[str],
    output_names: list[str],
    dynamic_axes: dict[str, dict[int, str]] | None,
    opset: int,
    custom_opsets: dict[str, int],
) -> None:
    axes = dynamic_axes or {}
    _write_by_dynamo(module, example_inputs, path, input_names, output_names, axes, opset)
    if _has_lost(path, output_names, axes):
        larger = _of_two(example_inputs, input_names, axes)
        _write_by_dynamo(module, larger, path, input_names, output_names, axes, opset)


def _write_by_dynamo(
    module: Any,
    examples: tuple[Any, ...],
    path: Path,
    input_names: list[str],
    output_names: list[str],
    axes: DynamicAxes,
    opset: int,
) -> None:
    import torch

    dims: dict[str, Any] = {}
    shapes = tuple(
        {axis: dims.setdefault(name, torch.export.Dim.DYNAMIC) for axis, name in axes.get(given, {}).items()}
        for given in input_names
    )
    torch.onnx.export(
        module,
        examples,
        str(path),
        dynamo=True,
        opset_version=max(opset, 18),
        input_names=input_names,
        output_names=output_names,
        dynamic_shapes=shapes if axes else None,
        external_data=False,
        verbose=False,
    )


def _has_lost(path: Path, output_names: list[str], axes: DynamicAxes) -> bool:
    """Whether a dimension of an output that is to be dynamic has become a number in the file."""
    import onnx

    outputs = onnx.load(path, load_external_data=False).graph.output
    shapes = [[dim.HasField("dim_value") for dim in value.type.tensor_type.shape.dim] for value in outputs]
    return any(
        axis < len(fixed) and fixed[axis]
        for name, fixed in zip(output_names, shapes, strict=False)
        for axis in axes.get(name, {})
    )


def _of_two(examples: tuple[Any, ...], input_names: list[str], axes: DynamicAxes) -> tuple[Any, ...]:
    """The examples with twice each dynamic size of 1: torch.export takes a size of 1 for a constant where the network
    broadcasts it or compares it."""
    larger = []
    for name, example in zip(input_names, examples, strict=True):
        repeats = [2 if axis in axes.get(name, {}) and size == 1 else 1 for axis, size in enumerate(example.shape)]
        larger.append(example.repeat(repeats))
    return tuple(larger)
