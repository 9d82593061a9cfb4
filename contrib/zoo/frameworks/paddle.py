"""Networks that come from PaddlePaddle: weights, export, reference."""

from __future__ import annotations

import importlib.metadata
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.backends.paddle import PaddleSession, import_paddle
from engine.base import Engine
from utils.safe_pickle import read_arrays
from zoo.frameworks.checkpoints import misfits, unwrapped, way_on, with_names_of
from zoo.frameworks.weight_files import (
    damage,
    is_safetensors,
    require_checkpoint,
    require_no_network,
    require_paddle,
    safetensors_arrays,
)
from zoo.model import Model, Pretrained
from zoo.part import Part
from zoo.shards import merged
from zoo.weights import (
    NORM_BIAS,
    PERTURBATION,
    RANDOM_SEED,
    Weights,
    random_weights,
    require_match,
    settled_variance,
)

_TABLE = "StructuredToParameterName@@"


def load(model: Model, weights: Weights, batch: list[np.ndarray]) -> Any:
    """The network of `model` with `weights`, in eval mode.

    `batch`: real, preprocessed samples, one array an input.
    """
    paddle = import_paddle()
    paddle.seed(RANDOM_SEED)
    network = model.build()
    network.eval()
    if weights.kind == "random":
        if model.built:
            _forget(network)
        _make_alive(network, [paddle.to_tensor(array) for array in batch])
    elif weights.path is not None:
        _load_state(network, weights)
    return network


def _forget(network: Any) -> None:
    """Noise in place of the matrices and kernels of a network that was built with its weights."""
    own = {name: value for name, value in network.named_parameters() if value.ndim > 1}
    noise = random_weights({name: tuple(value.shape) for name, value in own.items()})
    for name, value in own.items():
        value.set_value(noise[name].astype(str(value.dtype).rpartition(".")[2]))


def _load_state(network: Any, weights: Weights) -> None:
    path = weights.path or Path()
    own = network.state_dict()
    if weights.convert is None:
        state = with_names_of(read_state(path, weights.key, weight_bytes(own)), own)
    else:
        state = {name: np.asarray(array) for name, array in weights.convert(path, *weights.beside).items()}
    kinds = {name: (value.shape, str(value.dtype).rpartition(".")[2]) for name, value in own.items()}
    for name, (_, kind) in kinds.items():
        if (
            name in state and "float" in kind and state[name].dtype == np.uint16
        ):  # bfloat16: the upper half of a float32
            state[name] = (state[name].astype(np.uint32) << 16).view(np.float32)
    require_match(
        str(path),
        missing=[name for name in own if name not in state],
        unexpected=[name for name in state if name not in own],
        mismatched=misfits(state, kinds),
        way_on=way_on(state, own),
    )
    network.set_state_dict({name: _converted(value, own[name]) for name, value in state.items()})


def weight_bytes(state: Mapping[str, Any]) -> int:
    """What the tensors of a state dict take."""
    return sum(value.size * value.element_size() for value in state.values())


def _converted(value: np.ndarray, own: Any) -> Any:
    """A tensor in the dtype of the network's own."""
    return import_paddle().to_tensor(value).astype(own.dtype)


def read_state(path: Path, key: str = "", network_bytes: int | None = None) -> dict[str, np.ndarray]:
    """The tensors of a .safetensors file, or of what paddle.save wrote (loaded without running any code in it).

    Args and Raises are those of the PyTorch one's. bfloat16 comes as uint16, as paddle.save writes it.
    """
    content = merged(path, lambda one: _content(one, network_bytes))
    return unwrapped(_arrays(content), path, key, lambda value: isinstance(value, np.ndarray), _kind)


def _content(path: Path, network_bytes: int | None) -> Any:
    """What a file holds. Raises ZooError where it is no checkpoint."""
    require_checkpoint(path, network_bytes)
    require_no_network(path)
    require_paddle(path)
    if is_safetensors(path):
        loaded = safetensors_arrays(path)
        bfloat16 = (name for name, value in loaded.items() if value.dtype.name == "bfloat16")
        return loaded | {name: loaded[name].view(np.uint16) for name in bfloat16}
    try:
        return read_arrays(path)
    except Exception as error:
        # pickle's and zip's errors alike mean that the file is not a checkpoint
        raise damage(path, error) from error


def _arrays(content: Any) -> Any:
    """paddle.save writes a tensor as an array or as (its name, the array), and a table of names beside them."""
    if not isinstance(content, dict):
        return content
    plain = {
        name: value[1] if isinstance(value, tuple) and len(value) == 2 else value
        for name, value in content.items()
        if name != _TABLE
    }
    return {name: _arrays(value) if isinstance(value, dict) else value for name, value in plain.items()}


def _kind(value: Any) -> str:
    return f"of type {type(value).__name__}"


def _make_alive(network: Any, batch: list[Any]) -> None:
    """Give a randomly initialised network outputs that differ from sample to sample; see the PyTorch one for why."""
    paddle = import_paddle()
    generator = np.random.default_rng(RANDOM_SEED)
    with paddle.no_grad():
        for parameter in network.parameters():
            value = parameter.numpy()
            if value.size > 1 and (value == value.flat[0]).all():
                noise = PERTURBATION * generator.standard_normal(value.shape)
                parameter.set_value((value + noise).astype(value.dtype))
        norms = [layer for layer in network.sublayers() if isinstance(layer, paddle.nn.layer.norm._BatchNormBase)]
        momenta = [norm._momentum for norm in norms]
        for norm in norms:
            norm._momentum = 0.0  # the running statistics become those of this batch
            if norm.bias is not None:
                norm.bias.set_value(norm.bias + NORM_BIAS)
            norm.train()
        if norms:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that statistics are tracked while training, which is the point
                network(*batch)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm._momentum = momentum
            norm.eval()
            norm._variance.set_value(settled_variance(norm._mean.numpy(), norm._variance.numpy()))


def export(
    model: Model, part: Part, network: Any, path: Path, opset: int, shapes: list[list[int]], dynamic: bool
) -> str:
    """Write `part` of `network` to `path`. paddle2onnx has one exporter, so that there is nothing to note."""
    from engine.frontends.paddle_onnx import export_layer

    paddle = import_paddle()
    spec = [
        paddle.static.InputSpec(
            [-1 if dynamic and isinstance(axis, str) else size for axis, size in zip(given.shape, shape, strict=True)],
            given.dtype,
            given.name,
        )
        for given, shape in zip(part.inputs, shapes, strict=True)
    ]
    export_layer(part.of(network), spec, path, opset=opset)
    return ""


def engine(part: Part, network: Any) -> Engine:
    """That part of the network itself behind the engine's interface, with the model's own input and output names."""
    session = PaddleSession(part.of(network), part.inputs, part.outputs)
    return Engine.from_session(session, "paddle", "paddle", dtype="float32")


def versions() -> dict[str, str]:
    """What the manifest says of the framework."""
    return {name: importlib.metadata.version(name) for name in ("paddlepaddle", "paddle2onnx")}


def vision_pretrained(variant: str) -> Pretrained:
    """paddle.vision's own address and digest of its weights."""
    builder = getattr(import_paddle().vision.models, variant)
    url, md5 = sys.modules[builder.__module__].model_urls[variant]
    # paddle publishes no size: it is that of the parameters, give or take their names
    size = sum(value.numpy().nbytes for value in builder(pretrained=False).state_dict().values())
    return Pretrained(url, megabytes=size / 1e6, md5=md5)
