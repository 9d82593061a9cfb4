"""timm's ResNet of basic blocks with any number of blocks and channels, as small networks of faces have it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Shape(NamedTuple):
    """Residual blocks and channels of four stages, and channels of the first convolution; ResNet-18's by default."""

    blocks: tuple[int, ...] = (2, 2, 2, 2)
    channels: tuple[int, ...] = (64, 128, 256, 512)
    stem: int = 64


def resnet(shape: Shape) -> Any:
    """timm's ResNet without a classifier: [N, 3, H, W] to [N, channels[-1]]; its names are those of torchvision."""
    from timm.models.resnet import BasicBlock, ResNet

    block: Any = BasicBlock  # timm's annotation asks for an instance, and means the class
    return ResNet(block, shape.blocks, num_classes=0, channels=shape.channels, stem_width=shape.stem)


def stages(network: Any, images: Any) -> list[Any]:
    """The maps of such a network's four stages, of strides 4, 8, 16 and 32."""
    maps = network.maxpool(network.act1(network.bn1(network.conv1(images))))
    found = []
    for number in range(1, 5):
        maps = network.get_submodule(f"layer{number}")(maps)
        found.append(maps)
    return found
