"""The pictures that a network takes: what its source says of them wins, and flags fill in the rest."""

from __future__ import annotations

from dataclasses import dataclass

from zoo.commands.own import require_unit
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.source import Source
from zoo.errors import ZooError

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
USUAL_SIDE, USUAL_RESIZE = 224, 256
_CLOSE = 5e-4  # means are often written with three decimals


@dataclass(frozen=True)
class Picture:
    """What a network takes of a picture: `Said` without anything that is open."""

    height: int
    width: int
    resize: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of a batch of two."""
        return (2, self.channels, self.height, self.width)

    @property
    def is_square(self) -> bool:
        """Whether both sides are as long."""
        return self.height == self.width

    @property
    def sides(self) -> str:
        """For people."""
        return _sides((self.height, self.width))


def settled(source: Source, asked: Asked, side: int = USUAL_SIDE) -> Picture:
    """The pictures of `source`.

    Args:
        side: of a square, where neither the source nor the flags say it.

    Raises:
        ZooError: a flag says otherwise than the source.
    """
    said = source.said
    own = None if said.side is None else (said.side, said.width or said.side)
    wanted = None if asked.size is None else (asked.size, asked.width or asked.size)
    if asked.channels not in (None, said.channels or asked.channels):
        raise ZooError(f"--from {source.text} takes {said.channels} channels, and --channels is {asked.channels}")
    if own and wanted not in (None, own):
        raise ZooError(f"--from {source.text} takes pictures of {_sides(own)}, and --size asks for {_sides(wanted)}")
    channels = said.channels or asked.channels or 3
    height, width = own or wanted or (side, side)
    gray = channels == 1
    require_unit(asked.mean, asked.std)
    mean = _agreed(source, "mean", channels, said.mean, asked.mean) or ((0.5,) if gray else IMAGENET_MEAN)
    std = _agreed(source, "std", channels, said.std, asked.std) or ((0.5,) if gray else IMAGENET_STD)
    as_it_is = gray or height != width
    resize = said.resize or (height if as_it_is else round(height * USUAL_RESIZE / USUAL_SIDE))
    return Picture(height, width, resize, channels, mean, std)


def taken_for_granted(source: Source, asked: Asked, picture: Picture) -> tuple[str, ...]:
    """A sentence on what neither the source nor the flags say of the pictures."""
    said = source.said
    open_ones = [
        (said.side or asked.size or said.resize, "--size", picture.sides),
        (said.mean or asked.mean, "--mean", f"a mean of {_listed(picture.mean)}"),
        (said.std or asked.std, "--std", f"a deviation of {_listed(picture.std)}"),
    ]
    words = [what for known, _, what in open_ones if known is None]
    flags = [flag for known, flag, _ in open_ones if known is None]
    if not words:
        return ()
    granted, ways = "; ".join(words), ", ".join(flags)
    return (f"the source does not say how pictures are prepared; taken for granted: {granted} ({ways})",)


def _sides(size: tuple[int, int] | None) -> str:
    height, width = size or (0, 0)
    return f"{height} pixels a side" if height == width else f"{height} x {width} pixels (height x width)"


def _agreed(
    source: Source, flag: str, channels: int, said: tuple[float, ...] | None, asked: tuple[float, ...] | None
) -> tuple[float, ...] | None:
    """One number a channel: the source's, else those that were asked for."""
    if asked is not None and len(asked) not in (1, channels):
        raise ZooError(f"--{flag} has {len(asked)} numbers, and --from {source.text} takes {channels} channels")
    wanted = asked * channels if asked is not None and len(asked) == 1 else asked
    if said is None or wanted is None:
        return said or wanted
    if any(abs(one - other) > _CLOSE for one, other in zip(said, wanted, strict=True)):
        raise ZooError(
            f"--from {source.text} normalises with a {flag} of {_listed(said)}, and --{flag} is {_listed(wanted)}"
        )
    return said


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{one:g}" for one in values)
