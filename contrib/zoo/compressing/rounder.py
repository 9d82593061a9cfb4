"""What makes a rounded file of a part, with any of its nodes left as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol


class Rounder(Protocol):
    """Gives any number of rounded files of one float32 file."""

    def nodes(self) -> Mapping[str, str]:
        """The operators of the nodes that may be rounded, by the nodes' names, in the order of the graph."""
        ...

    def kept(self, nodes: Sequence[str]) -> set[str]:
        """What stays in float32 where these nodes do: they, and what cannot be rounded without them."""
        ...

    def write(self, path: Path, keep: Sequence[str] = ()) -> None:
        """The rounded file, but for the nodes in `keep`. Raises ZooError."""
        ...

    def write_float32(self, path: Path) -> None:
        """The same graph, node by node, without any rounding."""
        ...

    def facts(self) -> Mapping[str, str]:
        """For the manifest."""
        ...
