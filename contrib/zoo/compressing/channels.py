"""Pruning: a network of PyTorch with fewer channels in every layer, and the training that makes up for it."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

from engine.backends.torch import flat_tensors
from zoo.errors import ZooError
from zoo_core.errors import first_line

# What autograd calls the kernels of recurrent layers; torch-pruning takes them for operations an element
_RECURRENT = re.compile("Rnn|Lstm|Gru")
_INSTALL = "pruning needs torch-pruning: pip install 'torch-pruning>=1.5,<2'"


def thinned(network: Any, batch: Sequence[Any], share: float) -> Any:
    """A copy of `network` without that share of the channels of each layer, those of the smallest weights.

    What one layer loses, the layers behind it no longer take; additions and concatenations are followed
    (torch-pruning's dependency graph). Layers that give the network's outputs keep all of theirs, and so do recurrent
    ones, whose state torch-pruning does not follow.

    Args:
        network: a torch module in evaluation mode.
        batch: tensors, an input each, that it is called with to see how its layers hang together.
        share: 0 to 1.

    Raises:
        ZooError: torch-pruning is not installed, or this network cannot be pruned.
    """
    try:
        import torch_pruning
    except ImportError as error:
        raise ZooError(_INSTALL) from error
    student = copy.deepcopy(network)
    shapes = [tensor.shape for tensor in _outputs(student, batch)]
    try:
        graph = torch_pruning.DependencyGraph().build_dependency(student, tuple(batch))
        torch_pruning.pruner.BasePruner(
            student,
            tuple(batch),
            importance=torch_pruning.importance.GroupMagnitudeImportance(p=2),
            pruning_ratio=share,
            ignored_layers=[*_whole_layers(graph), *_recurrent_layers(student)],
        ).step()
        changed = [tensor.shape for tensor in _outputs(student, batch)] != shapes
    except Exception as error:
        # the library raises what it likes where it does not understand an operation
        raise ZooError(f"torch-pruning cannot prune this network: {first_line(error)}") from error
    if changed:
        raise ZooError("torch-pruning changed the shapes of this network's outputs; it cannot be pruned so")
    if operations(student, batch) == operations(network, batch):
        raise ZooError(f"no layer of this network has so many channels that {percent(share)}% of them could go")
    return student


def percent(share: float) -> str:
    """A share (0 to 1) of the channels as people and folders have it: "30", "0.1", with no digit lost."""
    return f"{100 * share:.6g}"


def operations(network: Any, batch: Sequence[Any]) -> tuple[float, int]:
    """Multiplications with additions of a call with `batch`, and parameters."""
    import torch_pruning

    count, parameters = torch_pruning.utils.count_ops_and_params(network, tuple(batch))
    return float(count), int(parameters)


def teach(student: Any, teacher: Any, batches: Sequence[Sequence[Any]], epochs: int, rate: float) -> list[float]:
    """Train `student` to give the outputs of `teacher` (distillation), in place.

    The loss is the mean squared difference of each output, over that output's variance, so that every output counts.
    Norms see the batches' own statistics; everything else runs as in evaluation mode.

    Args:
        student, teacher: torch modules.
        batches: lists of tensors, an input each.
        epochs: how often all of them are seen.
        rate: the highest learning rate.

    Returns:
        The mean loss of each epoch.
    """
    import torch

    from utils.training.steps import OneCycle

    with torch.no_grad():
        wanted = [flat_tensors(teacher(*batch)) for batch in batches]
    for module in student.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.train()
    cycle = OneCycle([one for one in student.parameters() if one.requires_grad], rate, epochs * len(batches), decay=0.0)
    losses = []
    for _ in range(epochs):
        seen = []
        for place in torch.randperm(len(batches)).tolist():
            loss = _distance(flat_tensors(student(*batches[place])), wanted[place])
            cycle.step(loss)
            seen.append(float(loss.detach()))
        losses.append(sum(seen) / len(seen))
    student.eval()
    return losses


def _distance(found: Sequence[Any], wanted: Sequence[Any]) -> Any:
    pairs = [pair for pair in zip(found, wanted, strict=True) if pair[0].is_floating_point() and pair[0].numel()]
    return sum(((one - other) ** 2).mean() / other.var().clamp(min=1e-6) for one, other in pairs)


def _outputs(network: Any, batch: Sequence[Any]) -> list[Any]:
    import torch

    with torch.inference_mode():
        return list(flat_tensors(network(*batch)))


def _recurrent_layers(network: Any) -> list[Any]:
    import torch

    return [module for module in network.modules() if isinstance(module, torch.nn.RNNBase)]


def _whole_layers(graph: Any) -> list[Any]:
    """The layers from which the end, or a recurrent kernel that is called without its module, is reached without
    another layer that has weights of its own."""
    import torch

    layers = (torch.nn.modules.conv._ConvNd, torch.nn.Linear, torch.nn.Embedding, torch.nn.RNNBase)
    found = []
    for module, node in graph.module2node.items():
        ahead, seen = list(node.outputs), set()
        ends = not ahead
        while ahead and not ends:
            one = ahead.pop()
            if id(one) in seen or isinstance(one.module, layers):
                continue
            seen.add(id(one))
            ends = not one.outputs or bool(_RECURRENT.search(one.name))
            ahead += one.outputs
        if ends and isinstance(module, layers):
            found.append(module)
    return found
