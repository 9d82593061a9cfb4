"""YOLOX in layers of Paddle, with the names of the PyTorch network in ../yolox, which are those of the published
weights; after the paper (Ge et al., YOLOX: Exceeding YOLO Series in 2021).

CSPDarknet gives feature maps at strides 8, 16 and 32, a path aggregation network mixes them, and a decoupled head a
level predicts, for each cell, an offset and a size, whether an object has its centre there, and its class.
"""

import math

import paddle
from paddle import Tensor, nn

PRIOR = 0.01  # what every cell says of objects and classes before training


class ConvBlock(nn.Layer):
    """Convolution without bias, batch norm, SiLU; an odd kernel keeps the size, divided by `stride`."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1):
        super().__init__()
        self.conv = nn.Conv2D(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias_attr=False)
        self.bn = nn.BatchNorm2D(outputs, momentum=0.97, epsilon=1e-3)
        self.act = nn.Silu()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn(self.conv(x)))


class SeparableBlock(nn.Layer):
    """A 3 x 3 convolution of each channel by itself, then one across channels: what nano has for every 3 x 3."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.dconv = ConvBlock(inputs, inputs, 3, stride, groups=inputs)
        self.pconv = ConvBlock(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.pconv(self.dconv(x))


def conv3(inputs: int, outputs: int, stride: int = 1, *, depthwise: bool) -> nn.Layer:
    """The 3 x 3 block of a family: plain, or separable."""
    return SeparableBlock(inputs, outputs, stride) if depthwise else ConvBlock(inputs, outputs, 3, stride)


class Bottleneck(nn.Layer):
    """1 x 1 then 3 x 3 on `width` channels, added to the input where there is a shortcut."""

    def __init__(self, width: int, shortcut: bool, depthwise: bool):
        super().__init__()
        self.conv1 = ConvBlock(width, width)
        self.conv2 = conv3(width, width, depthwise=depthwise)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(self.conv1(x))
        return x + y if self.shortcut else y


class CrossStage(nn.Layer):
    """Cross stage partial layer: half of the channels pass through `count` bottlenecks, the other half does not."""

    def __init__(self, inputs: int, outputs: int, count: int, *, shortcut: bool, depthwise: bool):
        super().__init__()
        half = outputs // 2
        self.conv1 = ConvBlock(inputs, half)
        self.conv2 = ConvBlock(inputs, half)
        self.conv3 = ConvBlock(2 * half, outputs)
        self.m = nn.Sequential(*(Bottleneck(half, shortcut, depthwise) for _ in range(count)))

    def forward(self, x: Tensor) -> Tensor:
        first, second = self.conv1(x), self.conv2(x)
        return self.conv3(paddle.concat([self.m(first), second], 1))


class PyramidPooling(nn.Layer):
    """Spatial pyramid pooling: the maps beside their maxima over windows of 5, 9 and 13."""

    def __init__(self, width: int):
        super().__init__()
        self.conv1 = ConvBlock(width, width // 2)
        self.m = nn.LayerList([nn.MaxPool2D(window, 1, window // 2) for window in (5, 9, 13)])
        self.conv2 = ConvBlock(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        return self.conv2(paddle.concat([x, *(pool(x) for pool in self.m)], 1))


class Focus(nn.Layer):
    """Every square of 2 x 2 pixels becomes one place with four times the channels; then a 3 x 3 block."""

    def __init__(self, outputs: int):
        super().__init__()
        self.conv = ConvBlock(12, outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        corners = [x[..., row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.conv(paddle.concat(corners, 1))


class Darknet(nn.Layer):
    """CSPDarknet: [N, 3, H, W] to maps of 4, 8 and 16 times `width` channels at strides 8, 16 and 32."""

    def __init__(self, width: int, depth: int, depthwise: bool):
        super().__init__()
        self.stem = Focus(width)
        counts = (depth, 3 * depth, 3 * depth)
        for number, count in enumerate(counts):
            inputs, outputs = width << number, width << (number + 1)
            stage = nn.Sequential(
                conv3(inputs, outputs, 2, depthwise=depthwise),
                CrossStage(outputs, outputs, count, shortcut=True, depthwise=depthwise),
            )
            setattr(self, f"dark{number + 2}", stage)
        self.dark5 = nn.Sequential(
            conv3(8 * width, 16 * width, 2, depthwise=depthwise),
            PyramidPooling(16 * width),
            CrossStage(16 * width, 16 * width, depth, shortcut=False, depthwise=depthwise),
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [self.stem(x)]
        for number in (2, 3, 4, 5):
            maps.append(getattr(self, f"dark{number}")(maps[-1]))
        return maps[2:]


class PathAggregation(nn.Layer):
    """The backbone and its neck: down to the finest map and up again; the channels of each level stay as they were."""

    def __init__(self, width: int, depth: int, depthwise: bool):
        super().__init__()
        fine, middle, coarse = 4 * width, 8 * width, 16 * width

        def mixed(inputs: int, outputs: int) -> CrossStage:
            return CrossStage(inputs, outputs, depth, shortcut=False, depthwise=depthwise)

        self.backbone = Darknet(width, depth, depthwise)
        self.lateral_conv0 = ConvBlock(coarse, middle)
        self.C3_p4 = mixed(2 * middle, middle)
        self.reduce_conv1 = ConvBlock(middle, fine)
        self.C3_p3 = mixed(2 * fine, fine)
        self.bu_conv2 = conv3(fine, fine, 2, depthwise=depthwise)
        self.C3_n3 = mixed(2 * fine, middle)
        self.bu_conv1 = conv3(middle, middle, 2, depthwise=depthwise)
        self.C3_n4 = mixed(2 * middle, coarse)

    def forward(self, x: Tensor) -> list[Tensor]:
        fine, middle, coarse = self.backbone(x)
        top = self.lateral_conv0(coarse)
        between = self.reduce_conv1(self.C3_p4(paddle.concat([enlarged(top, middle), middle], 1)))
        p3 = self.C3_p3(paddle.concat([enlarged(between, fine), fine], 1))
        p4 = self.C3_n3(paddle.concat([self.bu_conv2(p3), between], 1))
        p5 = self.C3_n4(paddle.concat([self.bu_conv1(p4), top], 1))
        return [p3, p4, p5]


def enlarged(maps: Tensor, finer: Tensor) -> Tensor:
    """The maps, repeated to the size of finer ones. By that size: paddle2onnx does not know a factor."""
    return nn.functional.interpolate(maps, size=paddle.shape(finer)[2:], mode="nearest")


class DecoupledHead(nn.Layer):
    """For each level, one branch for the class, and one for box and objectness."""

    def __init__(self, classes: int, width: int, depthwise: bool):
        super().__init__()
        hidden = 4 * width
        rare = nn.initializer.Constant(math.log(PRIOR / (1 - PRIOR)))

        def branch() -> nn.Sequential:
            return nn.Sequential(*(conv3(hidden, hidden, depthwise=depthwise) for _ in range(2)))

        self.stems = nn.LayerList([ConvBlock(hidden << level, hidden) for level in range(3)])
        self.cls_convs = nn.LayerList([branch() for _ in range(3)])
        self.reg_convs = nn.LayerList([branch() for _ in range(3)])
        self.cls_preds = nn.LayerList([nn.Conv2D(hidden, classes, 1) for _ in range(3)])
        self.reg_preds = nn.LayerList([nn.Conv2D(hidden, 4, 1) for _ in range(3)])
        self.obj_preds = nn.LayerList([nn.Conv2D(hidden, 1, 1) for _ in range(3)])
        for convolution in (*self.cls_preds, *self.obj_preds):
            rare(convolution.bias)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """[N, cells of all levels, 4 + 1 + classes]: offset x, y, logarithm of width, height; logits."""
        levels = []
        for level, features in enumerate(maps):
            x = self.stems[level](features)
            classes = self.cls_preds[level](self.cls_convs[level](x))
            boxes = self.reg_convs[level](x)
            parts = (self.reg_preds[level](boxes), self.obj_preds[level](boxes), classes)
            levels.append(paddle.concat(parts, 1).flatten(2))
        return paddle.concat(levels, 2).transpose([0, 2, 1])


class YOLOX(nn.Layer):
    """[N, 3, H, W] float32, BGR from 0 to 255, H and W multiples of 32, to [N, cells, 5 + classes].

    A cell's row holds its raw box (offset x, y in cells, logarithm of width, height in cells), then the probability of
    an object and that of each class, 0 to 1. The cells are those of stride 8, then 16, then 32, each row by row.
    In training mode the probabilities stay logits.
    """

    def __init__(self, classes: int, depth: float, width: float, depthwise: bool = False):
        super().__init__()
        channels, blocks = int(64 * width), max(round(3 * depth), 1)
        self.backbone = PathAggregation(channels, blocks, depthwise)
        self.head = DecoupledHead(classes, channels, depthwise)

    def forward(self, images: Tensor) -> Tensor:
        raw = self.head(self.backbone(images))
        return raw if self.training else paddle.concat([raw[..., :4], raw[..., 4:].sigmoid()], 2)
