"""What a sweep has found, a row a name, in a file that says what each row was made with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from zoo.contributing.sweep.alone import Ended, Limits
from zoo.errors import ZooError
from zoo_core.files import read_json, write_json
from zoo_core.numbers import is_finite


@dataclass(frozen=True)
class Row:
    """What became of one name.

    Args:
        name: of the variant.
        made_with: digest of what it was measured with; the table holds what that is.
        parameters: how many numbers the network learns.
        input: shape of the input behind the batch.
        opset: of the ONNX file.
        dynamic_batch, any_size: what is free in the file that was compared at several.
        exporter: what the exporter said, where it was not the first choice.
        differences: by dtype, the largest difference of the exported files from the framework, relative.
        targets: by target and dtype, the same in `verify`.
        left_out: targets and dtypes that could not be tried, and why.
        equal: dtypes in which everything was near enough.
        notes: what failed at the smallest input, where the network's own size was tried too.
        reason: why it is not equal in all dtypes; "" where it is.
        limit: the limits, where one of them ended it.
        seconds: that it took.
    """

    name: str
    made_with: str
    parameters: int | None = None
    input: Sequence[int] = field(default_factory=list)
    opset: int | None = None
    dynamic_batch: bool = False
    any_size: bool = False
    exporter: str = ""
    differences: Mapping[str, float] = field(default_factory=dict)
    targets: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    equal: Sequence[str] = field(default_factory=list)
    notes: Sequence[str] = field(default_factory=list)
    reason: str = ""
    limit: str = ""
    seconds: float = 0.0

    def passed(self) -> bool:
        """Whether it was exported, and nothing was too far away."""
        return not self.reason

    @staticmethod
    def of(ended: Ended, made_with: str, limits: Limits) -> Row:
        """The row of a name whose process has ended."""
        said = dict(ended.said)
        step = said.pop("step", "")
        if ended.fault:
            said["reason"] = f"{ended.fault} while {step or 'starting'}"
            said["equal"] = []
        limit = str(limits) if ended.forced else ""
        return Row(ended.item, made_with, seconds=round(ended.seconds, 1), limit=limit, **said)


@dataclass(frozen=True)
class Table:
    """All rows of a family.

    Args:
        family: its id.
        known: how many names it has.
        rows: by name.
        made_with: by digest, what rows were measured with: versions, targets, sources.
    """

    family: str
    known: int
    rows: dict[str, Row] = field(default_factory=dict)
    made_with: dict[str, Any] = field(default_factory=dict)

    def current(self, name: str, made_with: str, limits: Limits) -> bool:
        """Whether there is a row of `name` that would be the same if it were measured again."""
        row = self.rows.get(name)
        return row is not None and row.made_with == made_with and row.limit in ("", str(limits))

    def sorted(self) -> list[Row]:
        """All rows, by name."""
        return [self.rows[name] for name in sorted(self.rows)]

    def write(self, path: Path) -> None:
        """As JSON; what no row was made with any more is left out."""
        used = {row.made_with for row in self.rows.values()}
        made_with = {digest: what for digest, what in self.made_with.items() if digest in used}
        rows = [asdict(row) for row in self.sorted()]
        write_json(path, {"family": self.family, "known": self.known, "made_with": made_with, "rows": rows})


def read(path: Path, family: str, names: Iterable[str]) -> Table:
    """The table in a file, without the rows of names that there are no more; an empty one where there is no file.

    Raises:
        ZooError: the file cannot be read, or is of another family.
    """
    known = list(names)
    if not path.exists():
        return Table(family, len(known))
    said = read_json(path)
    try:
        of, rows, made_with = said["family"], [_row(one) for one in said["rows"]], _made_with(said["made_with"])
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ZooError(
            f"{path} is not the table of a sweep, or is damaged ({type(error).__name__}: {error}); remove it, or name "
            "another folder with --output"
        ) from error
    if of != family:
        raise ZooError(f"{path} is the table of {of}, not of {family}; name another folder with --output")
    return Table(family, len(known), {row.name: row for row in rows if row.name in set(known)}, made_with)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return value is None or (type(value) is int and is_finite(value))


def _list_of(is_such: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(is_such, value))


def _by_name(is_such: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(is_such, value.values()))


# What each field of a row is, and how that is seen
_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(("name", "made_with", "exporter", "reason", "limit"), ("text", _is_text)),
    **dict.fromkeys(("parameters", "opset"), ("a whole number or none", _is_count)),
    **dict.fromkeys(("dynamic_batch", "any_size"), ("true or false", lambda value: isinstance(value, bool))),
    **dict.fromkeys(("equal", "notes"), ("a list of texts", _list_of(_is_text))),
    **dict.fromkeys(("differences", "targets"), ("numbers by name", _by_name(is_finite))),
    "input": ("a list of sizes", _list_of(lambda one: one is not None and _is_count(one))),
    "left_out": ("texts by name", _by_name(_is_text)),
    "seconds": ("a number", is_finite),
}


def _made_with(said: Any) -> dict[str, Any]:
    """Raises ValueError unless it is what rows were measured with, by digest."""
    found = dict(said)
    for what in found.values():
        whole = isinstance(what, dict) and _list_of(_is_text)(what.get("targets", []))
        if not whole or not _by_name(_is_text)(what.get("versions", {})):
            raise ValueError(f"{what!r:.80} is not what rows were measured with")
    return found


def _row(said: dict[str, Any]) -> Row:
    kinds = {one.name: one for one in fields(Row)}
    strange = sorted(set(said) - set(kinds))
    if strange:
        raise ValueError(f"a row has no field {strange[0]}")
    row = Row(**said)
    for name, (what, is_such) in _KINDS.items():
        if not is_such(getattr(row, name)):
            raise ValueError(f"{name} is {what}, got {getattr(row, name)!r:.80}")
    return row
