"""What somebody asks `zoo new` for, beside the source."""

from __future__ import annotations

from dataclasses import dataclass

from zoo.errors import ZooError

# The tasks whose networks take pictures
PICTURES = ("classification", "segmentation", "detection", "image_to_image", "keypoints")
# Those for which --mean and --std say how these are normalised
NORMALISED = ("classification", "segmentation")


@dataclass(frozen=True)
class Asked:
    """The flags, None where they are not given.

    Attributes:
        task: what the network is for.
        labels: the names of its classes.
        size: the side of its pictures in pixels; with `width`, their height.
        width: where they are no squares.
        channels: of its pictures, 1 or 3.
        mean, std: of its pictures, in units of 0 to 1; one number, or one a channel.
        pooling: how an embedding is made of the tokens, "mean" or "cls".
        environment: of Gymnasium, that the network plays.
        noise: deviation of the noise that is taken off, for pixels from 0 to 255.
    """

    task: str = "classification"
    labels: tuple[str, ...] | None = None
    size: int | None = None
    width: int | None = None
    channels: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    pooling: str | None = None
    noise: float | None = None
    environment: str | None = None

    def require_only(self, *flags: str) -> None:
        """Raise ZooError where a flag is given that this task does not have; `flags` are those that it has."""
        own = ("labels", "size", "channels", "mean", "std", "pooling", "noise", "environment")
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
