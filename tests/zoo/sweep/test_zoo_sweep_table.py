"""The table of a sweep as a file, its page, and which names are meant."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zoo.catalogue import load
from zoo.contributing.sweep.alone import Ended, Limits
from zoo.contributing.sweep.page import page
from zoo.contributing.sweep.run import chosen, made_with
from zoo.contributing.sweep.table import Row, Table, read
from zoo.errors import ZooError
from zoo.libraries.smallest import architectures, in_turns
from zoo_core.errors import DataError

LIMITS = Limits(600, 4096)
GOOD = Row("good", "abc", 1000, [3, 32, 32], 17, True, True, differences={"float32": 1e-6, "float16": 1e-3},
           targets={"onnx float32": 1e-6}, equal=["float32", "float16"], seconds=3.0)  # fmt: skip
HALF = replace(GOOD, name="half", equal=["float32"], reason="float16 differs | by *much*")


def _table(*rows: Row) -> Table:
    return Table("classification/some", 5, {row.name: row for row in rows}, {"abc": {"targets": ["onnx"]}, "old": {}})


def test_a_table_comes_back_as_it_was_written_without_what_no_row_was_made_with(tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    _table(GOOD, HALF).write(path)
    back = read(path, "classification/some", ["good", "half", "new"])
    assert (back.rows, back.known, back.made_with) == ({"good": GOOD, "half": HALF}, 3, {"abc": {"targets": ["onnx"]}})


def test_names_that_there_are_no_more_have_no_row(tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    _table(GOOD, HALF).write(path)
    assert list(read(path, "classification/some", ["good"]).rows) == ["good"]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"family": "f", "rows": [{}], "made_with": {}}',
     '{"family": "f", "rows": 3, "made_with": {}}',
     '{"family": "f", "made_with": {}, "rows": [{"name": "n", "made_with": "m", "colour": 1}]}',
     '{"family": "f", "made_with": {}, "rows": [{"name": 1, "made_with": "m"}]}'],
)  # fmt: skip
def test_a_damaged_table_is_said_and_left_alone(content: str, tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_text(content)
    with pytest.raises(ZooError, match=r"some\.json is not the table of a sweep"):
        read(path, "f", ["n"])
    assert path.read_text() == content


def test_a_table_of_another_family_is_not_mixed_with_this_one(tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    _table(GOOD).write(path)
    with pytest.raises(ZooError, match="is the table of classification/some, not of classification/other"):
        read(path, "classification/other", ["good"])


def test_a_row_is_current_only_with_the_same_sources_and_where_a_limit_ended_it_the_same_limits() -> None:
    ended = Row("ended", "abc", reason="took more than 600 s", limit=str(LIMITS))
    found = _table(GOOD, ended)
    assert [found.current(name, "abc", LIMITS) for name in ("good", "ended", "new")] == [True, True, False]
    assert not found.current("good", "other", LIMITS)
    assert found.current("good", "abc", Limits(900, 4096))
    assert not found.current("ended", "abc", Limits(900, 4096))


def test_what_a_process_said_before_it_was_ended_is_kept() -> None:
    said = {"parameters": 5, "equal": ["float32"], "step": "exporting"}
    row = Row.of(Ended("n", said, "took more than 600 s", True, 600.04), "abc", LIMITS)
    assert (row.parameters, row.equal, row.limit, row.seconds) == (5, [], "600 s, 4096 MiB", 600.0)
    assert row.reason == "took more than 600 s while exporting"


def test_the_page_counts_escapes_and_says_what_is_missing() -> None:
    text = page(_table(GOOD, HALF), "some.json")
    assert "- Exported and equal in float32: 2 of 2 (100.0%)." in text
    assert "- Exported and equal in float32 and float16: 1 of 2 (50.0%)." in text
    assert "- Of the family's 5 names, 3 have not been tried yet." in text
    assert "| half | float16 differs \\| by \\*much\\* |" in text
    assert "| good | 0.00 M | 3 × 32 × 32 | 17 | 1.0e-06 | 1.0e-03 | batch, size | onnx float32 1.0e-06 | 3 |" in text
    assert "## Misses" not in page(_table(GOOD), "some.json")
    assert "0 of 0." in page(_table(), "some.json")


def test_names_come_from_patterns_and_files_once_each_and_in_their_order(tmp_path: Path) -> None:
    family = load("classification/torchvision")
    listed = tmp_path / "names.txt"
    listed.write_text("# small ones\nvgg11  # 132 M\n\nalexnet\n", encoding="utf-8")
    assert chosen(family, [str(listed), "squeezenet1_?", "alexnet"]) == [
        "vgg11", "alexnet", "squeezenet1_0", "squeezenet1_1",
    ]  # fmt: skip
    assert chosen(family, []) == list(family.variants)


def test_what_is_no_name_is_said(tmp_path: Path) -> None:
    family = load("classification/torchvision")
    listed = tmp_path / "names.txt"
    listed.write_text("vgg11\nvgg12\n")
    with pytest.raises(ZooError, match=r"names\.txt, line 2: 'vgg12' is no variant"):
        chosen(family, [str(listed)])
    with pytest.raises(ZooError, match="--names resnext9: no name of classification/torchvision fits"):
        chosen(family, ["resnext9"])
    listed.write_bytes(b"vgg11\xff\n")
    with pytest.raises(DataError, match="not UTF-8"):
        chosen(family, [str(listed)])
    listed.write_text("# nothing\n")
    with pytest.raises(ZooError, match="no name"):
        chosen(family, [str(listed)])


def test_what_a_row_was_made_with_follows_the_models_folder_and_the_targets(tmp_path: Path) -> None:
    family: Any = load("classification/torchvision")
    folder = tmp_path / "torchvision"
    shutil.copytree(family.folder, folder)
    same = made_with(replace(family, folder=folder), ["onnx"])
    assert same == made_with(family, ["onnx"])
    assert same != made_with(family, ["onnx", "openvino"])
    (folder / "model.py").write_text((folder / "model.py").read_text() + "# changed\n")
    assert made_with(replace(family, folder=folder), ["onnx"])["sources"] != same["sources"]
    assert json.loads(json.dumps(same)) == same


def test_the_smallest_of_each_module_come_first() -> None:
    sized = [("b", 5, "b5"), ("a", 9, "a9"), ("a", 1, "a1"), ("b", 7, "b7"), ("a", 4, "a4")]
    assert [name for _, _, name in in_turns(sized)] == ["a1", "b5", "a4", "b7", "a9"]
    assert architectures(["r.b", "r.a", "q", "q.x"]) == ["q", "r.a"]
