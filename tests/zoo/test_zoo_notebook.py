"""doc/QuickStart.ipynb runs, by nbclient where that is installed, else cell by cell in this process."""

from __future__ import annotations

import ast
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "doc" / "QuickStart.ipynb"


def sources(cells: list[dict[str, Any]]) -> list[str]:
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def cells() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return found


def run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; returns the value of its last line, which a notebook shows, if that is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if isinstance(last, ast.Expr) else None


def test_it_holds_no_outputs_and_is_small(cells: list[dict[str, Any]]) -> None:
    assert NOTEBOOK.stat().st_size < 20_000
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []
    assert len(sources(cells)) >= 5


def test_every_cell_runs(
    cells: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(NOTEBOOK.parent)
    names: dict[str, Any] = {}
    shown = [run(source, names) for source in sources(cells)]
    assert [one.size for one in shown if one is not None] == [names["result"].picture().size]
    assert names["result"].text.split()[0] == "3"
    assert [one.text.split()[0] for one in names["results"]] == list("0123456789")
    assert [one.error is None for one in names["broken"]] == [True, False]
    assert names["figures"]["top1"] > 0.9
    assert names["same"] is True
    assert "float16 says the same: True" in capsys.readouterr().out


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("nbclient", "nbformat", "ipykernel")),
    reason="nbclient, nbformat and ipykernel are not installed",
)
def test_a_real_notebook_runs_it() -> None:
    import nbclient
    import nbformat

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=200, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    done = client.execute()
    (picture,) = [
        output for cell in done.cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})
    ]
    assert picture["output_type"] == "execute_result"
    # The kernel may send one print in several pieces.
    printed = "".join(out["text"] for out in done.cells[-1]["outputs"] if out["output_type"] == "stream")
    assert "float16 says the same: True" in printed
