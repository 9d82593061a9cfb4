"""What a task has found of a network, as the pieces of which model.py and README.md are made."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.spec import TensorSpec
from zoo.contributing.new.source import Source


@dataclass(frozen=True)
class Description:
    """One network, tried.

    Attributes:
        source: where it comes from.
        inputs, outputs, size, static: of its part.
        parts: the expression that gives its parts, where there are several; inputs are then those of the first, and
            outputs those of the last.
        gives: what its outputs are, in a word: "logits".
        task, sample: expressions of model.py.
        imports: (module, name) that they need.
        constants: the lines of model.py before `build`, with an empty line at their end where there are any.
        built: whether the network comes with its weights.
        note: what the preprocessing does otherwise than the source.
        overview, data: sentences of the README: what the outputs are; what a labelled data set looks like.
        files: that lie in the folder, by name.
        left: what is left to do for people.
    """

    source: Source
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    gives: str
    task: str
    sample: str
    imports: tuple[tuple[str, str], ...]
    overview: str
    data: str
    size: dict[str, int] = field(default_factory=dict)
    static: bool = True
    parts: str = ""
    constants: str = ""
    built: bool = False
    note: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    left: tuple[str, ...] = ()

    @property
    def shapes(self) -> list[list[int]]:
        """The shape of each input, for one sample of the default size."""
        sizes = {**self.size, "batch": 1}
        return [[axis if isinstance(axis, int) else sizes[axis] for axis in one.shape] for one in self.inputs]
