"""A MindSpore network with its weights. Everything here runs in the worker process (see `mindspore.py`)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.backends.base import Session
from engine.spec import TensorSpec
from zoo import catalogue
from zoo.weights import NORM_BIAS, PERTURBATION, RANDOM_SEED, settled_variance


def open_cell(folder: str, variant: str) -> CellSession:
    """The network that a variant of the family in `folder` builds, with its own random initialisation."""
    import mindspore

    # where MindSpore puts what it writes about a network that it cannot compile: else into the user's folder
    os.environ.setdefault("MS_OM_PATH", _scratch().name)
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    mindspore.set_device("CPU")
    mindspore.set_seed(RANDOM_SEED)
    np.random.seed(RANDOM_SEED)  # the initialisers of MindSpore draw from it
    model = catalogue.load_file(Path(folder) / "model.py").variant(variant)
    return CellSession(model.build, model.part.inputs, model.part.outputs)


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes when this process ends."""
    return tempfile.TemporaryDirectory(prefix="mindspore-")


def read_ckpt(path: str) -> dict[str, np.ndarray]:
    """The parameters in a .ckpt file. It is a protocol buffer, so that reading it runs no code."""
    import mindspore

    read = mindspore.load_checkpoint(path)
    return {
        name: (one.astype(mindspore.float32) if one.dtype == mindspore.bfloat16 else one).asnumpy()  # numpy has none
        for name, one in read.items()
    }


def version() -> str:
    """MindSpore's own."""
    import mindspore

    return mindspore.__version__


class CellSession(Session):
    """A mindspore.nn.Cell in eval mode; `build` makes it."""

    def __init__(self, build: Callable[[], Any], inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]):
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self._build = build
        self._cell = build()
        self._cell.set_train(False)

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        return [tensor.asnumpy() for tensor in _flat(self._cell(*_tensors(arrays)))]

    def kinds(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Shape and dtype ("float32") of every parameter and statistic by its name."""
        return {one.name: (tuple(one.shape), str(one.dtype).lower()) for one in self._cell.get_parameters()}

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """Give every parameter the value of its name in `state`, in the parameter's own dtype."""
        import mindspore

        for parameter in self._cell.get_parameters():
            parameter.set_data(mindspore.Tensor(state[parameter.name], parameter.dtype))

    def make_alive(self, batch: list[np.ndarray]) -> None:
        """Give a randomly initialised network outputs that differ from sample to sample; see `pytorch.py` for why."""
        import mindspore

        generator = np.random.default_rng(RANDOM_SEED)
        for parameter in self._cell.trainable_params():
            value = parameter.asnumpy()
            if value.size > 1 and (value == value.flat[0]).all():
                noise = PERTURBATION * generator.standard_normal(value.shape)
                parameter.set_data(mindspore.Tensor((value + noise).astype(value.dtype)))
        kind = mindspore.nn.layer.normalization._BatchNorm
        norms = [cell for _, cell in self._cell.cells_and_names() if isinstance(cell, kind)]
        for norm in norms:
            norm.beta.set_data(mindspore.Tensor(norm.beta.asnumpy() + np.float32(NORM_BIAS)))
            # with a momentum of 1, the running statistics become those of this batch
            norm.bn_train = mindspore.ops.BatchNorm(True, norm.eps, 1.0, norm.format)
            norm.set_train(True)
        if norms:
            self.run(batch)
        for norm in norms:
            norm.set_train(False)
            variance = settled_variance(norm.moving_mean.asnumpy(), norm.moving_variance.asnumpy())
            norm.moving_variance.set_data(mindspore.Tensor(variance))

    def write_onnx(self, path: str, shapes: list[list[int]]) -> None:
        """An ONNX file of opset 11 with fixed inputs of these shapes."""
        import mindspore

        arrays = [np.zeros(shape, spec.dtype) for shape, spec in zip(shapes, self.inputs, strict=True)]
        # a cell of its own: MindSpore cannot export one for the same shapes twice
        copy = CellSession(self._build, self.inputs, self.outputs)
        copy.set_state({parameter.name: parameter.asnumpy() for parameter in self._cell.get_parameters()})
        mindspore.onnx.export(copy._cell, *_tensors(arrays), file_name=path)

    def write_mindir(self, path: str) -> None:
        """A MindIR whose dynamic dimensions are those of the inputs."""
        import mindspore

        examples = [
            mindspore.Tensor(
                shape=[None if isinstance(size, str) else size for size in spec.shape],
                dtype=getattr(mindspore, spec.dtype),
            )
            for spec in self.inputs
        ]
        mindspore.export(self._cell, *examples, file_name=path, file_format="MINDIR")
        Path(path).chmod(0o644)  # MindSpore lets nobody but the owner read it

    def write_ckpt(self, path: str) -> None:
        """Every parameter and statistic, as MindSpore keeps them."""
        import mindspore

        mindspore.save_checkpoint(self._cell, path)
        Path(path).chmod(0o644)

    def close(self) -> None:
        del self._cell


def _tensors(arrays: Sequence[np.ndarray]) -> list[Any]:
    import mindspore

    return [mindspore.Tensor(array) for array in arrays]


def _flat(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (tuple, list)) else [result]
