"""Published figures that were measured here: kept in doc/reproduced.json, shown in READMEs and on the matrix pages."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from zoo import catalogue
from zoo.__main__ import main as zoo
from zoo.contributing import reproduced
from zoo.contributing.matrix.collect import Card, Figure
from zoo.contributing.matrix.listing import listing
from zoo.contributing.matrix.page import page
from zoo.contributing.reproduced import Reproduced
from zoo.contributing.sync import facts, tables
from zoo.errors import ZooError

LENET = "classification/lenet"


def figure(**changes: Any) -> Reproduced:
    """A figure with invented values that no page but a test's shows."""
    fields: dict[str, Any] = {
        "model": LENET, "variant": "lenet_mnist", "metric": "top1", "published": 0.125, "where": "a made-up table",
        "figures": {"torch": 0.1251, "onnx": 0.1252}, "verdict": "REPRODUCED", "tolerance": 0.0005,
        "because": "rounding", "data": "Made-up digits", "samples": 1234, "date": "2024-05-01T10:00:00+00:00",
        "versions": {"onnxruntime": "1.2.3"}, "digests": {"weights": "ab"},
    }  # fmt: skip
    return Reproduced(**(fields | changes))


def left(runs: Path, one: Reproduced, **more: Any) -> None:
    """A file as `zoo reproduce` leaves it, with a field that is not kept."""
    path = runs / one.model / one.variant / "reproduce.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(one) | {"host": {"cpu": "Test"}} | more))


def test_the_later_of_two_stays_and_others_are_kept(tmp_path: Path) -> None:
    kept = tmp_path / "reproduced.json"
    early, late = figure(), figure(figures={"torch": 0.2, "onnx": 0.2}, date="2024-06-01T10:00:00+00:00")
    other = figure(model="nlp/other", variant="other")
    left(tmp_path / "runs", late)
    found = {one.key: one for one in (early, other)}
    new, faults = reproduced.measured(tmp_path / "runs")
    assert (reproduced.merge(found, new), faults) == (1, [])
    assert reproduced.merge(found, [early]) == 0
    reproduced.write(kept, found.values())
    assert reproduced.read(kept) == {one.key: one for one in (late, other)}
    assert len(kept.read_text().splitlines()) == 4, "a line each"


DAMAGED: dict[str, Any] = {
    "verdict": {"verdict": "FINE"},
    "no_figures": {"figures": {}},
    "figure": {"figures": {"onnx": "0.5"}},
    "truth": {"published": True},
    "text": {"data": 7},
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_run_is_said_and_a_damaged_file_is_an_error(name: str, tmp_path: Path) -> None:
    left(tmp_path, figure(), **DAMAGED[name])
    new, faults = reproduced.measured(tmp_path)
    assert new == []
    assert len(faults) == 1
    assert "it is not what zoo reproduce writes" in faults[0]
    kept = tmp_path / "reproduced.json"
    kept.write_text(json.dumps([asdict(figure()), asdict(figure()) | DAMAGED[name]]))
    with pytest.raises(ZooError, match="record 2 cannot be used"):
        reproduced.read(kept)
    kept.write_text("{}")
    with pytest.raises(ZooError, match="no list of figures"):
        reproduced.read(kept)


def test_figures_of_a_run_reach_the_pages(tmp_path: Path, capfd: Any) -> None:
    left(tmp_path / "runs", figure())
    output = tmp_path / "doc"
    output.mkdir()
    assert zoo(["matrix", "--runs", str(tmp_path / "runs"), "--output", str(output)]) == 0, capfd.readouterr().err
    assert list(reproduced.read(output / "reproduced.json").values()) == [figure()]
    for name in ("models.md", "models_zh.md", "models.html"):
        assert "Made-up digits, 1,234" in (output / name).read_text(encoding="utf-8")
    assert "1 published figures that were measured, 1 of them from" in capfd.readouterr().out


def test_a_row_says_what_was_measured_and_the_verdict() -> None:
    card = Card(
        LENET, "..", "LeNet", variants=["lenet_mnist"], possible=[("onnx", "float32")],
        published={"lenet_mnist": Figure("top1", 0.125, "a made-up table")}, reproduced=[figure()],
    )  # fmt: skip
    assert '"reproduced":{"0":["torch 0.1251, onnx 0.1252","REPRODUCED"' in page([card])
    only_run = listing([card], "en")
    assert "Nothing has been run" in only_run
    assert "torch 0.1251, onnx 0.1252: REPRODUCED (Made-up digits, 1,234; 2024-05-01)" in only_run


def test_readmes_tell_figures_that_differ_as_such() -> None:
    differs = figure(figures={"torch": 0.2, "onnx": 0.2}, verdict="DIFFERS")
    [_, _, row] = tables.contents([], "", [differs])["published"]()
    assert row == (
        "| [classification/lenet](contrib/example/classification/lenet/README.md) `lenet_mnist` "
        "| Made-up digits, 1,234 | top1 0.125 | 0.2 | 0.2 | DIFFERS |"
    )


def test_a_models_readme_tells_what_came_back(tmp_path: Path) -> None:
    (tmp_path / "doc").mkdir()
    reproduced.write(tmp_path / reproduced.FILE, [figure()])
    text = "\n".join(facts.contents(catalogue.load(LENET), tmp_path)["facts"]())
    assert ": here torch 0.1251, onnx 0.1252, REPRODUCED" in text
