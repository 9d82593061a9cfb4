"""The cases of testcase_configs/tecoexec_config.yaml: read, checked, one a model and batch size."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from zoo_core.machine import CARD_UNITS, compute_units

from .inputs import WrongUseError, parse_shapes

Positive = Annotated[int, Field(ge=1)]
Figure = Annotated[float, Field(gt=0)]
Figures = Figure | list[Figure] | None


class CaseConfig(BaseModel):
    """One entry. Figures are one number, or a list with one for each batch size; left out where there is none yet."""

    model_config = ConfigDict(extra="forbid")

    case_name: str
    model_name: str
    onnx_path: str
    pass_path: str = ""
    onnx_dtype: Literal["float16", "float32"]
    input_shapes: str
    batch_size: Positive | list[Positive]
    iterations: Positive
    warm_up: Annotated[int, Field(ge=0)]
    run_sync: bool
    benchmark_of_latency: bool = False
    cuda_throughput: Figures = None
    cuda_latency: Figures = None
    history_throughput: Figures = None
    history_latency: Figures = None
    desc: str = ""
    target: str = "onnx"
    duration: Annotated[float, Field(ge=0)] = 5.0
    input_ranges: list[str] = []

    @model_validator(mode="after")
    def _as_many_figures_as_batches(self) -> CaseConfig:
        for name in ("cuda_throughput", "cuda_latency", "history_throughput", "history_latency"):
            value = getattr(self, name)
            if isinstance(value, list) and len(value) != len(self.batches()):
                raise ValueError(f"{name} has {len(value)} figures for {len(self.batches())} batch sizes")
        return self

    def batches(self) -> list[int]:
        return self.batch_size if isinstance(self.batch_size, list) else [self.batch_size]


@dataclass(frozen=True)
class Case:
    """One model at one batch size. `history` is the throughput to hold, samples a second."""

    name: str
    config: CaseConfig
    batch: int
    history: float | None

    def shapes(self) -> str:
        """The input shapes at this batch size, as the command line takes them."""
        shapes = [[self.batch, *shape[1:]] for shape in parse_shapes(self.config.input_shapes)]
        return ",".join("*".join(map(str, shape)) for shape in shapes)

    def path(self, text: str, root: Path) -> Path:
        """A path of the config: absolute, or relative to the repository's root."""
        return Path(text) if Path(text).is_absolute() else root / text


def read(path: Path, environ: Mapping[str, str] = os.environ) -> list[Case]:
    """Every case of a file. Raises WrongUseError that names file, case and field.

    With MAX_ENGINE_NUMS compute units of 4, batch sizes shrink in proportion: 64 becomes 48 with 3 units. Histories
    are those of a whole card, and are left out then.
    """
    import yaml

    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise WrongUseError(f"{path} cannot be read: {error}") from error
    if not isinstance(entries, list):
        raise WrongUseError(f"{path} holds no list of cases")
    units = compute_units(environ)
    return [case for number, entry in enumerate(entries, 1) for case in _cases(_checked(path, number, entry), units)]


def _checked(path: Path, number: int, entry: Any) -> CaseConfig:
    try:
        return CaseConfig.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        name = entry.get("case_name", "?") if isinstance(entry, dict) else "?"
        field = ".".join(map(str, first["loc"])) or "case"
        raise WrongUseError(f"{path}, case {number} ({name}), {field}: {first['msg']}") from error


def _cases(config: CaseConfig, units: int) -> list[Case]:
    made = []
    for number, batch in enumerate(config.batches()):
        history = config.history_throughput
        known = history[number] if isinstance(history, list) else history
        scaled = max(batch * units // CARD_UNITS, 1)
        made.append(Case(f"{config.case_name}-batch{scaled}", config, scaled, known if units == CARD_UNITS else None))
    return made
