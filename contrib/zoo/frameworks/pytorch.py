"""Networks that come from PyTorch: weights, export, reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.backends.torch import TorchSession, flat_tensors
from engine.base import Engine
from zoo.difference import is_alive
from zoo.errors import ZooError
from zoo.frameworks.checkpoints import way_on, with_names_of
from zoo.frameworks.torch_file import read_state
from zoo.model import Model, Pretrained
from zoo.part import Part
from zoo.weights import (
    LEAST_NORM_BIAS,
    LIVELY,
    NO_WEIGHT,
    NORM_BIAS,
    PERTURBATION,
    RANDOM_SEED,
    Weights,
    he_deviation,
    random_weights,
    require_match,
    settled_variance,
)
from zoo_core.errors import first_line


def load(model: Model, weights: Weights, batch: list[np.ndarray]) -> Any:
    """The network of `model` with `weights`, in eval mode.

    `batch`: real, preprocessed samples, one array an input.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(RANDOM_SEED)
        network = model.build().eval()
        if weights.kind == "random":
            if model.built:
                _forget(network)
            _make_alive(network, lambda: _forward(model, network, batch))
    if weights.path is not None:
        network = _with_state(model, network, weights)
    return network.eval()


def _forget(network: Any) -> None:
    """Noise in place of the matrices and kernels of a network that was built with its weights."""
    import torch

    own = {name: value for name, value in network.named_parameters() if value.dim() > 1}
    noise = random_weights({name: tuple(value.shape) for name, value in own.items()})
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(torch.from_numpy(noise[name]))


def _with_state(model: Model, network: Any, weights: Weights) -> Any:
    """`network` with what is in the file, or the one that the library's own loader makes of it."""
    import torch

    path = weights.path or Path()
    own = network.state_dict()
    if weights.convert is None:
        state = with_names_of(read_state(path, weights.key, weight_bytes(own)), own)
    else:
        state = {name: torch.as_tensor(array) for name, array in weights.convert(path, *weights.beside).items()}
    problems = _problems(own, state)
    if any(problems.values()) and model.restore is not None:
        try:
            return model.restore(state)
        except Exception as error:
            # the library's loaders raise what they like where names or shapes do not fit
            require_match(str(path), **problems, way_on=way_on(state, own))
            raise ZooError(f"{path} does not fit the network: {first_line(error)}") from error
    require_match(str(path), **problems, way_on=way_on(state, own))
    network.load_state_dict(state, strict=False)
    return network


def _problems(own: dict[str, Any], state: dict[str, Any]) -> dict[str, list[str]]:
    """What keeps `state` out of a network whose own state is `own`, as `require_match` takes it."""
    both = [name for name in own if name in state]
    # of tensors that are one (an embedding that is the output layer too), files keep one name
    there = {own[name].data_ptr() for name in both}
    left_out = [name for name in own if name not in state and own[name].data_ptr() not in there]
    return {
        "missing": [name for name in left_out if not name.endswith("num_batches_tracked")],
        "unexpected": [name for name in state if name not in own],
        "mismatched": [
            f"{name} {list(state[name].shape)} for {list(own[name].shape)}"
            for name in both
            if state[name].shape != own[name].shape
        ]
        + [
            f"{name} {state[name].dtype} for {own[name].dtype}"
            for name in both
            if own[name].is_floating_point() and not state[name].is_floating_point()
        ]
        + [
            f"{name} without numbers" if state[name].is_meta else f"{name} sparse for dense"
            for name in both
            if state[name].is_meta or state[name].layout != own[name].layout
        ],
    }


def weight_bytes(state: Mapping[str, Any]) -> int:
    """What the tensors of a state dict take; those that are one (an embedding that is the output layer too) once."""
    own = {tensor.data_ptr() or name: tensor for name, tensor in state.items()}
    return sum(tensor.numel() * tensor.element_size() for tensor in own.values())


def _forward(model: Model, network: Any, batch: list[np.ndarray]) -> list[np.ndarray]:
    """What the network says of a batch, in whatever mode its modules are."""
    import torch

    def called(part: Part, arrays: list[np.ndarray]) -> list[np.ndarray]:
        given = part.of(network)(*(torch.from_numpy(array) for array in arrays))
        return [tensor.numpy() for tensor in flat_tensors(given)]

    return model.task.run({part.name: partial(called, part) for part in model.parts}, batch)


def _make_alive(network: Any, forward: Callable[[], list[np.ndarray]]) -> None:
    """Give a randomly initialised network outputs that differ from sample to sample.

    Constant parameters (ones and zeros of norms, biases, layer scales) and matrices that begin as good as zero (the
    last layer of some) are perturbed, and the statistics of batch norms are those of what `forward` runs through it.
    Without that, deep networks give zeros or 1e8, and comparing proves nothing. Their biases are raised, because a deep
    random network of norms and ReLUs around zero blows rounding errors up by a fifth a layer, and what is compared then
    is noise; so does a channel that hardly varies over these few samples (see `settled_variance`). Where the raised
    biases drown what differs between samples, they are raised by less. Where a network without any norm gives the same
    for all samples all the same (VGG's layers, as they begin, each keep less than half of what they see), its matrices
    and kernels are drawn anew.
    """
    import torch

    generator = torch.Generator().manual_seed(RANDOM_SEED)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.numel() > 1 and parameter.is_floating_point() and _is_nearly_constant(parameter):
                parameter += PERTURBATION * torch.randn(parameter.shape, generator=generator)
        frozen = [module for module in network.modules() if _is_frozen_norm(module)]
        norms = [module for module in network.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)]
        if not norms and not frozen:
            if not any("Norm" in type(module).__name__ for module in network.modules()) and not is_alive(forward()):
                _forget(network)
            return
        raised = NORM_BIAS
        _settle(norms, frozen, raised, forward)
        while raised > LEAST_NORM_BIAS and not is_alive(forward(), LIVELY):
            raised /= 2
            _settle(norms, frozen, -raised, forward)


def _is_nearly_constant(parameter: Any) -> bool:
    """Whether all values are one, or noise far below the size that keeps what passes through a layer at its size."""
    if bool((parameter == parameter.flatten()[0]).all()):
        return True
    return parameter.dim() > 1 and float(parameter.std()) < NO_WEIGHT * he_deviation(tuple(parameter.shape))


def _settle(norms: list[Any], frozen: list[Any], more: float, forward: Callable[[], list[np.ndarray]]) -> None:
    """Add `more` to the biases of batch norms, and have their statistics be those of what `forward` runs through."""
    import torch

    hooks = [module.register_forward_pre_hook(_take_statistics) for module in frozen]
    for norm in (*norms, *frozen):
        if norm.bias is not None:
            norm.bias.add_(more)
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain average of what it sees
        norm.train()
    forward()
    for hook in hooks:
        hook.remove()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()
    for norm in (*norms, *frozen):
        if norm.running_var is not None:
            variance = settled_variance(norm.running_mean.cpu().numpy(), norm.running_var.cpu().numpy())
            norm.running_var.copy_(torch.from_numpy(variance))


def _is_frozen_norm(module: Any) -> bool:
    """Whether a module is a batch norm that never learns: torchvision's FrozenBatchNorm2d, or one like it."""
    own = {name for name, _ in module.named_buffers(recurse=False)}
    return own >= {"weight", "bias", "running_mean", "running_var"}


def _take_statistics(norm: Any, given: tuple[Any, ...]) -> None:
    """Have a frozen norm's statistics be those of what it is given."""
    (values,) = given
    axes = [axis for axis in range(values.dim()) if axis != 1]
    norm.running_mean.copy_(values.mean(axes))
    norm.running_var.copy_(values.var(axes))


def export(
    model: Model, part: Part, network: Any, path: Path, opset: int, shapes: list[list[int]], dynamic: bool
) -> str:
    """Write `part` of `network` to `path`; returns a note when the exporter was not the first choice."""
    import torch

    from engine.frontends.torch_onnx import export_module

    specs = [*part.inputs, *part.outputs]
    axes = {spec.name: {axis: size for axis, size in enumerate(spec.shape) if isinstance(size, str)} for spec in specs}
    custom = model.custom_ops
    if custom and custom.register:
        custom.register()
    examples = [
        torch.zeros(shape, dtype=getattr(torch, spec.dtype)) for shape, spec in zip(shapes, part.inputs, strict=True)
    ]
    done = export_module(
        part.of(network).eval(),
        examples,
        path,
        input_names=[spec.name for spec in part.inputs],
        output_names=[spec.name for spec in part.outputs],
        dynamic_axes=axes if dynamic else None,
        opset=opset,
        custom_opsets=custom.opsets if custom else None,
    )
    return done.note


def engine(part: Part, network: Any) -> Engine:
    """That part of the network itself behind the engine's interface, with the model's own input and output names."""
    return Engine.from_session(
        TorchSession(part.of(network).eval(), part.inputs, part.outputs), "torch", "torch", dtype="float32"
    )


def versions() -> dict[str, str]:
    """What the manifest says of the framework."""
    import torch

    return {"torch": torch.__version__}


def torchvision_pretrained(variant: str, weights: str = "IMAGENET1K_V1") -> Pretrained:
    """torchvision's own address, size and digest (the part of the file name behind the dash) of its weights."""
    import torchvision

    entry = torchvision.models.get_model_weights(variant)[weights]
    digest = entry.url.rpartition("-")[2].partition(".")[0]
    return Pretrained(entry.url, megabytes=entry.meta.get("_file_size"), sha256=digest)
