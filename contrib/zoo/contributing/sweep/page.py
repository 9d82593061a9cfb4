"""doc/sweeps/<library>.md: counts at the top, every miss with its cause, and a line a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from zoo.contributing.markdown import Markdown, code, escape, link, table
from zoo.contributing.sweep.one import DTYPES, SIDES
from zoo.contributing.sweep.table import Row, Table
from zoo.difference import TOLERANCE

_INTRO = (
    "Made by {command}, from {file} beside it. Each network is the library's own with random weights. It is exported, "
    "and the framework, ONNX Runtime and the targets run it on the same photographs, at the smallest input that it "
    "takes: a side out of {sides} for networks of any size, else its own. `float32` and `float16` say how far the "
    "exported files are from the framework at the most, relative to the largest output; equal is what is within "
    "{float32} and {float16}. Files with a dynamic batch are compared with several batches, those of dynamic size at a "
    "second size, too. `targets` says how far each is from its baseline in `zoo verify`. Which class is the most "
    "probable is not compared: with random weights, all of them are about as probable. `s` is seconds by the clock."
)
_COLUMNS = ("name", "parameters", "input", "opset", "float32", "float16", "dynamic", "targets", "s")


def page(found: Table, file: str) -> str:
    """The page of a family.

    Args:
        found: what was measured.
        file: the name of the table's own file.
    """
    rows = found.sorted()
    misses = [row for row in rows if not row.passed()]
    lines = [f"# Sweep: {escape(found.family)}", "", _intro(found, file), "", *_counts(found, rows), ""]
    if misses:
        lines += ["## Misses", "", *table(("name", "reason"), [(row.name, row.reason) for row in misses]), ""]
    retried = [row for row in rows if row.passed() and row.notes]
    if retried:
        cells = [(row.name, "; ".join(row.notes)) for row in retried]
        lines += ["## Equal at the own size only", "", *table(("name", "at the smallest input"), cells), ""]
    lines += ["## All names", "", *table(_COLUMNS, [_cells(row) for row in rows]), ""]
    lines += ["## Made with", "", *_made_with(found, rows)]
    return "\n".join(lines) + "\n"


def _intro(found: Table, file: str) -> str:
    return _INTRO.format(
        command=code(f"zoo sweep {found.family}"),
        file=link(file, file),
        sides=", ".join(map(str, SIDES)),
        **{dtype: f"{TOLERANCE[dtype]:g}" for dtype in DTYPES},
    )


def _counts(found: Table, rows: Sequence[Row]) -> Iterator[str]:
    yield f"- Exported and equal in float32: {_share(sum('float32' in row.equal for row in rows), len(rows))}."
    yield f"- Exported and equal in float32 and float16: {_share(sum(row.passed() for row in rows), len(rows))}."
    ended = sum(bool(row.limit) for row in rows)
    yield f"- Not equal or not exported, with the cause below: {len(rows) - sum(row.passed() for row in rows)}" + (
        f", of which {ended} were ended at a limit of time or memory." if ended else "."
    )
    left = found.known - len(rows)
    yield (
        f"- Of the family's {found.known} names, {left} have not been tried yet."
        if left
        else (f"- These are all of the family's {found.known} names.")
    )


def _share(count: int, of: int) -> str:
    return f"{count} of {of}" + (f" ({count / of:.1%})" if of else "")


def _cells(row: Row) -> tuple[object, ...]:
    return (
        row.name,
        "" if row.parameters is None else f"{row.parameters / 1e6:.2f} M",
        " × ".join(map(str, row.input)),
        "" if row.opset is None else row.opset,
        _apart(row, "float32"),
        _apart(row, "float16"),
        ("batch, size" if row.any_size else "batch") if row.dynamic_batch else "",
        _targets(row),
        f"{row.seconds:.0f}",
    )


def _apart(row: Row, dtype: str) -> str:
    return f"{row.differences[dtype]:.1e}" if dtype in row.differences else "none"


def _targets(row: Row) -> Markdown:
    """What was tried, and how far it was from the framework; what could not be tried stands behind it."""
    cells = [f"{name} {apart:.1e}" for name, apart in row.targets.items()]
    cells += [f"{name}: not tried: {why}" for name, why in row.left_out.items()]
    return Markdown("<br>".join(escape(cell) for cell in cells))


def _made_with(found: Table, rows: Sequence[Row]) -> Iterator[str]:
    """A line for everything that rows were measured with."""
    for digest in sorted({row.made_with for row in rows}):
        what: dict[str, Any] = found.made_with.get(digest, {})
        versions = ", ".join(f"{name} {version}" for name, version in what.get("versions", {}).items())
        count = sum(row.made_with == digest for row in rows)
        yield (
            f"- {count} names: targets {escape(', '.join(what.get('targets', [])))}; {escape(what.get('cpu', ''))}; "
            f"{escape(versions)}; sources {digest[:12]}."
        )
