"""`Setting`: how a model's network is run. Made once, from the flags; every job takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine import backends
from engine.base import PASS_PATH
from utils.datasets.sample import Sample
from zoo import frameworks
from zoo.errors import ZooError
from zoo.hanging import said_if_slow
from zoo.manifest import MANIFEST, export_home, exported_dtypes, exported_file, named_file
from zoo.model import Model, Part
from zoo.references import data_folder
from zoo.task import Task

from .reference import sizes

AUTO = "auto"  # as target: what `accuracy.choice` chooses
DTYPES = ("float32", "float16", "bfloat16", "int8")


@dataclass(frozen=True)
class Setting:
    """What runs which network, and how.

    Args:
        model: the variant.
        ckpt: the file that the person named: the network's file or its manifest (the manifest where it has several
            parts). None: the export that `export_home` finds.
        folder: where the exported files are, if not there.
        target: what runs the network, a device behind a colon.
        dtype: what is computed in.
        batch_size: rows a call.
        input_size: size of the dynamic dimensions; None stands for the model's own.
        input_name: checked against the graph when given.
        pass_path: pass file of targets that compile.
        devices, replicas: that share each batch.
        streams: batches at once on a CPU; None as fits.
        threads: of each stream; None their share of the cores.
        graph: how far the runtime rewrites the graph, of those that have levels: none, basic, extended or all.
        workers, processes: that preprocess; None as fits.
        timeout: seconds for the preprocessing of a sample; None: any number.
        decoder: "reference", or "fast".
        topk: predictions hold at least so many classes.
        token_budget: positions a batch, with padded inputs.
        skip_postprocess: run the network only.
        writing: how text is written, as `Task.writing` takes it, where the task writes any.
    """

    model: Model
    ckpt: Path | None = None
    folder: Path | None = None
    target: str = "onnx"
    dtype: str = "float32"
    batch_size: int = 16
    input_size: int | None = None
    input_name: str | None = None
    pass_path: Path = PASS_PATH / "default_pass.py"
    devices: Sequence[str] | None = None
    replicas: int | None = None
    streams: int | None = None
    threads: int | None = None
    graph: str | None = None
    workers: int | None = None
    processes: bool | None = None
    timeout: float | None = None
    decoder: str = "reference"
    topk: int = 1
    token_budget: int | None = None
    skip_postprocess: bool = False
    writing: Mapping[str, Any] = field(default_factory=dict)

    def but(self, **changes: Any) -> Setting:
        """The same, with these fields changed."""
        return replace(self, **changes)

    @property
    def home(self) -> Path:
        """The folder of the exported files."""
        if self.ckpt is not None:
            return self.ckpt.parent
        return self.folder or export_home(self.model)

    @property
    def suffix(self) -> str:
        """That of the files which the target opens."""
        backend = backends.known(self.target)
        return backend.suffix if backend else ".onnx"

    def file(self, part: Part) -> Path:
        """The file of a part: the one that was named, or the export's. Raises ZooError where there is none yet."""
        named = self.ckpt
        if named is not None and named.name.endswith(MANIFEST):
            return named_file(self.model, part, named, self.dtype, self.suffix)
        if named is None:
            return exported_file(self.model, part, self.home, self.dtype, self.suffix)
        if len(self.model.parts) > 1:
            names = ", ".join(one.name for one in self.model.parts)
            raise ZooError(
                f"{self.model.id} consists of several graphs ({names}): give their manifest, *{MANIFEST}, as --ckpt, "
                f"not {named.name}"
            )
        return named

    def files(self) -> list[Path]:
        """The file of each part."""
        return [self.file(part) for part in self.model.parts]

    def dtypes(self) -> list[str]:
        """What the target computes in and the export has a file for. Raises ZooError."""
        if self.target in frameworks.TARGETS.values():
            return ["float32"]
        known = exported_dtypes(self.model, self.home, self.suffix)
        return [dtype for dtype in backends.find(self.target).dtypes if dtype in known]

    def task(self) -> Task:
        """The model's task at this input size, with this decoder. Raises ZooError where there is no fast one."""
        self.sizes()
        task = self.model.task.adapted(self.input_size, self.topk)
        if self.writing:
            task = self._writing(task)
        if self.token_budget is not None and task.padding is None:
            raise ZooError(f"the inputs of {self.model.id} do not differ in length; leave token_budget out")
        if self.decoder == "reference":
            return task
        fast = task.fast()
        if fast is None:
            raise ZooError(f"{self.model.id} has no fast decoder; leave --decoder out")
        return fast

    def _writing(self, task: Task) -> Task:
        """`task`, writing text as `writing` says. Raises ZooError where it writes none, or knows no such option."""
        if task.writing is None:
            said = ", ".join(map(str, self.writing))
            raise ZooError(f"{self.model.id} writes no text, so that {said} would change nothing; leave writing out")
        try:
            return task.writing(**self.writing)
        except TypeError as error:
            raise ZooError(f"{self.model.id} has no such way of writing: {error}") from error

    def sizes(self) -> Mapping[str, int]:
        """The sizes of dynamic dimensions that `input_size` stands for."""
        return sizes(self.model, self.input_size)


def dataset_of(setting: Setting, data: str | Path) -> Sequence[Sample]:
    """The labelled samples of a data set, named as `data_folder` takes it; reading that takes long is said."""
    folder = data_folder(setting.model, data)
    return said_if_slow(setting.timeout, f"reading of the data set {folder}", setting.task().dataset, folder)
