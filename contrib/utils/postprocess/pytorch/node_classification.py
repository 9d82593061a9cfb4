"""Postprocessing of networks that classify the nodes of a graph."""

from dataclasses import dataclass

import numpy as np

from utils.postprocess.pytorch.classification import softmax
from zoo_core.errors import DataError


@dataclass(frozen=True, eq=False)
class NodeClasses:
    """scores: float32 [n, C], the probability of each class for each node. classes: int64 [n], the likeliest."""

    scores: np.ndarray

    @property
    def classes(self) -> np.ndarray:
        return self.scores.argmax(axis=1)


def node_classes(outputs: list[np.ndarray], sizes: list[int], classes: int) -> list[NodeClasses]:
    """The classes of each graph's nodes.

    Args:
        outputs: the network's outputs; the first, [N, nodes, classes], holds the logits in any float dtype. Nodes
            behind a graph's own are padding.
        sizes: how many nodes each of the N graphs has.

    Raises:
        DataError: the output has another shape, or holds NaN or infinity.
    """
    logits = np.asarray(outputs[0])
    if logits.ndim != 3 or len(logits) != len(sizes) or logits.shape[1] < max(sizes) or logits.shape[2] != classes:
        raise DataError(
            f"the network gave an output of {list(logits.shape)}, expected [{len(sizes)}, {max(sizes)} nodes or more, "
            f"{classes} classes]. Is this the checkpoint of another model?"
        )
    return [NodeClasses(softmax(row[:size])) for row, size in zip(logits, sizes, strict=True)]
