"""int8: static quantisation of an exported file, with QuantizeLinear and DequantizeLinear around what is rounded."""

from __future__ import annotations

import copy
import logging
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from engine.base import Engine
from utils.datasets.folder import files_in
from utils.datasets.sample import Sample
from zoo.errors import HangingError, ZooError
from zoo.hanging import ended_within
from zoo.model import Model, Part
from zoo.running.network import Runner, recorded
from zoo.running.reference import together
from zoo.running.slots import fill_within, samples_of_files
from zoo.task import Task

from .ends import leave_end, tail
from .graph import name_nodes
from .unbounded import unbounded

METHODS = ("minmax", "entropy", "percentile")
PORTABLE_BITS = 7
# Bits of a weight, and where what is computed with them is right: processors before VNNI add products up in 16 bits,
# which weights of 8 bits overflow
WEIGHT_BITS = {
    PORTABLE_BITS: "right on processors with VNNI and without",
    8: "for processors with VNNI; without it, target onnx takes slower kernels, and other targets may be wrong",
}
# What no runtime computes in integers: rounding what these take and give would cost accuracy, and win nothing
_IN_FLOAT = ("BatchNormalization", "InstanceNormalization", "LayerNormalization", "CumSum", "EmbedLayerNormalization")
_MOST_SAMPLES = 256
_ROWS = 8  # samples that a network of several parts is given at once


@dataclass(frozen=True)
class Calibration:
    """How the ranges of activations are found.

    Args:
        method: "minmax": the whole range that was seen; "entropy": the one that keeps most of the distribution;
            "percentile": all but the outermost hundred thousandth.
        samples: of the task; None stands for the model's own.
        origin: what those are called.
        timeout: seconds for the preprocessing of a sample; None: any number.
    """

    method: str = METHODS[0]
    samples: Sequence[Sample] | None = None
    origin: str = "samples"
    timeout: float | None = None


class Quantiser:
    """A float32 file whose tensors' ranges were measured once: gives any number of int8 files of it.

    Weights are rounded symmetrically, with a scale a channel; activations to 8 bits without sign, with a scale a
    tensor: what ONNX Runtime has kernels for on every processor. Of activations with a sign, it computes a good part in
    float32. What comes behind the last convolution or product of matrices stays float32.

    Args:
        source: the float32 file.
        rows: what it is given on the calibration samples, an input a key.
        method: one of METHODS.
        said: of the samples, for the manifest.
        bits: of a weight, one of WEIGHT_BITS.

    Raises:
        ZooError: this graph cannot be quantised.
    """

    def __init__(
        self, source: Path, rows: Iterator[dict[str, np.ndarray]], method: str, said: str, bits: int = PORTABLE_BITS
    ):
        self._name, self._bits = source.name, bits
        self._method, self._said = method, said
        self._types = _quantised_types()
        try:
            with tempfile.TemporaryDirectory(prefix="zoo-int8-") as folder:
                prepared = Path(folder, "prepared.onnx")
                self._model = _prepared(source, prepared)
                self._ranges = _ranges(prepared, self._types, rows, method)
            self._behind = tail(self._model.graph)
            self._never = unbounded(self._model, self._ranges) | self._behind
        except (HangingError, OSError):  # the disk is full, and not the graph at fault
            raise
        except Exception as error:
            raise self._cannot(error) from error

    def _cannot(self, error: Exception) -> ZooError:
        """ONNX Runtime raises whatever its parts do; all of them mean that this graph cannot be quantised."""
        return ZooError(f"{self._name} cannot be quantised to int8: {error}")

    def nodes(self) -> dict[str, str]:
        """The operators of the nodes that may be rounded, by the nodes' names, in the order of the graph."""
        return {
            node.name: node.op_type
            for node in self._model.graph.node
            if node.op_type in self._types and node.name not in self._never
        }

    def kept(self, nodes: Sequence[str]) -> set[str]:
        """The nodes of these names, and those that take what they give."""
        given = {name for node in self._model.graph.node if node.name in nodes for name in node.output}
        return {node.name for node in self._model.graph.node if node.name in nodes or given & {*node.input}}

    def write(self, path: Path, keep: Sequence[str] = ()) -> None:
        """The file, whose nodes in `keep`, by name, stay in float32, with those that take what they give.

        Where all tensors around a node are rounded, ONNX Runtime rounds its weights by itself, and computes it in
        integers whatever the file says. Raises ZooError.
        """
        from onnxruntime.quantization import QuantType
        from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

        try:
            made = QDQQuantizer(
                copy.deepcopy(self._model),
                True,  # a scale a channel
                self._bits == PORTABLE_BITS,
                QuantType.QInt8,
                QuantType.QUInt8,
                self._ranges,
                [],
                sorted(self._never | self.kept(keep)),
                self._types,
                {},
            )
            made.quantize_model()
            leave_end(made.model.model.graph, self._behind)
            made.model.save_model_to_file(str(path), False)
        except OSError:
            raise
        except Exception as error:
            raise self._cannot(error) from error

    def write_float32(self, path: Path) -> None:
        """The same graph, node by node, without any rounding."""
        import onnx

        onnx.save(self._model, path)

    def facts(self) -> dict[str, str]:
        """For the manifest."""
        if not self.nodes():
            return {"precision": "float32: nothing of it gets smaller or faster in int8"}
        return {
            "calibrated_on": self._said,
            "calibration": self._method,
            "activations": "8 bits without sign, a scale a tensor",
            "weights": said_of_weights(self._bits),
        }


def said_of_weights(bits: int) -> str:
    """For the manifest, of weights of so many bits."""
    return f"{bits} bits with sign, a scale a channel: {WEIGHT_BITS[bits]}"


def quantiser(
    model: Model,
    part: Part,
    reference: Runner,
    source: Path,
    input_size: int | None,
    calibration: Calibration | None = None,
    bits: int = PORTABLE_BITS,
) -> Quantiser:
    """What quantises the float32 file `source` of a part, to weights of so many bits.

    Raises ZooError.
    """
    asked = calibration or Calibration()
    given, said = calibration_rows(model, part, reference, input_size, asked)
    return Quantiser(source, given, asked.method, said, bits)


def calibration_rows(
    model: Model, part: Part, reference: Runner, input_size: int | None, asked: Calibration
) -> tuple[Iterator[dict[str, np.ndarray]], str]:
    """What the part is given on the calibration samples, an input a key, and what those are, in words.

    The samples are those that the model gives (`Model.calibration`), else its demos. A part behind the first sees what
    the framework's own network, `reference`, gives it.
    """
    samples, origin = asked.samples, asked.origin
    if samples is None:
        samples, origin = _own(model, asked.timeout)
    samples = samples[:_MOST_SAMPLES]
    task = model.task.adapted(input_size, topk=1)
    rows = _given(task, part, reference, _batches(task, reference, samples, asked.timeout))
    return rows, f"{len(samples)} {origin}"


def _quantised_types() -> list[str]:
    from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry

    return sorted({*QLinearOpsRegistry, *QDQRegistry} - {*_IN_FLOAT})


def _prepared(source: Path, path: Path) -> Any:
    """The graph with constants folded and shapes inferred, and a name of its own for every node; in `path` too."""
    import onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    # where it cannot optimise the graph it goes on without, and logs a traceback of that
    logging.getLogger("onnxruntime.quantization.shape_inference").setLevel(logging.CRITICAL)
    quant_pre_process(str(source), str(path), skip_symbolic_shape=True)
    model = onnx.load(path)
    name_nodes(model.graph)
    onnx.save(model, path)
    return model


def _ranges(path: Path, types: list[str], rows: Iterator[dict[str, np.ndarray]], method: str) -> Any:
    """The ranges of a graph's tensors. Only what one call of the network gives is held at once."""
    from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod
    from onnxruntime.quantization.calibrate import create_calibrator

    class Reader(CalibrationDataReader):
        def __init__(self, rows: Iterable[dict[str, np.ndarray]]):
            self._rows = iter(rows)

        def get_next(self) -> Any:
            return next(self._rows, None)

    methods = {
        "minmax": CalibrationMethod.MinMax,
        "entropy": CalibrationMethod.Entropy,
        "percentile": CalibrationMethod.Percentile,
    }
    calibrator = create_calibrator(
        path,
        types,
        augmented_model_path=str(path.with_name("augmented.onnx")),
        calibrate_method=methods[method],
        extra_options={"symmetric": False},
    )
    first = next(rows, None)
    if first is None:
        raise ZooError("no calibration sample reaches this part of the network")
    with redirect_stdout(sys.stderr):  # what it says of its progress
        if method == "minmax":  # which gives two numbers a tensor
            calibrator.collect_data(Reader(chain([first], rows)))
        else:
            for row in chain([first], rows):
                calibrator.collect_data(Reader([row]))
        return calibrator.compute_data()


def _own(model: Model, timeout: float | None) -> tuple[Sequence[Sample], str]:
    """The model's samples, and what they are called."""
    if model.calibration is not None:
        given = ended_within(timeout, "calibration() of model.py", model.calibration)[:_MOST_SAMPLES]
        return [Sample(f"calibration sample {number}", data) for number, data in enumerate(given)], (
            "samples that no validation uses"
        )
    files = files_in(model.demo_folder(), model.task.suffixes)
    return samples_of_files(model.task, files, timeout)[:_MOST_SAMPLES], "demos"


def _batches(
    task: Task, reference: Runner, samples: Sequence[Sample], timeout: float | None
) -> Iterator[list[np.ndarray]]:
    """The samples preprocessed: a row at a time, or some where the network has several parts."""
    rows = 1 if isinstance(reference, Engine) else _ROWS
    for start in range(0, len(samples), rows):
        yield together(task, [fill_within(task, one, timeout).arrays for one in samples[start : start + rows]])


def _given(
    task: Task, part: Part, reference: Runner, batches: Iterable[list[np.ndarray]]
) -> Iterator[dict[str, np.ndarray]]:
    """What the part is given: a row a sample; where the network has several parts, what some of the calls are given."""
    names = [spec.name for spec in part.inputs]
    for arrays in batches:
        if isinstance(reference, Engine):
            yield dict(zip(names, arrays, strict=True))
            continue
        for call in recorded(task, reference, arrays)[1]:
            if call.part == part.name:
                yield dict(zip(names, call.inputs, strict=True))
