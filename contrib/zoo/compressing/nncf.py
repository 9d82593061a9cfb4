"""int8 by OpenVINO's NNCF, whose own accuracy control says first what stays in float32."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from engine.backends.compiling.onnx_file import read_onnx
from utils.datasets.sample import Sample
from zoo.errors import ZooError
from zoo.exporting.graph import name_nodes
from zoo.exporting.int8 import PORTABLE_BITS, said_of_weights
from zoo.running.engines import is_quantised, open_runner
from zoo.running.padding import fixed_sizes
from zoo.running.pipeline import batches
from zoo.running.setting import Setting
from zoo.task import as_list
from zoo_core.errors import ZooCoreError, first_line

_INSTALL = "NNCF is not installed: pip install 'nncf>=3.4,<4'"
# The metric of a file on these samples, the higher the better, and a number for each of them, of which that is true too
Judge = Callable[[Path, Sequence[Sample]], tuple[float, list[float]]]


def judge_of(setting: Setting) -> Judge:
    """Opens a file as `setting` says, in int8, and runs it on samples.

    A sample's number is how far its outputs are from those of the file that was judged first, over their largest value,
    with a minus.
    """
    info = setting.model.task.metric().infos[0]
    first: dict[str, list[np.ndarray]] = {}

    def judge(path: Path, samples: Sequence[Sample]) -> tuple[float, list[float]]:
        task, metric = setting.task(), setting.model.task.metric()
        near: list[float] = []
        dtype = "int8" if is_quantised(path) else "float32"  # the first one is the file that NNCF begins with
        with open_runner(setting.but(ckpt=path, dtype=dtype, streams=1)) as runner:
            fixed = fixed_sizes([runner])
            for batch in batches(task, samples, setting.batch_size, setting.workers, fixed, setting.timeout):
                outputs = as_list(runner(batch.arrays))
                metric.update(task.postprocess(outputs, batch.metas), [sample.truth for sample in batch.samples])
                for row, sample in enumerate(batch.samples):
                    own = [output[row] for output in outputs]
                    near.append(-_apart(first.setdefault(sample.id, own), own))
        figure = metric.compute()[info.name]
        return (figure if info.higher_is_better else -figure), near

    return judge


def _apart(wanted: Sequence[np.ndarray], got: Sequence[np.ndarray]) -> float:
    """The largest difference over the largest value, of the output where that is most."""
    pairs = [(one.astype(np.float64), other) for one, other in zip(wanted, got, strict=True) if one.size]
    return max(
        (float(np.abs(one - other).max()) / (float(np.abs(one).max()) or 1.0) for one, other in pairs), default=0.0
    )


class NncfRounder:
    """A float32 file in int8 as NNCF makes it.

    `quantize_with_accuracy_control` finds what stays in float32 at the least; what is asked to stay so besides is
    left out in another run of NNCF.

    Args:
        source: the float32 file.
        rows: what it is given on the calibration samples, an input a key.
        judge: what says how good a file is.
        samples: it is judged on, labelled.
        most: by how much of itself the metric may become worse.
        said: of the calibration samples, for the manifest.
        bits: of a weight, one of WEIGHT_BITS.

    Raises:
        ZooError: NNCF is not installed, or cannot do this graph.
    """

    def __init__(
        self,
        source: Path,
        rows: Iterator[dict[str, np.ndarray]],
        judge: Judge,
        samples: Sequence[Sample],
        most: float,
        said: str,
        bits: int = PORTABLE_BITS,
    ):
        self._name, self._said, self._bits = source.name, said, bits
        self._nncf = _imported()
        self._model = read_onnx(source)
        name_nodes(self._model.graph)
        self._rows = list(rows)
        self._seen: list[set[str]] = []  # the rounded nodes of the files that were judged, in turn
        with redirect_stdout(sys.stderr):  # its progress bars
            self._made = self._controlled(judge, samples, most)
        self._rounded = max(self._seen, key=len)

    def nodes(self) -> dict[str, str]:
        """The operators of the nodes that NNCF rounds where all may be, by their names, in the order of the graph."""
        return {node.name: node.op_type for node in self._model.graph.node if node.name in self._rounded}

    def kept(self, nodes: Sequence[str]) -> set[str]:
        """These, and what NNCF's accuracy control left in float32."""
        return {*nodes} | (self._rounded - _rounded(self._made))

    def write(self, path: Path, keep: Sequence[str] = ()) -> None:
        """The file that NNCF's accuracy control found, or one with these nodes in float32 too. Raises ZooError."""
        import onnx

        made = self._made
        if keep:
            scope = self._nncf.IgnoredScope(names=sorted(self.kept(keep)))
            with redirect_stdout(sys.stderr), self._explained():
                made = self._nncf.quantize(
                    self._model, ignored_scope=scope, advanced_parameters=self._advanced(), **self._options()
                )
        onnx.save(made, path)

    def write_float32(self, path: Path) -> None:
        """The graph as it is."""
        import onnx

        onnx.save(self._model, path)

    def facts(self) -> dict[str, str]:
        """For the manifest."""
        return {
            "calibrated_on": self._said,
            "calibration": f"NNCF {self._nncf.__version__}, with accuracy control",
            "weights": said_of_weights(self._bits),
        }

    def _options(self) -> dict[str, Any]:
        return {"calibration_dataset": self._nncf.Dataset(self._rows), "subset_size": len(self._rows)}

    def _advanced(self) -> Any:
        known = self._nncf.quantization.advanced_parameters.OverflowFix
        fix = known.ENABLE if self._bits == PORTABLE_BITS else known.DISABLE
        return self._nncf.AdvancedQuantizationParameters(overflow_fix=fix)

    def _controlled(self, judge: Judge, samples: Sequence[Sample], most: float) -> Any:
        import onnx

        with tempfile.TemporaryDirectory(prefix="zoo-nncf-") as folder:
            path = Path(folder, "judged.onnx")

            def judged(model: Any, items: Iterable[Sample]) -> tuple[float, list[float]]:
                onnx.save(model, path)
                self._seen.append(_rounded(model))
                return judge(path, list(items))

            first = judged(self._model, samples)[0]
            with self._explained():
                return self._nncf.quantize_with_accuracy_control(
                    self._model,
                    validation_dataset=self._nncf.Dataset(list(samples)),
                    validation_fn=judged,
                    max_drop=most * abs(first),  # a relative one is wrong of figures below 0
                    drop_type=self._nncf.DropType.ABSOLUTE,
                    advanced_quantization_parameters=self._advanced(),
                    **self._options(),
                )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """NNCF raises whatever its parts do; all of them mean that it cannot do this graph."""
        try:
            yield
        except (ZooCoreError, OSError):
            raise
        except Exception as error:
            raise ZooError(
                f"NNCF cannot make an int8 file of {self._name}: {first_line(error)}; try without --control nncf"
            ) from error


def _imported() -> Any:
    try:
        import nncf
    except ImportError as error:
        raise ZooError(_INSTALL) from error
    nncf.set_log_level(logging.ERROR)
    return nncf


def _rounded(model: Any) -> set[str]:
    """The nodes that take what comes out of a DequantizeLinear."""
    restored = {name for node in model.graph.node if node.op_type == "DequantizeLinear" for name in node.output}
    return {
        node.name
        for node in model.graph.node
        if restored & {*node.input} and node.op_type not in ("QuantizeLinear", "DequantizeLinear")
    }
