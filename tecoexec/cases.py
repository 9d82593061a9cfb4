"""The cases of testcase_configs/tecoexec_config.yaml: read, checked, one a model and batch size."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.base import PASS_PATH
from zoo_core.machine import CARD_UNITS, compute_units

from .inputs import WrongUseError, parse_shapes

Positive = Annotated[int, Field(ge=1)]
Figure = Annotated[float, Field(gt=0)]
Figures = Figure | list[Figure] | None


class CaseConfig(BaseModel):
    """One entry. Figures are one number, or a list with one for each batch size; left out where there is none yet.

    Those of a graphics card are for information, and lists of any length. `batch_index` is the dimension that is the
    batch, of all inputs or of each one. A field with nothing behind the colon is left out.
    """

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    case_name: str
    model_name: str = ""
    onnx_path: str
    pass_path: str = ""
    onnx_dtype: Literal["float16", "float32"]
    input_shapes: str
    input_dtype: str | list[str] = ""
    batch_size: Positive | list[Positive]
    batch_index: int | list[int] = 0
    iterations: Positive
    warm_up: Annotated[int, Field(ge=0)]
    run_sync: bool
    benchmark_of_latency: bool | float = False
    cuda_throughput: float | list[float] | None = None
    cuda_latency: float | list[float] | None = None
    history_throughput: Figures = None
    history_latency: Figures = None
    desc: str | dict[str, Any] = ""
    target: str = "onnx"
    duration: Annotated[float, Field(ge=0)] = 5.0
    input_ranges: list[str] = []

    @model_validator(mode="before")
    @classmethod
    def _without_empty_fields(cls, entry: Any) -> Any:
        return {name: value for name, value in entry.items() if value is not None} if isinstance(entry, dict) else entry

    @model_validator(mode="after")
    def _as_many_figures_as_batches(self) -> CaseConfig:
        for name in ("history_throughput", "history_latency"):
            value = getattr(self, name)
            if isinstance(value, list) and len(value) != len(self.batches()):
                raise ValueError(f"{name} has {len(value)} figures for {len(self.batches())} batch sizes")
        shapes = parse_shapes(self.input_shapes)
        if isinstance(self.batch_index, list) and len(self.batch_index) != len(shapes):
            raise ValueError(f"batch_index has {len(self.batch_index)} numbers for {len(shapes)} inputs")
        if any(not -1 <= index < len(shape) for index, shape in zip(self.indices(), shapes, strict=True)):
            raise ValueError(f"batch_index {self.batch_index} is no dimension of {self.input_shapes}")
        return self

    def batches(self) -> list[int]:
        return self.batch_size if isinstance(self.batch_size, list) else [self.batch_size]

    def indices(self) -> list[int]:
        """The dimension that is the batch, of each input; -1 of one that has none."""
        inputs = len(parse_shapes(self.input_shapes))
        return self.batch_index if isinstance(self.batch_index, list) else [self.batch_index] * inputs


@dataclass(frozen=True)
class WrongCase:
    """An entry that cannot be used, and why. The others of the file are not held up by it."""

    name: str
    reason: str


@dataclass(frozen=True)
class Case:
    """One model at one batch size. `history` is the throughput to hold, samples a second."""

    name: str
    config: CaseConfig
    batch: int
    history: float | None

    def shapes(self) -> str:
        """The input shapes at this batch size, as the command line takes them."""
        shapes = parse_shapes(self.config.input_shapes)
        for index, shape in zip(self.config.indices(), shapes, strict=True):
            if index >= 0:
                shape[index] = self.batch
        return ",".join("*".join(map(str, shape)) for shape in shapes)

    def path(self, text: str, root: Path) -> Path:
        """A path of the config: absolute, or relative to the repository's root."""
        return Path(text) if Path(text).is_absolute() else root / text

    def pass_path(self, root: Path) -> Path | None:
        """The pass file: absolute, relative to the repository's root, or to PASS_PATH."""
        if not self.config.pass_path:
            return None
        path = self.path(self.config.pass_path, root)
        return path if path.is_file() else self.path(self.config.pass_path, PASS_PATH)


def read(path: Path, environ: Mapping[str, str] = os.environ) -> list[Case | WrongCase]:
    """Every case of a file; one that cannot be used says why, with file, case and field.

    Raises WrongUseError where the file is no list of cases.

    With MAX_ENGINE_NUMS compute units of 4, batch sizes shrink in proportion: 64 becomes 48 with 3 units. Histories
    are those of a whole card, and are left out then.
    """
    import yaml

    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise WrongUseError(f"{path} cannot be read: {error}") from error
    if not isinstance(entries, list):
        raise WrongUseError(f"{path} holds no list of cases")
    units = compute_units(environ)
    found: list[Case | WrongCase] = []
    for number, entry in enumerate(entries, 1):
        checked = _checked(path, number, entry)
        found += [checked] if isinstance(checked, WrongCase) else _cases(checked, units)
    return found


def _checked(path: Path, number: int, entry: Any) -> CaseConfig | WrongCase:
    said = entry.get("case_name") if isinstance(entry, dict) else None
    name = said if isinstance(said, str) else f"case{number}"
    try:
        return CaseConfig.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "case"
        return WrongCase(name, f"{path}, case {number} ({name}), {field}: {first['msg']}")
    except WrongUseError as error:
        return WrongCase(name, f"{path}, case {number} ({name}): {error}")


def _cases(config: CaseConfig, units: int) -> list[Case]:
    made = []
    for number, batch in enumerate(config.batches()):
        history = config.history_throughput
        known = history[number] if isinstance(history, list) else history
        scaled = max(batch * units // CARD_UNITS, 1)
        made.append(Case(f"{config.case_name}-batch{scaled}", config, scaled, known if units == CARD_UNITS else None))
    return made
