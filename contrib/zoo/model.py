"""`Model`: one variant of a family, described once, for every job and every script."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.spec import TensorSpec
from utils.datasets.samples.once import written_once

from .data import ReferenceData, SampleData
from .errors import ZooError
from .fetching.remote import Remote
from .part import Part, flat
from .task import Task

# "mixed": of the parts of one model, some come from one framework, some from another
Framework = Literal["pytorch", "paddle", "mindspore", "onnx", "mixed"]


@dataclass(frozen=True)
class Pretrained(Remote):
    """Published weights at an address: what a `Remote` says, and the licence of this very file.

    Args:
        licence: where it is not the model's.
        convert: reads the file, and behind it those of `beside`, into the names of the framework's network (name to
            ndarray or tensor), where it is no state dict of it.
        beside: further files that belong to it, which `convert` needs.
    """

    licence: str = ""
    convert: Callable[..., Mapping[str, Any]] | None = None
    beside: tuple[Remote, ...] = ()


@dataclass(frozen=True)
class Packaged:
    """Published weights that a pip package brings along.

    Args:
        package: "name==version".
        file: the file's path below site-packages.
        sha256: its digest.
        convert: reads the file, where it is no state dict of the network (`Pretrained.convert`).
        beside: further files of packages that belong to it: those of the other graphs of an ONNX network of several.
    """

    package: str
    file: str
    sha256: str
    convert: Callable[..., Mapping[str, Any]] | None = None
    beside: tuple[Packaged, ...] = ()


PublishedWeights = Pretrained | Packaged


@dataclass(frozen=True)
class Published:
    """A figure from elsewhere, and where it stands.

    Args:
        metric: as the task's metric calls it.
        value: the figure.
        where: who states it, and of which data.
        decimals: to how many places it is stated: what is measured on the same data may differ by half of the last.
        spread: by how much what is measured may differ from it where the measurement itself varies (returns of
            episodes, noise that is drawn).
        spread_of: whose spread it is: the source's own, or how it was measured.
    """

    metric: str
    value: float
    where: str
    decimals: int | None = None
    spread: float = 0.0
    spread_of: str = "the spread that the source states"


@dataclass(frozen=True)
class CustomOps:
    """Operators that ONNX does not have.

    Args:
        opsets: version of each operator domain.
        register: called before tracing, for instance to call torch.onnx.register_custom_op_symbolic (a
            torch.autograd.Function with a `symbolic` needs none).
        functions: returns onnx.FunctionProto that express the operators in standard ones, so that any runtime can run
            them.
    """

    opsets: Mapping[str, int]
    register: Callable[[], None] | None = None
    functions: Callable[[], list[Any]] | None = None


@dataclass(frozen=True)
class Model:
    """One variant of a family: a network, what its tensors mean, and what is known of it.

    Args:
        build: gives the framework's network with its own random initialisation; the only place that imports the
            framework.
        parts: the graphs of the network. The first one takes what the task's preprocessing gives.
        task: what is done with a sample before and after the network.
        sample: a small data set for the pipeline.
        source: where the network's definition comes from.
        licence: of definition and weights.
        paper: authors, title, year.
        pretrained: where its published weights are; a function where looking that up needs the library.
        published: the figure that the source publishes for these weights.
        given: whether the sample weights in the folder came with the network, and were not trained on the sample data.
        sample_convert: reads the sample weights in the folder, where they are those of the same network in another
            framework (`Pretrained.convert`).
        built: whether what `build` gives is trained already: a function that loads its weights, a graph that has them.
        restore: gives the network out of a checkpoint's names and tensors, where these do not fit what `build` gives
            as they are, and the source's own loader has to rename or to cut them.
        reference: the public data that it can be measured on here.
        custom_ops: operators that ONNX does not have.
        calibration: gives samples, as the task's preprocessing takes them, that int8 is calibrated on and nothing is
            validated on.
        members: the models that it is put together of, by what the names of their parts begin with; the first one takes
            what the task's preprocessing gives. Each is built by its own framework, with weights of its own.
        demos: a folder with a few files to try; `demos` in the model's folder by default.
        title: for people; the family's by default.
        domain, name, variant, folder, framework: set by the `Family`.
        default: whether this is the variant that is meant where none is named; set by the `Family`.
        offline: the variant of the same folder that needs nothing from elsewhere (`Family.offline`), "" where nobody
            named one; set by the `Family`.
    """

    build: Callable[[], Any]
    parts: tuple[Part, ...]
    task: Task
    sample: SampleData
    source: str
    licence: str
    paper: str = ""
    pretrained: PublishedWeights | Callable[[], PublishedWeights | None] | None = None
    published: Published | None = None
    given: bool = False
    sample_convert: Callable[[Path], Mapping[str, Any]] | None = None
    built: bool = False
    restore: Callable[[dict[str, Any]], Any] | None = None
    reference: ReferenceData | None = None
    custom_ops: CustomOps | None = None
    calibration: Callable[[], Sequence[Any]] | None = None
    members: Mapping[str, Model] = field(default_factory=dict)
    demos: Path | None = None
    title: str = ""
    domain: str = ""
    name: str = ""
    variant: str = ""
    folder: Path = Path()
    framework: Framework = "pytorch"
    default: bool = True
    offline: str = ""

    @property
    def id(self) -> str:
        """domain/name, which all variants of the family share."""
        return f"{self.domain}/{self.name}"

    @property
    def place(self) -> str:
        """domain/name/variant: where the results of this variant lie, below runs/ and the zoo's home."""
        return f"{self.id}/{flat(self.variant)}"

    @property
    def origin(self) -> str:
        """The framework that it comes from, for people; of a model that is put together of others, each of theirs."""
        return " and ".join(dict.fromkeys(one.framework for one in self.members.values())) or self.framework

    @property
    def folders(self) -> list[Path]:
        """Its folder, and behind it those of the models that it is put together of."""
        return [self.folder, *sorted({one.folder for one in self.members.values()} - {self.folder})]

    @property
    def entry(self) -> Part:
        """The part that takes what the task's preprocessing gives."""
        return self.parts[0]

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """What the task's preprocessing gives: the inputs of the entry, and what is for later parts."""
        return (*self.entry.inputs, *self.task.beside)

    @property
    def part(self) -> Part:
        """The only part. Raises ZooError where there are several, and a job can do one only."""
        if len(self.parts) > 1:
            names = ", ".join(part.name for part in self.parts)
            raise ZooError(f"{self.id} consists of several graphs ({names}), which this cannot do yet")
        return self.parts[0]

    @property
    def sample_weights(self) -> Path:
        """Where the trained sample weights of this variant are, if there are any."""
        return self.folder / ("sample.safetensors" if self.default else f"sample_{flat(self.variant)}.safetensors")

    @property
    def default_weights(self) -> str:
        """What --weights is where it is not given."""
        if self.sample_weights.is_file():
            return "sample"
        return "built" if self.built else "pretrained"

    @property
    def trained_here(self) -> bool:
        """Whether its sample weights were trained here on the public data that its figure is of: the source publishes
        that figure, and no weights."""
        known = self.published is not None and self.reference is not None
        return known and self.pretrained is None and self.sample_weights.is_file()

    @property
    def measurable(self) -> bool:
        """Whether there are weights and public data to measure a published figure with."""
        known = self.published is not None and self.reference is not None
        return self.trained_here or (known and self.pretrained is not None)

    def published_weights(self) -> PublishedWeights | None:
        """Where the published weights are; may import the library that knows. None where there are none."""
        return self.pretrained() if callable(self.pretrained) else self.pretrained

    def data(self, path: str | Path) -> Path:
        """The folder behind --data_path: "sample" is the model's own sample data.

        Raises:
            ZooError: it is an address.
            DataError: it names by a word of the task's own what cannot be made.
        """
        if "://" in str(path):
            raise ZooError(f"{path} is an address; a data set is a folder or a file on this machine: fetch it first")
        if str(path) == "sample":
            return self.sample.folder()
        write = self.task.made(str(path))
        return SampleData("made", 1, written_once(write), made_of=[str(path)]).folder() if write else Path(path)

    def demo_folder(self) -> Path:
        """A few files to try the model on."""
        return self.demos or self.folder / "demos"


def file_name(stem: str, dtype: str = "float32", dynamic: bool = True, suffix: str = ".onnx") -> str:
    """The name of an exported file, as the adaptation guide has them.

    Args:
        stem: `Part.stem`: the variant, and behind it the part where there are several.
        dtype: what the file computes in.
        dynamic: whether its sizes are free.
        suffix: of the format.
    """
    kind = f"_{dtype}" if dtype in ("float16", "int8") else ""
    return f"{stem}{kind}{'_dyn' if dynamic else ''}{suffix}"


__all__ = [
    "CustomOps",
    "Framework",
    "Model",
    "Packaged",
    "Part",
    "Pretrained",
    "Published",
    "PublishedWeights",
    "ReferenceData",
    "SampleData",
    "file_name",
]
