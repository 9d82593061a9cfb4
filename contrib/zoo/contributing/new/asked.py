"""What somebody asks `zoo new` for, beside the source."""

from __future__ import annotations

from dataclasses import dataclass

from zoo.errors import ZooError

# The tasks whose networks take pictures
PICTURES = ("classification", "segmentation", "detection", "image_to_image", "keypoints")
# Of these, the one whose pictures need not be square
RECTANGLES = ("keypoints",)
# A mean or deviation beyond this is one of pixels from 0 to 255
_MOST = 1.0


@dataclass(frozen=True)
class Asked:
    """The flags, None where they are not given.

    Attributes:
        task: what the network is for.
        labels: the names of its classes.
        size: the side of its pictures in pixels.
        channels: of its pictures, 1 or 3.
        mean, std: of its pictures, in units of 0 to 1; one number, or one a channel.
        pooling: how an embedding is made of the tokens, "mean" or "cls".
        noise: deviation of the noise that is taken off, for pixels from 0 to 255.
    """

    task: str = "classification"
    labels: tuple[str, ...] | None = None
    size: int | None = None
    channels: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    pooling: str | None = None
    noise: float | None = None

    def require_only(self, *flags: str) -> None:
        """Raise ZooError where a flag is given that this task does not have; `flags` are those that it has."""
        own = ("labels", "size", "channels", "mean", "std", "pooling", "noise")
        for flag in own:
            if getattr(self, flag) is not None and flag not in flags:
                has = ", ".join(f"--{one}" for one in flags) or "none of these"
                raise ZooError(f"--task {self.task} has no use for --{flag}; it takes {has}")

    def require_labels(self, text: str, classes: int) -> None:
        """Raise ZooError where --labels has another number of names than the network of `text` has classes."""
        if self.labels is not None and len(self.labels) != classes:
            raise ZooError(
                f"--labels has {len(self.labels)} names ({self.labels[0]}, …), and --from {text} tells {classes} "
                f"classes apart: give {classes} names, one a line, in the order of the outputs"
            )


def numbers(text: str) -> tuple[float, ...]:
    """One or three numbers with commas between. Raises ValueError for anything else."""
    found = tuple(float(word) for word in text.replace(",", " ").split())
    if len(found) not in (1, 3):
        raise ValueError(text)
    return found


def require_unit(mean: tuple[float, ...] | None, std: tuple[float, ...] | None) -> None:
    """Raise ZooError for numbers that are not in units of 0 to 1, in which pictures are normalised here."""
    for flag, values, least in (("--mean", mean, 0.0), ("--std", std, 1e-6)):
        if values is not None and not all(least <= one <= _MOST for one in values):
            said = ",".join(f"{one:g}" for one in values)
            raise ZooError(
                f"{flag} {said}: numbers from {least:g} to {_MOST:g} are expected, for pixels from 0 to 1; divide "
                "those for pixels from 0 to 255 by 255"
            )
