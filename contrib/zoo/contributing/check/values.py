"""What may stand as a value in model_config/model.yaml: no character in it means anything to a shell."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo

OLD_PREFIX = "TecoInference/"
EXAMPLES = "contrib/example"
FILLED = "filled"  # pydantic's context for a case that `defaults.filled` has completed
_ROOMS = ("engine", "example", "utils")
_REFUSED = set(";|&$`<>\\\"'*?{}!#")


def _plain(text: str) -> str:
    """No character that a shell or a terminal gives a meaning to, and nothing that reads as a flag."""
    odd = sorted({char for char in text if char in _REFUSED or not char.isprintable()})
    if odd:
        raise ValueError(f"these characters are not allowed here: {' '.join(map(repr, odd))}")
    if text.startswith("-"):
        raise ValueError("it must not begin with '-'")
    return text


def _path(text: str) -> str:
    _plain(text)
    if ".." in PurePosixPath(text).parts:
        raise ValueError("'..' is not allowed in a path")
    return text


def _relative(text: str) -> str:
    _path(text)
    if text.startswith(("/", "~")) or text[1:2] == ":":
        raise ValueError("the path must be relative")
    return text


def _data(text: str, info: ValidationInfo) -> str:
    """Relative data, below the folder; of a case that was filled from the model, it may be what models share."""
    if info.context == FILLED and text.startswith("../"):
        return _plain(text)  # `structure.demos` holds it to be in the repository
    return _relative(text)


def _run_dir(text: str) -> str:
    """The folder below the repository; files of others leave out `example`, or put their own prefix in front."""
    path = PurePosixPath(_relative(_relative(text).removeprefix(OLD_PREFIX)))
    contrib, *inner = path.parts or ("",)
    if contrib == "contrib" and len(inner) == 2 and inner[0] not in _ROOMS:
        return str(PurePosixPath(EXAMPLES, *inner))
    return str(path)


Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strict=True)]
Plain = Annotated[Text, AfterValidator(_plain)]
AnyPath = Annotated[Text, AfterValidator(_path)]
RelativePath = Annotated[Text, AfterValidator(_relative)]
DataPath = Annotated[Text, AfterValidator(_data)]
RunDir = Annotated[Text, AfterValidator(_run_dir)]
CaseName = Annotated[Text, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
Script = Annotated[Text, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\.py$")]
Flag = Annotated[Text, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
Target = Annotated[Text, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(:[A-Za-z0-9_.]+)?$")]
Number = Annotated[int, Field(strict=True)] | Annotated[float, Field(strict=True, allow_inf_nan=False)]
Value = Annotated[bool, Field(strict=True)] | Number | Plain
