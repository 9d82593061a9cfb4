"""The schema of model_config/model.yaml. Its README is made from the descriptions that stand here (document.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from zoo.contributing import yaml_file
from zoo.contributing.check.values import (
    OLD_PREFIX,
    AnyPath,
    CaseName,
    DataPath,
    Flag,
    Plain,
    RelativePath,
    RunDir,
    Script,
    Target,
    Value,
)
from zoo.contributing.usual import defines_model
from zoo.errors import ZooError

DEFAULT_TIMEOUT = 600
FIXED_FLAGS = ("ckpt", "batch_size", "data_path", "target", "dtype")
EXAMPLE_STEPS = ("run_example_valid", "run_example_single", "run_example_multi")


class Strict(BaseModel):
    """No field but those named. Behind each colon stands something; behind that of flags, nothing means none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _there(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None and cls.model_fields[str(info.field_name)].default_factory is dict:
            return {}
        if value is None:
            raise ValueError("a value is missing behind the colon")
        return value


class Export(Strict):
    """How the ONNX file is made."""

    run_file: Script = Field(
        default="export_onnx.py", description="the export script, in `run_dir`", examples=["export_onnx.py"]
    )
    params: dict[Flag, Value] = Field(
        default_factory=dict,
        description="one `--flag value` each; random weights where the model's own are a download, and `variant`, are "
        "added unless they stand here",
        examples=["{weights: random}"],
    )


_CKPT = "the ONNX file, relative to `run_dir`; the export must have written it"
_TARGET = "what runs the network; `zoo env` lists the targets"
_DTYPE = "what the network computes in"
_OTHERS = "any other flags, one `--flag value` each"
Batch = Annotated[int, Field(strict=True, ge=1, le=65536)]
Dtype = Literal["float16", "float32"]


class Params(Strict):
    """The flags of a script. What is left out is taken from the model's `model.py`."""

    ckpt: RelativePath | None = Field(default=None, description=_CKPT, examples=["lenet_dyn.onnx"])
    batch_size: Batch | None = Field(default=None, description="rows a call, at least 1", examples=[16])
    data_path: DataPath | None = Field(
        default=None,
        description="the data, relative to `run_dir`; `sample` is the model's own sample data",
        examples=["demos"],
    )
    target: Target | None = Field(default=None, description=_TARGET, examples=["onnx"])
    dtype: Dtype | None = Field(default=None, description=_DTYPE, examples=["float32"])
    others: dict[Flag, Value] = Field(default_factory=dict, description=_OTHERS, examples=["{topk: 5}"])


class ValidParams(Params):
    """The flags of the validation script: its data may lie anywhere."""

    data_path: AnyPath | None = Field(
        default=None,
        description="a labelled data set, relative to `run_dir` or absolute; `sample` is the model's own sample data",
        examples=["sample"],
    )


class Valid(Strict):
    """The script that computes the metric."""

    run_file: Script = Field(
        default="example_valid.py", description="the script, in `run_dir`", examples=["example_valid.py"]
    )
    params: ValidParams = Field(default_factory=ValidParams, description="its flags")


class Single(Strict):
    """The script that predicts one file."""

    run_file: Script = Field(
        default="example_single_batch.py", description="the script, in `run_dir`", examples=["example_single_batch.py"]
    )
    params: Params = Field(default_factory=Params, description="its flags")


class Multi(Strict):
    """The script that predicts every file of a folder."""

    run_file: Script = Field(
        default="example_multi_batch.py", description="the script, in `run_dir`", examples=["example_multi_batch.py"]
    )
    params: Params = Field(default_factory=Params, description="its flags")


class Case(Strict):
    """One case: a model's folder, and what is run in it, in this order."""

    case_name: CaseName = Field(
        description="name of the case, once in the file: letters, digits, `_`, `-` and `.`",
        examples=["classification_lenet"],
    )
    run_dir: RunDir = Field(
        description=f"the model's folder, relative to the repository; a leading `{OLD_PREFIX}` is taken off",
        examples=["contrib/example/classification/lenet"],
    )
    variant: Plain | None = Field(
        default=None, description="which network of the family, the model's default otherwise", examples=["resnet18"]
    )
    timeout: Annotated[int, Field(strict=True, ge=1, le=86400)] = Field(
        default=DEFAULT_TIMEOUT, description="seconds that each step may take", examples=[DEFAULT_TIMEOUT]
    )
    run_export: Export = Field(default_factory=Export, description="the export")
    run_example_valid: Valid = Field(
        default_factory=Valid, description="validation: the metric over a labelled data set"
    )
    run_example_single: Single = Field(default_factory=Single, description="prediction of one file")
    run_example_multi: Multi = Field(default_factory=Multi, description="prediction of every file in a folder")

    @property
    def model_id(self) -> str:
        """domain/name, from the folder."""
        return "/".join(PurePosixPath(self.run_dir).parts[-2:])

    def scripts(self) -> list[str]:
        """The scripts of all steps, in order."""
        steps = (self.run_export, self.run_example_valid, self.run_example_single, self.run_example_multi)
        return [step.run_file for step in steps]

    def missing(self) -> Iterator[tuple[str, str]]:
        """(step, field) of everything that is left out, and has to be taken from the model."""
        for step in EXAMPLE_STEPS:
            params = getattr(self, step).params
            yield from ((step, name) for name in FIXED_FLAGS if getattr(params, name) is None)


_CASES = TypeAdapter(list[Case])


def read(path: Path) -> list[Case]:
    """The cases of a model.yaml, with what they leave out left out (see `defaults.filled`).

    Raises:
        ZooError: it lists every mistake with its line, field and valid choices.
    """
    file = yaml_file.read(path)
    cases = validate(file)
    mistakes = list(_without_model(file, cases, path.parent.parent))
    if mistakes:
        raise ZooError("\n".join(mistakes))
    return cases


def validate(file: yaml_file.YamlFile) -> list[Case]:
    """The cases in a parsed file."""
    try:
        cases = _CASES.validate_python(file.data)
    except ValidationError as error:
        raise ZooError("\n".join(_sentences(file, error.errors()))) from error
    _require_no_double(file, cases)
    return cases


def _without_model(file: yaml_file.YamlFile, cases: list[Case], root: Path) -> Iterator[str]:
    """A sentence for each field that is left out where no model.py says what it is."""
    for index, case in enumerate(cases):
        if defines_model(root / case.run_dir):
            continue
        for step, field in case.missing():
            line = file.line((index, step, "params"))
            why = f"this field is missing, and {case.run_dir} has no model.py with a MODEL to take it from"
            yield f"{file.path}:{line}: {step}.params.{field}: {why}"


def _sentences(file: yaml_file.YamlFile, mistakes: Iterable[Mapping[str, Any]]) -> list[str]:
    found: dict[tuple[int, str], list[str]] = {}
    for mistake in mistakes:
        # a union names its branches ("bool", "constrained-str") behind the keys: the file has no line for those
        keys = tuple(mistake["loc"])
        while keys and keys not in file.lines and mistake["type"] not in ("missing", "extra_forbidden"):
            keys = keys[:-1]
        field = ".".join(str(key) for key in keys[1:]) or "the file"
        text = _sentence(mistake, keys)
        found.setdefault((file.line(keys), field), []).append(text)
    return [f"{file.path}:{line}: {field}: {'; or: '.join(texts)}" for (line, field), texts in sorted(found.items())]


def _sentence(mistake: Mapping[str, Any], keys: tuple[Any, ...]) -> str:
    if mistake["type"] == "extra_forbidden":
        return f"there is no such field; there are: {', '.join(_choices(keys))}"
    known = {
        "missing": "this field is missing",
        "list_type": "a list of cases is expected: lines that begin with '- case_name:'",
        "string_type": "text is expected",
    }
    return known.get(mistake["type"], mistake["msg"].removeprefix("Value error, "))


def _choices(keys: tuple[Any, ...]) -> list[str]:
    """The fields beside the one behind `keys`."""
    model: Any = Case
    for key in keys[1:-1]:
        model = model.model_fields[key].annotation
    return list(model.model_fields)


def _require_no_double(file: yaml_file.YamlFile, cases: list[Case]) -> None:
    first: dict[str, int] = {}
    for index, case in enumerate(cases):
        line = file.line((index, "case_name"))
        if case.case_name in first:
            raise ZooError(
                f"{file.path}:{line}: case_name: '{case.case_name}' stands in line {first[case.case_name]} already"
            )
        first[case.case_name] = line
        for step in EXAMPLE_STEPS:
            double = sorted(set(getattr(case, step).params.others) & set(FIXED_FLAGS))
            if double:
                line = file.line((index, step, "params", "others", double[0]))
                raise ZooError(f"{file.path}:{line}: {step}.params.others: '{double[0]}' has a field of its own")
