"""`Model`: the one description of a model, which every job and every script uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from engine.spec import TensorSpec
from zoo.errors import ZooError
from zoo.task import Task
from zoo_core.home import home


@dataclass(frozen=True)
class Pretrained:
    """Published weights: address, size and digest (of sha256, the source may give the beginning only)."""

    url: str
    megabytes: float | None = None
    sha256: str | None = None
    md5: str | None = None


@dataclass(frozen=True)
class Packaged:
    """Published weights that a pip package brings along: "name==version", the file below site-packages, its digest."""

    package: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Published:
    """A figure from elsewhere, and where it stands."""

    metric: str
    value: float
    where: str


@dataclass(frozen=True)
class SampleData:
    """A small data set that is written on first use. A change of what `write` writes changes `version`."""

    name: str
    version: int
    write: Callable[[Path], None]

    def folder(self) -> Path:
        """The data set's folder, written if it does not exist. `write` completes it as a whole or not at all."""
        folder = home() / "samples" / f"{self.name}-v{self.version}"
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            self.write(folder)
        return folder


@dataclass(frozen=True)
class CustomOps:
    """Operators that ONNX does not have.

    opsets: version of each operator domain. register: called before tracing, for instance to call
    torch.onnx.register_custom_op_symbolic (a torch.autograd.Function with a `symbolic` needs none). functions:
    returns onnx.FunctionProto that express the operators in standard ones, so that any runtime can run them.
    """

    opsets: Mapping[str, int]
    register: Callable[[], None] | None = None
    functions: Callable[[], list[Any]] | None = None


@dataclass(frozen=True)
class Model:
    """A family of networks with one task.

    build(variant) returns the framework's module with its own random initialisation; it is the only place that
    imports the framework. inputs and outputs name every dynamic dimension; `size` gives the sizes that
    dynamic dimensions other than the batch have by default. pretrained(variant) says where its published weights
    are, or None. calibration gives samples, as the task's preprocessing takes them, that int8 is calibrated on and
    nothing is validated on. differing: for variants with fields of their own (other classes, another size), those
    fields; `as_variant` puts them in.
    """

    name: str
    domain: str
    title: str
    framework: Literal["pytorch", "paddle", "mindspore", "onnx"]
    folder: Path
    variants: tuple[str, ...]
    build: Callable[[str], Any]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    size: Mapping[str, int]
    task: Task
    sample: SampleData
    source: str
    licence: str
    paper: str = ""
    default_variant: str = ""
    pretrained: Callable[[str], Pretrained | Packaged | None] | None = None
    published: Mapping[str, Published] = field(default_factory=dict)
    custom_ops: CustomOps | None = None
    calibration: Callable[[], Sequence[Any]] | None = None
    differing: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.domain}/{self.name}"

    @property
    def sample_weights(self) -> Path:
        return self.folder / "sample.safetensors"

    def sample_weights_of(self, variant: str) -> Path:
        """Where trained sample weights of `variant` are, if there are any."""
        if variant == self.variant(None):
            return self.sample_weights
        return self.folder / f"sample_{variant}.safetensors"

    @property
    def default_weights(self) -> str:
        return "sample" if self.sample_weights.is_file() else "pretrained"

    def variant(self, asked: str | None) -> str:
        """`asked`, or the default. Raises ZooError for an unknown one."""
        chosen = asked or self.default_variant or self.variants[0]
        if chosen not in self.variants:
            raise ZooError(f"{self.id} has no variant '{chosen}'; it has: {', '.join(self.variants)}")
        return chosen

    def as_variant(self, asked: str | None) -> Model:
        """This model with the fields that differ for `asked`, or for the default. Raises ZooError as `variant`."""
        return replace(self, **self.differing.get(self.variant(asked), {}))

    def shapes(self, batch: int, size: Mapping[str, int] | None = None) -> list[list[int]]:
        """The shape of each input for `batch` rows, dynamic dimensions at `size` or their defaults."""
        sizes = {**self.size, **(size or {}), "batch": batch}
        return [[axis if isinstance(axis, int) else sizes[axis] for axis in spec.shape] for spec in self.inputs]

    def data(self, path: str | Path) -> Path:
        """The folder behind --data_path: "sample" is the model's own sample data."""
        return self.sample.folder() if str(path) == "sample" else Path(path)

    def demos(self) -> Path:
        return self.folder / "demos"


def file_name(variant: str, dtype: str = "float32", dynamic: bool = True, suffix: str = ".onnx") -> str:
    """The name of an exported file, as the adaptation guide has them."""
    kind = f"_{dtype}" if dtype in ("float16", "int8") else ""
    return f"{variant}{kind}{'_dyn' if dynamic else ''}{suffix}"
