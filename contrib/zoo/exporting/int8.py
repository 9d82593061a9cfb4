"""int8: static quantisation of an exported file, with QuantizeLinear and DequantizeLinear around what is rounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.base import Engine
from utils.datasets.folder import files_in
from zoo.errors import ZooError
from zoo.model import Model, Part
from zoo.running.network import Runner, recorded
from zoo.running.reference import together

_MOST_SAMPLES = 256
_ROWS = 8  # samples that a network of several parts is given at once


def write_int8(
    model: Model,
    part: Part,
    reference: Runner,
    source: Path,
    path: Path,
    input_size: int | None,
    keep: Sequence[str] = (),
) -> str:
    """Quantise the float32 file `source` of a part into `path`; returns what it was calibrated on, for the manifest.

    Weights are rounded symmetrically to 7 bits, with a scale a channel; activations to 8, with a scale a tensor, for
    the range that they take on the calibration samples: those that the model gives (`Model.calibration`), else its
    demos. A part behind the first sees what the framework's own network, `reference`, gives it. Nodes in `keep`, by
    name, stay in float32. The arithmetic is ONNX Runtime's (onnxruntime.quantization). Raises ZooError.
    """
    from onnxruntime.quantization import CalibrationDataReader, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    data, origin = _calibration(model)
    rows = _given(model, part, reference, data, input_size)

    class Reader(CalibrationDataReader):
        def get_next(self) -> Any:
            return next(rows, None)

    prepared = path.with_suffix(".prepared")
    try:
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        # processors before VNNI add products up in 16 bits, which weights of 8 bits overflow: theirs have 7
        quantize_static(
            str(prepared), str(path), Reader(), per_channel=True, reduce_range=True, nodes_to_exclude=[*keep]
        )
    except Exception as error:
        # it raises whatever its parts do; all of them mean that this graph cannot be quantised
        raise ZooError(f"{source.name} cannot be quantised to int8: {error}") from error
    finally:
        prepared.unlink(missing_ok=True)
    return f"{len(data)} {origin}"


def _calibration(model: Model) -> tuple[Sequence[Any], str]:
    """Samples as the task's preprocessing takes them, and what they are called."""
    if model.calibration is not None:
        return model.calibration()[:_MOST_SAMPLES], "samples that no validation uses"
    files = files_in(model.demo_folder(), model.task.suffixes)
    return [sample.data for file in files for sample in model.task.samples_in(file)][:_MOST_SAMPLES], "demos"


def _given(
    model: Model, part: Part, reference: Runner, data: Sequence[Any], input_size: int | None
) -> Iterator[dict[str, np.ndarray]]:
    """What the part is given: a row a sample; where the network has several parts, what some of the calls are given."""
    task = model.task.adapted(input_size, topk=1)
    names = [spec.name for spec in part.inputs]
    rows = 1 if isinstance(reference, Engine) else _ROWS
    for start in range(0, len(data), rows):
        arrays = together(task, [task.preprocess(one)[0] for one in data[start : start + rows]])
        if isinstance(reference, Engine):
            yield dict(zip(names, arrays, strict=True))
            continue
        for call in recorded(task, reference, arrays)[1]:
            if call.part == part.name:
                yield dict(zip(names, call.inputs, strict=True))
