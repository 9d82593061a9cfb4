"""Known differences: what a runtime computes otherwise than ONNX says, looked for in a graph before it is opened.

The list comes from ONNX's own operator tests (`python -m tests.engine.operators`), which hold it: whatever is not in it
passes there, or is refused by the runtime itself. What those do not try, such as open sizes and older opsets, is held
by tests/engine/test_semantics.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ModelFileError, TargetUnavailableError
from .overflow import overflows
from .uses import Use, uses

_log = logging.getLogger(__name__)
_ROI_ALIGN_MODES = 16  # from this opset on RoiAlign has them, and takes half a pixel off where it says none


@dataclass(frozen=True)
class Known:
    """Operators that differ `when` their node is such; refused, unless the difference is only worth a word."""

    operators: tuple[str, ...]
    what: str
    when: Callable[[Use], bool] = lambda use: True
    refused: bool = True


def _reduces(use: Use) -> bool:
    """Whether pooling with rounding up ends in a window that lies in the padding only, which newer opsets leave out."""
    if not use.says("ceil_mode", 1):
        return False
    kernel = use.attributes.get("kernel_shape", [])
    axes = len(kernel)
    strides, dilations = (use.attributes.get(name, [1] * axes) for name in ("strides", "dilations"))
    ends = use.attributes.get("pads", [0] * 2 * axes)[axes:]
    return any(
        stride + end > (size - 1) * dilation + 1
        for stride, end, size, dilation in zip(strides, ends, kernel, dilations, strict=True)
    )


def _padded_ceil(use: Use) -> bool:
    """Whether an average counts padding, and a last window reaches beyond it, which ONNX does not count.

    It may where the sizes of the picture are not known.
    """
    pads, kernel = use.attributes.get("pads", []), use.attributes.get("kernel_shape", [])
    if not (use.says("ceil_mode", 1) and use.says("count_include_pad", 1) and any(pads)):
        return False
    axes = len(kernel)
    strides, dilations = (use.attributes.get(name, [1] * axes) for name in ("strides", "dilations"))
    sizes = use.shape(0)[2:]
    if len(sizes) != axes:
        return any(stride != 1 for stride in strides)
    return any(
        stride != 1 and (size is None or (size + begin + end - (length - 1) * dilation - 1) % stride != 0)
        for size, begin, end, length, dilation, stride in zip(
            sizes, pads[:axes], pads[axes:], kernel, dilations, strides, strict=True
        )
    )


def _dilated_ceil(use: Use) -> bool:
    dilated = any(size != 1 for size in use.attributes.get("dilations", []))
    return use.says("ceil_mode", 1) and use.says("count_include_pad", 1) and dilated


def _one_sign(use: Use) -> bool:
    return use.says("detect_positive", 0) or use.says("detect_negative", 0)


def _softcap_of_old(use: Use) -> bool:
    """Whether scores are capped, and the installed ONNX Runtime is an old one: 1.23.2 (the last for Python 3.10)
    differs in four of ONNX's tests, 1.31 in none, and what lies between was not tried."""
    import onnxruntime

    version = tuple(int(number) for number in onnxruntime.__version__.split(".")[:2])
    return bool(use.attributes.get("softcap")) and version < (1, 31)


def _masked_scores(use: Use) -> bool:
    """Whether the scores are an output and two masks lie on them, where ONNX says -infinity and others a number."""
    return use.has_output(3) and use.has_input(3) and use.says("is_causal", 1)


def _windowed(use: Use) -> bool:
    return any(use.attributes.get(name, -1) != -1 for name in ("left_window_size", "right_window_size"))


def _half_pixels_scaled(use: Use) -> bool:
    """Whether boxes are scaled, and half a pixel is taken off then, which others take off before."""
    usual = b"half_pixel" if use.opset >= _ROI_ALIGN_MODES else b"output_half_pixel"
    halved = use.attributes.get("coordinate_transformation_mode", usual) == b"half_pixel"
    return halved and use.attributes.get("spatial_scale", 1.0) != 1.0


def _cuts_and_wraps(use: Use) -> bool:
    """Whether what is cut off and what is put on may meet: less than nothing is put on somewhere, or nobody knows."""
    if not use.says("mode", b"wrap"):
        return False
    pads = use.value(1)
    return pads is None or bool((pads < 0).any())


def _masked_cache(use: Use) -> bool:
    return use.has_input(3) and use.has_input(4) and use.says("is_causal", 1)


def _some_lengths(use: Use) -> bool:
    """Whether sequences have lengths of their own, which are passed over where sizes are open."""
    return use.has_input(4) and use.around.open_inputs and use.depends_on_values(4)


def _wide_number(use: Use) -> bool:
    """Whether a constant takes more than 32 bits, in which others compute: they take the nearest number that fits.

    That does not matter where it is compared with sizes, none of which is as large, nor where constants alone give the
    place up to which a Slice goes, which ends before the nearest number too.
    """
    places = range(len(use.node.input))
    if not any(_is_wide(use, place) for place in places):
        return False
    if use.node.op_type == "Equal":
        return any(use.depends_on_values(place, chosen=False) for place in places)
    return not (all(name in use.constants for name in use.node.input) and use.ends_in("Slice"))


def _is_wide(use: Use, place: int) -> bool:
    import onnx

    tensor = use.constants.get(use.node.input[place])
    if tensor is None or tensor.data_type not in (onnx.TensorProto.INT64, onnx.TensorProto.UINT64):
        return False
    value = use.value(place)
    return value is not None and bool(value.size) and not (value.min() >= -(1 << 31) and value.max() < 1 << 31)


_POOLING = Known(("AveragePool",), "dilations with ceil_mode and count_include_pad", _dilated_ceil)
_SHIFTS = Known(("BitShift",), "signed numbers, and shifts by the width or more")
_COLUMNS_FIRST = Known(("SpaceToDepth",), "mode CRD", lambda use: use.says("mode", b"CRD"))
_SEQUENCES = (
    *("SequenceConstruct", "SequenceEmpty", "SequenceInsert", "SequenceErase", "SequenceAt", "SequenceLength"),
    *("SplitToSequence", "ConcatFromSequence", "SequenceMap"),
)
_SUMS = ("Add", "Sub", "Mul", "Div", "Mod", "Equal", "BitwiseAnd", "BitwiseOr", "BitwiseXor")
_RECURRENT = ("RNN", "GRU", "LSTM")

KNOWN: dict[str, tuple[Known, ...]] = {
    "onnx": (
        Known(("AveragePool",), _POOLING.what, _dilated_ceil, refused=False),
        Known(("MaxUnpool",), "output_shape as an input", lambda use: use.has_input(2), refused=False),
        Known(("Attention",), "its scores as an output, with a mask and is_causal", _masked_scores),
        Known(("Attention",), "softcap, which ONNX Runtime before 1.31 puts in the wrong place", _softcap_of_old),
    ),
    "openvino": (
        _POOLING,
        Known(("AveragePool",), "pads with ceil_mode and count_include_pad", _padded_ceil),
        Known(("MaxPool", "AveragePool"), "ceil_mode with a window in the padding", _reduces),
        Known(("Tile",), "repeats that are no constant", lambda use: use.node.input[1] not in use.constants),
        Known(_RECURRENT, "layout 1, the batch first", lambda use: use.says("layout", 1)),
        Known(_RECURRENT, "lengths of sequences, with open sizes", _some_lengths),
        Known(_SUMS, "whole numbers beyond 32 bits", _wide_number),
        Known(("LSTM",), "peepholes", lambda use: use.has_input(7)),
        Known(("Resize",), "antialias", lambda use: use.says("antialias", 1)),
        Known(("Resize",), "exclude_outside", lambda use: use.says("exclude_outside", 1)),
        Known(
            ("Resize",),
            "keep_aspect_ratio_policy",
            lambda use: use.attributes.get("keep_aspect_ratio_policy", b"stretch") != b"stretch",
        ),
        Known(("DFT",), "axis as an input", lambda use: use.has_input(2)),
        Known(("RoiAlign",), "mode max", lambda use: use.says("mode", b"max")),
        Known(("ReduceMax", "ReduceMin"), "nothing to reduce", lambda use: use.around.empty_inputs),
        Known(("Attention",), "a window", _windowed),
        Known(("Attention",), "mask, cache and is_causal together", _masked_cache),
        _SHIFTS,
        Known(("Col2Im",), "it ends the process"),
        _COLUMNS_FIRST,
        Known(("DynamicQuantizeLinear",), "ties, by one step of 8 bits", refused=False),
        Known(("TopK",), "the order of equal values", refused=False),
    ),
    "cpu": (
        _POOLING,
        Known(("MaxPool", "AveragePool"), "ceil_mode with a window in the padding", _reduces),
        Known(("ConvTranspose",), "output_shape", lambda use: "output_shape" in use.attributes),
        Known(("Dropout",), "its mask, or training", lambda use: use.has_input(2) or use.has_output(1)),
        Known(("BatchNormalization",), "training", lambda use: use.says("training_mode", 1) or use.has_output(1)),
        Known(("LayerNormalization",), "mean and deviation as outputs", lambda use: use.has_output(1)),
        Known(("IsInf",), "one sign only", _one_sign),
        Known(("Resize",), "antialias", lambda use: use.says("antialias", 1)),
        Known(("RoiAlign",), "mode max", lambda use: use.says("mode", b"max")),
        Known(("RoiAlign",), "half pixels with a spatial_scale", _half_pixels_scaled),
        Known(("Upsample",), "mode nearest", lambda use: use.attributes.get("mode", b"nearest") == b"nearest"),
        Known(_SEQUENCES, "sequences"),
        Known(("Pad",), "mode wrap with negative pads", _cuts_and_wraps),
        _SHIFTS,
        _COLUMNS_FIRST,
    ),
}

# Operators that may take NaN for a number, where PyTorch's give NaN: said where a network gives NaN, and not of every
# file, since most networks hold such an operator, and sound ones no NaN
NAN_IS_LOST: dict[str, tuple[str, ...]] = {
    "onnx": ("ReduceMax", "ReduceMin"),
    "openvino": ("Clip", "Exp", "Max", "MaxPool", "Min", "ReduceMax", "ReduceMin", "Relu", "Softmax"),
    "cpu": ("Clip", "Max", "Min", "ReduceMax", "ReduceMin", "Relu"),
}

# Element types of inputs and outputs in which a runtime does not compute
_NOT_COMPUTED = {"openvino": ("DOUBLE", "UINT16", "STRING")}


def require_supported(ckpt: Path, model: Any, target: str) -> None:
    """Raise ModelFileError where `target` is known to compute the graph otherwise; warn where it is little.

    Args:
        ckpt: the file, for the message.
        model: its graph, with or without weights.
        target: the runtime target.
    """
    _require_types(ckpt, model, target)
    if target == "openvino":
        overflows(ckpt, "OpenVINO may compute wrong numbers")
    known = KNOWN.get(target, ())
    for use in uses(model):
        for one in known:
            if use.node.op_type in one.operators and use.node.domain in ("", "ai.onnx") and one.when(use):
                name = f" {use.node.name}" if use.node.name else ""
                said = f"target '{target}' computes {use.node.op_type}{name} ({one.what}) otherwise than ONNX says"
                if one.refused:
                    raise ModelFileError(f"{ckpt}: {said}; run it on another target, or export it without")
                _log.warning("%s: %s", ckpt.name, said)


def _require_types(ckpt: Path, model: Any, target: str) -> None:
    import onnx

    for value in (*model.graph.input, *model.graph.output):
        name = onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type)
        if name in _NOT_COMPUTED.get(target, ()):
            raise ModelFileError(
                f"{ckpt}: '{value.name}' is {name.lower()}, in which target '{target}' does not compute as ONNX "
                "says; export it with float32, or run it on target onnx"
            )


def warn_of_differences(ckpt: Path, target: str, operators: frozenset[str]) -> None:
    """For a runtime that opens files by itself: look at the graph where one of the file's `operators` may differ."""
    from .onnx_file import attributes_of, read_onnx

    doubtful = operators & {name for one in KNOWN.get(target, ()) for name in one.operators}
    if target == "onnx" and "AveragePool" in doubtful and "dilations" not in attributes_of(ckpt, "AveragePool"):
        doubtful -= {"AveragePool"}  # differs only with them; most files have none, and need no onnx package then
    if not doubtful:
        return
    try:
        model = read_onnx(ckpt, weights=False)
    except TargetUnavailableError:
        names = ", ".join(sorted(doubtful))
        _log.warning("%s holds %s, which '%s' may compute otherwise: pip install onnx to know", ckpt, names, target)
        return
    require_supported(ckpt, model, target)
