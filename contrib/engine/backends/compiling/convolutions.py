"""Convolutions for TVM as products of small matrices that stay in a processor's vector registers.

TVM's own definition computes one number after the other, which leaves a processor's vectors unused. Here one
convolution is three steps:

- `spread` writes the picture with its zeros around it, row after row without a gap, so that what one weight is
  multiplied with is one stretch of memory, for all rows of the result at once. With a stride, every second (third, …)
  row and column has a plane of its own, for the same reason.
- `product` multiplies and adds up: a tile is some channels times some vectors of pixels. The last pixels of each row
  are computed in vain where a kernel is wider than a pixel.
- `gather` picks the result's pixels; what follows element by element is computed along with it.

`loops.py` says in which order each of them runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SPREAD, PRODUCT, GATHER = "spread", "product", "gather"
_HINT = "convolution"
_ELEMENTS_MAY_FOLLOW = 4  # TVM's number for a function that element-wise ones can be fused with
_IN_FLIGHT = 8  # sums that must be under way for two multipliers of four cycles never to wait
_TILE_BYTES = 1024  # TVM keeps a smaller array on the stack, where LLVM makes registers of it


@dataclass(frozen=True)
class Shape:
    """One convolution: sizes of a picture, a kernel and a result in pixels, and how the kernel moves."""

    rows: int
    channels: int
    picture: tuple[int, int]
    kernel: tuple[int, int]
    outputs: int
    groups: int
    strides: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[int, int, int, int]  # top, left, bottom, right

    @property
    def result(self) -> tuple[int, int]:
        """Height and width."""
        (top, left, bottom, right), (first, second) = self.padding, self.dilation
        height = self.picture[0] + top + bottom - first * (self.kernel[0] - 1) - 1
        width = self.picture[1] + left + right - second * (self.kernel[1] - 1) - 1
        return height // self.strides[0] + 1, width // self.strides[1] + 1

    @property
    def reach(self) -> tuple[int, int]:
        """How many rows and columns of its plane the last weight is away from the first one."""
        (down, right), (high, wide) = self.dilation, self.kernel
        return down * (high - 1) // self.strides[0], right * (wide - 1) // self.strides[1]

    @property
    def planes(self) -> tuple[int, int]:
        """Down and across: up to the last one that a weight reads, at most as many as the stride."""
        steps = zip(self.kernel, self.dilation, self.strides, strict=True)
        down, across = (1 + max(place * dilation % stride for place in range(size)) for size, dilation, stride in steps)
        return down, across

    @property
    def width(self) -> int:
        """Of a row in `spread`."""
        return self.result[1] + self.reach[1]

    @property
    def pixels(self) -> int:
        """That are computed of one channel: whole rows, but the last one ends with its last pixel."""
        return (self.result[0] - 1) * self.width + self.result[1]


@dataclass(frozen=True)
class Tile:
    """`channels` times `vectors` sums, `lanes` numbers each, that are added up at once."""

    channels: int
    vectors: int
    lanes: int

    @property
    def pixels(self) -> int:
        return self.vectors * self.lanes


def tile(channels: int, pixels: int, lanes: int) -> Tile:
    """The tile that takes the fewest steps for `channels` of a group and so many pixels.

    A step is a multiplication of two vectors, or half a load; sums that wait for each other cost as much as eight.
    """
    registers = min(12 if lanes < 16 else 24, (_TILE_BYTES - 1) // (4 * lanes))

    def steps(size: Tile) -> float:
        tiles = -(-channels // size.channels) * -(-pixels // size.pixels)
        return tiles * (max(size.channels * size.vectors, 1.5 * size.vectors + size.channels, _IN_FLIGHT) + 0.5)

    fitting = ((high, wide) for wide in range(1, registers + 1) for high in range(1, registers // wide + 1))
    return min((Tile(high, wide, lanes) for high, wide in fitting), key=steps)


def legalised(lanes: int) -> Any:
    """What TVM's LegalizeOps takes for `relax.nn.conv2d`. `lanes`: float32 numbers in a vector of the processor."""
    import tvm

    as_tvm_does = tvm.ir.Op.get("relax.nn.conv2d").get_attr("FLegalize")

    def convolution(builder: Any, call: Any) -> Any:
        shape = _shape(call)
        if shape is None:
            return as_tvm_does(builder, call)
        return _convolution(builder, call.args[0], call.args[1].value.numpy(), shape, lanes)

    return convolution


def _shape(call: Any) -> Shape | None:
    """None where something is not known yet, or is not float32 in ONNX's order: TVM's own definition takes that."""
    picture, weights = call.args
    said = call.attrs
    orders = [str(said.data_layout), str(said.kernel_layout), str(said.out_layout)]
    types = [str(one.ty.dtype).removeprefix("T.") for one in (picture, weights, call)]
    if orders != ["NCHW", "OIHW", "NCHW"] or set(types) != {"float32"} or not hasattr(weights, "value"):
        return None
    try:
        rows, channels, height, width = (int(size) for size in picture.ty.shape)
        outputs, _, high, wide = (int(size) for size in weights.ty.shape)
    except TypeError:  # a size that depends on values
        return None
    moves = {name: tuple(map(int, getattr(said, name))) for name in ("strides", "dilation", "padding")}
    shape = Shape(rows, channels, (height, width), (high, wide), outputs, int(said.groups), **moves)  # type: ignore[arg-type]
    return shape if min(rows, channels, height, width, outputs, high, wide, *shape.result) > 0 else None


def _packed(weights: np.ndarray, groups: int, high: int) -> np.ndarray:
    """Weights (outputs, channels of a group, kernel) as (group, tile, channel, kernel, output in the tile)."""
    outputs, channels, *kernel = weights.shape
    tiles = -(-outputs // groups // high)
    filled = np.zeros((groups, tiles * high, channels, *kernel), np.float32)
    filled[:, : outputs // groups] = weights.reshape(groups, -1, channels, *kernel)
    split = filled.reshape(groups, tiles, high, channels, *kernel)
    return np.ascontiguousarray(split.transpose(0, 1, 3, 4, 5, 2))


def _convolution(builder: Any, picture: Any, weights: np.ndarray, shape: Shape, lanes: int) -> Any:
    from tvm import relax, te

    of_a_group = shape.outputs // shape.groups
    size = tile(of_a_group, shape.pixels, lanes)
    packed = _packed(weights, shape.groups, size.channels)

    def computed(x: Any, w: Any) -> Any:
        product = _product(_spread(x, shape, size), w, shape, size)

        def pixel(row: Any, channel: Any, y: Any, z: Any) -> Any:
            group, inner = channel // of_a_group, channel % of_a_group
            place = y * shape.width + z
            return product[row, group, inner // size.channels, inner % size.channels, place]

        return te.compute((shape.rows, shape.outputs, *shape.result), pixel, name=GATHER)

    call = builder.call_te(computed, picture, relax.const(packed, "float32"), primfunc_name_hint=_HINT)
    function = call.args[0]
    builder.update_func(function, builder.get()[function].with_attr("op_pattern", _ELEMENTS_MAY_FOLLOW))
    return call


def _spread(x: Any, shape: Shape, size: Tile) -> Any:
    """The picture (rows, channels, planes, pixels), the last tile's pixels filled up with zeros."""
    from tvm import te, tirx

    (height, width), (down, across) = shape.picture, shape.planes
    tiles = -(-shape.pixels // size.pixels)
    length = tiles * size.pixels + shape.reach[0] * shape.width + shape.reach[1]
    rows = -(-length // shape.width)

    def pixel(row: Any, channel: Any, plane: Any, place: Any) -> Any:
        y = place // shape.width * shape.strides[0] + plane // across - shape.padding[0]
        z = place % shape.width * shape.strides[1] + plane % across - shape.padding[1]
        inside = tirx.all(y >= 0, y < height, z >= 0, z < width)
        return tirx.if_then_else(inside, x[row, channel, y, z], tirx.const(0, "float32"))

    sizes = (shape.rows, shape.channels, down * across, rows * shape.width)
    return te.compute(sizes, pixel, name=SPREAD, attrs={"width": shape.width})


def _product(spread: Any, w: Any, shape: Shape, size: Tile) -> Any:
    """The sums (rows, groups, tiles of channels, channels of a tile, pixels)."""
    from tvm import te

    groups, tiles, channels, high, wide, _ = (int(one) for one in w.shape)
    channel, down, right = (te.reduce_axis((0, end), name) for end, name in ((channels, "c"), (high, "h"), (wide, "w")))
    (stride, along), (plane_rows, across) = shape.strides, shape.planes
    below, beside = down * shape.dilation[0], right * shape.dilation[1]
    plane = (below % stride if plane_rows > 1 else 0) * across + (beside % along if across > 1 else 0)
    away = below // stride * shape.width + beside // along

    def number(row: Any, group: Any, part: Any, inner: Any, place: Any) -> Any:
        value = spread[row, group * channels + channel, plane, place + away]
        return te.sum(w[group, part, channel, down, right, inner] * value, axis=[channel, down, right])

    pixels = -(-shape.pixels // size.pixels) * size.pixels
    sizes = (shape.rows, groups, tiles, size.channels, pixels)
    return te.compute(sizes, number, name=PRODUCT, attrs={"vectors": size.vectors, "lanes": size.lanes})
