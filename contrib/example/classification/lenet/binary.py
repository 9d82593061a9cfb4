"""LeNet-5 whose inner layers have binary weights: each is plus or minus one number that its output channel shares.

These are the Binary-Weight-Networks of Rastegari et al., XNOR-Net: ImageNet Classification Using Binary Convolutional
Neural Networks, 2016. Activations, the first layer and the last one are float.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import nn


def binary(weight: torch.Tensor) -> torch.Tensor:
    """Signs times the mean magnitude of an output channel; gradients pass the signs as if they were not there.

    Args:
        weight: [out, in, …].
    """
    size = weight.abs().mean(dim=tuple(range(1, weight.dim())), keepdim=True)
    rounded = torch.where(weight >= 0, size, -size)
    return rounded + (weight - weight.detach()) if weight.requires_grad and torch.is_grad_enabled() else rounded


class BinaryConv2d(nn.Conv2d):
    """A convolution with binary weights."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return self._conv_forward(input, binary(self.weight), self.bias)


class BinaryLinear(nn.Linear):
    """A linear layer with binary weights."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(input, binary(self.weight), self.bias)


def network() -> Any:
    """The layers of LeNet-5, with a norm before each that is binary."""
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 6, 5),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            norm2=nn.BatchNorm2d(6),
            conv2=BinaryConv2d(6, 16, 5),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            norm3=nn.BatchNorm2d(16),
            flatten=nn.Flatten(),
            fc1=BinaryLinear(16 * 5 * 5, 120),
            relu3=nn.ReLU(),
            norm4=nn.BatchNorm1d(120),
            fc2=BinaryLinear(120, 84),
            relu4=nn.ReLU(),
            fc3=nn.Linear(84, 10),
        )
    )
