"""A double of TensorRT 10's Python interface (named tensors), on ONNX Runtime; "device" memory is this process's."""

from __future__ import annotations

import ctypes
import enum
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime

__version__ = "10.0.0+double"
_MAGIC = b"DOUBLE-OF-A-PLAN"


class TensorIOMode(enum.Enum):
    INPUT = 1
    OUTPUT = 2


class BuilderFlag(enum.Enum):
    FP16 = 1


class MemoryPoolType(enum.Enum):
    WORKSPACE = 1


class Logger:
    ERROR = 1

    def __init__(self, severity: int):
        self.severity = severity


def nptype(dtype: Any) -> Any:
    """numpy's type for one of this interface; here they are the same."""
    return dtype


class Network:
    model: Any = None


class OnnxParser:
    num_errors = 0

    def __init__(self, network: Network, logger: Logger):
        self._network = network

    def parse_from_file(self, path: str) -> bool:
        self._network.model = onnx.load(path)
        return True

    def get_error(self, index: int) -> str:
        return "no error"


class Config:
    def __init__(self) -> None:
        self.flags: set[BuilderFlag] = set()
        self.profiles: list[Profile] = []

    def set_memory_pool_limit(self, kind: MemoryPoolType, size: int) -> None:
        assert size >= 1 << 20

    def set_flag(self, flag: BuilderFlag) -> None:
        self.flags.add(flag)

    def add_optimization_profile(self, profile: Profile) -> int:
        self.profiles.append(profile)
        return len(self.profiles) - 1


class Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, list[tuple[int, ...]]] = {}

    def set_shape(self, name: str, least: Sequence[int], best: Sequence[int], most: Sequence[int]) -> None:
        self.shapes[name] = [tuple(least), tuple(best), tuple(most)]


class Builder:
    def __init__(self, logger: Logger):
        pass

    def create_network(self, flags: int) -> Network:
        return Network()

    def create_builder_config(self) -> Config:
        return Config()

    def create_optimization_profile(self) -> Profile:
        return Profile()

    def build_serialized_network(self, network: Network, config: Config) -> bytes | None:
        """The model, with the profile's shapes in its metadata; None where a dynamic input has no profile."""
        (profile,) = config.profiles
        for value in network.model.graph.input:
            dynamic = any(not dim.HasField("dim_value") for dim in value.type.tensor_type.shape.dim)
            if dynamic and value.name not in profile.shapes:
                return None
        network.model.metadata_props.add(key="profile", value=repr(profile.shapes))
        return _MAGIC + network.model.SerializeToString()


class Runtime:
    def __init__(self, logger: Logger):
        pass

    def deserialize_cuda_engine(self, plan: bytes) -> Engine | None:
        try:
            assert plan.startswith(_MAGIC)
            return Engine(plan[len(_MAGIC) :])
        except Exception:  # TensorRT raises nothing here: a plan that it cannot read gives None
            return None


class Engine:
    def __init__(self, content: bytes):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        metadata = self.session.get_modelmeta().custom_metadata_map
        self.profile = eval(metadata["profile"], {"__builtins__": {}})
        inputs, outputs = self.session.get_inputs(), self.session.get_outputs()
        self.nodes = {node.name: node for node in [*inputs, *outputs]}
        self.inputs = {node.name for node in inputs}
        self.num_io_tensors = len(self.nodes)

    def get_tensor_name(self, index: int) -> str:
        return list(self.nodes)[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if name in self.inputs else TensorIOMode.OUTPUT

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return tuple(size if isinstance(size, int) else -1 for size in self.nodes[name].shape)

    def get_tensor_dtype(self, name: str) -> Any:
        names = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64}
        return names[self.nodes[name].type]

    def get_tensor_profile_shape(self, name: str, index: int) -> list[tuple[int, ...]]:
        return self.profile[name]

    def create_execution_context(self) -> Context:
        return Context(self)


class Context:
    def __init__(self, engine: Engine):
        self._engine = engine
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._addresses: dict[str, int] = {}

    def set_input_shape(self, name: str, shape: Sequence[int]) -> bool:
        if name in self._engine.profile:
            least, _, most = self._engine.profile[name]
            assert all(low <= size <= high for low, size, high in zip(least, shape, most, strict=True)), shape
        self._shapes[name] = tuple(shape)
        return True

    def _outputs(self, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        names = [name for name in self._engine.nodes if name not in self._engine.inputs]
        return dict(zip(names, self._engine.session.run(names, feeds), strict=True))

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        if name in self._shapes:
            return self._shapes[name]
        zeros = {given: np.zeros(shape, self._engine.get_tensor_dtype(given)) for given, shape in self._shapes.items()}
        return self._outputs(zeros)[name].shape

    def set_tensor_address(self, name: str, pointer: int) -> bool:
        self._addresses[name] = pointer
        return True

    def execute_async_v3(self, stream: Any) -> bool:
        feeds = {}
        for name, shape in self._shapes.items():
            array = np.empty(shape, self._engine.get_tensor_dtype(name))
            ctypes.memmove(array.ctypes.data, self._addresses[name], array.nbytes)
            feeds[name] = array
        for name, output in self._outputs(feeds).items():
            ctypes.memmove(self._addresses[name], np.ascontiguousarray(output).ctypes.data, output.nbytes)
        return True
