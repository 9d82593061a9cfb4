"""TextCNN as a cell of MindSpore, with the names and shapes of the PyTorch network in ../textcnn."""

from __future__ import annotations

import mindspore
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

VECTOR, MAPS, WIDTHS = 300, 100, (3, 4, 5)


class TextCNN(nn.Cell):
    """int64 [N, L] ids, any L from 1 on, to [N, classes] logits. Behind its end a text is filled up with 0, and windows
    that begin there never are the maximum."""

    def __init__(self, words: int, classes: int) -> None:
        super().__init__()
        self.table = _parameter((words, VECTOR), "embedding.weight")
        # kernels of PyTorch's Conv1d are [maps, vector, width]; those of MindSpore's have one more dimension
        self.kernel0, self.bias0 = _convolution(0)
        self.kernel1, self.bias1 = _convolution(1)
        self.kernel2, self.bias2 = _convolution(2)
        self.classifier = nn.Dense(MAPS * len(WIDTHS), classes)
        self.gather, self.concat, self.bias_add, self.relu = ops.Gather(), ops.Concat(2), ops.BiasAdd(), ops.ReLU()
        self.join, self.largest = ops.Concat(1), ops.ReduceMax()
        self.beside = ops.Concat(3)
        self.convolve = [ops.Conv2D(MAPS, (1, width), pad_mode="valid") for width in WIDTHS]

    def construct(self, input_ids: Tensor) -> Tensor:
        real = ops.expand_dims(ops.cast(ops.minimum(input_ids, 1), mindspore.float32), 1)
        vectors = ops.transpose(self.gather(self.table, input_ids, 0), (0, 2, 1)) * real
        vectors = ops.expand_dims(vectors, 2)
        kernels, biases = (self.kernel0, self.kernel1, self.kernel2), (self.bias0, self.bias1, self.bias2)
        before, nothing = real[:, :, :1] * 0 + 1, vectors[:, :, :, :1] * 0
        found = []
        for place in range(len(WIDTHS)):
            # not the operator's own padding, whose sides MindSpore's exporter mixes up where they differ
            around = (nothing,) * (WIDTHS[place] - 1)
            maps = self.convolve[place](self.beside((*around, vectors, *around)), ops.expand_dims(kernels[place], 2))
            maps = self.relu(ops.squeeze(self.bias_add(maps, biases[place]), 2))
            # windows count from before the text up to its last word
            counts = self.concat((before,) * (WIDTHS[place] - 1) + (real,))
            found.append(self.largest(maps * counts, 2))
        return self.classifier(self.join(found))


def _convolution(place: int) -> tuple[Parameter, Parameter]:
    """Kernel and bias of a convolution."""
    kernel = _parameter((MAPS, VECTOR, WIDTHS[place]), f"convolutions.{place}.weight")
    return kernel, _parameter((MAPS,), f"convolutions.{place}.bias")


def _parameter(shape: tuple[int, ...], name: str) -> Parameter:
    spread = (VECTOR * 4) ** -0.5
    return Parameter(Tensor(np.random.uniform(-spread, spread, shape).astype(np.float32)), name=name)
