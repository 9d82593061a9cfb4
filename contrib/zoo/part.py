"""`Part`: one graph of a network. Most networks have one; a two-stage detector, or a translator, has more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.spec import TensorSpec

# What networks of texts take: the tokens, and 1 where there is one
IDS_AND_MASK = (
    TensorSpec("input_ids", "int64", ("batch", "length")),
    TensorSpec("attention_mask", "int64", ("batch", "length")),
)


def flat(variant: str) -> str:
    """A variant as part of a file's name: names of libraries may hold slashes."""
    return variant.replace("/", "--")


@dataclass(frozen=True)
class Part:
    """One graph, exported to files of its own.

    Args:
        inputs: what it takes; every dynamic dimension has a name, the first one of each is "batch" unless the graph has
            no batch there.
        outputs: what it gives, described likewise.
        size: the sizes that dynamic dimensions other than the batch have by default.
        name: "" for the only part; else what stands behind the variant in file names ("encoder").
        module: takes the framework's network and gives what this part computes; the network itself by default.
        static: whether a file with fixed sizes makes sense too (not for a decoder step, whose cache grows).
        framework: what this part is defined in, where the parts of a model come from models of their own.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    size: Mapping[str, int] = field(default_factory=dict)
    name: str = ""
    module: Callable[[Any], Any] | None = None
    static: bool = True
    framework: str = ""

    def of(self, network: Any) -> Any:
        """What this part computes, out of the framework's whole network."""
        return self.module(network) if self.module else network

    def shapes(self, batch: int, size: Mapping[str, int] | None = None) -> list[list[int]]:
        """The shape of each input.

        Args:
            batch: rows of every dimension called "batch".
            size: sizes of other dynamic dimensions, where they are not those of `Part.size`.
        """
        sizes = {**self.size, **(size or {}), "batch": batch}
        return [[axis if isinstance(axis, int) else sizes[axis] for axis in spec.shape] for spec in self.inputs]

    @property
    def batch_first(self) -> bool:
        """Whether dimension 0 of every input is the batch, so that rows may be cut, padded and shared."""
        return all(spec.shape[:1] == ("batch",) for spec in self.inputs)

    def key(self, kind: str) -> str:
        """How a manifest calls the file of this part and kind: "dynamic", or "encoder/dynamic"."""
        return f"{self.name}/{kind}" if self.name else kind

    def stem(self, variant: str) -> str:
        """What the files of this part are called, without precision and suffix."""
        return f"{flat(variant)}_{self.name}" if self.name else flat(variant)
