"""The five steps of an inference engine under the names that Paddle Inference gives them.

    config = Config("lenet_dyn.onnx")                          # 1 configure
    predictor = create_predictor(config)                       # 2 create
    handle = predictor.get_input_handle(predictor.get_input_names()[0])
    handle.copy_from_cpu(x)                                    # 3 inputs by name
    predictor.run()                                            # 4 run
    name = predictor.get_output_names()[0]
    y = predictor.get_output_handle(name).copy_to_cpu()        # 5 outputs by name

A thin layer over `Engine`: everything is checked there, and the errors are the engine's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .base import Engine
from .errors import InputError, ShapeError

__all__ = ["Config", "Predictor", "Tensor", "create_predictor"]


class Config:
    """Which model, on what, and how. The setters may be called in any order, before `create_predictor`."""

    def __init__(self, model_file: str | Path | None = None, params_file: str | Path | None = None):
        self._arguments: dict[str, Any] = {"target": "onnx", "options": {}}
        self._model: Path | None = None
        if model_file is not None:
            self.set_model(model_file, params_file)

    def set_model(self, model_file: str | Path, params_file: str | Path | None = None) -> None:
        """The model file. `params_file` is accepted for code written for Paddle: it stands beside the model."""
        self._model = Path(model_file)

    def model_dir(self) -> str:
        return str(self._model.parent) if self._model else ""

    def prog_file(self) -> str:
        return str(self._model) if self._model else ""

    def set_target(self, target: str) -> None:
        """A target of the engine, such as "openvino" or "sdaa:1"."""
        self._arguments["target"] = target

    def set_dtype(self, dtype: str) -> None:
        """What is computed in: "float32", "float16" or "bfloat16"."""
        self._arguments["dtype"] = dtype

    def set_batch_size(self, batch_size: int) -> None:
        self._arguments["batch_size"] = batch_size

    def set_input_size(self, input_size: Sequence[Sequence[int]]) -> None:
        """A shape an input, for targets that compile."""
        self._arguments["input_size"] = input_size

    def set_pass_path(self, pass_path: str | Path) -> None:
        self._arguments["pass_path"] = pass_path

    def set_devices(self, devices: Sequence[int | str]) -> None:
        self._arguments["devices"] = devices

    def set_replicas(self, replicas: int) -> None:
        self._arguments["replicas"] = replicas

    def set_option(self, name: str, value: Any) -> None:
        """An option of the target's own."""
        self._arguments["options"][name] = value

    def set_cpu_math_library_num_threads(self, threads: int) -> None:
        self.set_option("threads", threads)

    def open_engine(self) -> Engine:
        """The engine that this describes. Raises InputError without a model, and what opening raises."""
        if self._model is None:
            raise InputError("the configuration has no model; call set_model(file)")
        return Engine(self._model, **self._arguments)


class Tensor:
    """One input or output of a predictor."""

    def __init__(self, name: str, kind: str):
        self._name = name
        self._kind = kind
        self._value: np.ndarray | None = None
        self._shape: tuple[int, ...] | None = None

    def name(self) -> str:
        return self._name

    def reshape(self, shape: Sequence[int]) -> None:
        """The shape that the next `copy_from_cpu` must have. Optional."""
        self._shape = tuple(shape)

    def copy_from_cpu(self, array: np.ndarray) -> None:
        """Set an input. The array is copied, so that it may be used again at once."""
        if self._kind == "output":
            raise InputError(f"'{self._name}' is an output; only inputs are set")
        if self._shape is not None and tuple(array.shape) != self._shape:
            raise ShapeError(f"'{self._name}' was reshaped to {list(self._shape)}, got {list(array.shape)}")
        self._value = np.array(array)

    def copy_to_cpu(self) -> np.ndarray:
        """The value of the last run (or what an input was set to), as a copy."""
        if self._value is None:
            first = "call run() first" if self._kind == "output" else "set it with copy_from_cpu"
            raise InputError(f"'{self._name}' has no value yet; {first}")
        return self._value.copy()

    def shape(self) -> list[int]:
        """Of the value; of `reshape` where there is none yet."""
        return list(self._value.shape if self._value is not None else self._shape or ())


class Predictor:
    """An engine with named inputs and outputs. Use it in a with-block, or call `release`."""

    def __init__(self, config: Config):
        self._engine = config.open_engine()
        self._inputs = {spec.name: Tensor(spec.name, "input") for spec in self._engine.inputs}
        self._outputs = {spec.name: Tensor(spec.name, "output") for spec in self._engine.outputs}

    def get_input_names(self) -> list[str]:
        return list(self._inputs)

    def get_output_names(self) -> list[str]:
        return list(self._outputs)

    def get_input_handle(self, name: str) -> Tensor:
        return _named(self._inputs, name, "input")

    def get_output_handle(self, name: str) -> Tensor:
        return _named(self._outputs, name, "output")

    def run(self, inputs: Sequence[np.ndarray] | None = None) -> list[np.ndarray] | bool:
        """Run on what the input handles hold: True. Given arrays in input order, run on those: the outputs."""
        if inputs is not None:
            for handle, array in zip(self._inputs.values(), inputs, strict=True):
                handle.copy_from_cpu(array)
        result = self._engine({name: handle.copy_to_cpu() for name, handle in self._inputs.items()})
        outputs = result if isinstance(result, list) else [result]
        for handle, output in zip(self._outputs.values(), outputs, strict=True):
            handle._value = output
        return True if inputs is None else outputs

    def release(self) -> None:
        self._engine.release()

    def __enter__(self) -> Predictor:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def create_predictor(config: Config) -> Predictor:
    """A predictor for `config`. Raises a subclass of EngineError."""
    return Predictor(config)


def _named(handles: dict[str, Tensor], name: str, kind: str) -> Tensor:
    if name not in handles:
        raise InputError(f"there is no {kind} '{name}'; there are: {', '.join(handles)}")
    return handles[name]
