"""Each of our own files in JSON, with each value in turn replaced by one of another kind: a sentence, no traceback."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.zoo.sweep.test_zoo_sweep_table import _table
from tests.zoo.test_zoo_matrix import verified
from tests.zoo.test_zoo_reproduced_pages import figure
from zoo.commands.gallery import Entry as Shown
from zoo.commands.gallery import _whole
from zoo.contributing import reproduced
from zoo.contributing.matrix import results
from zoo.contributing.new.kinds.folder import _pooling
from zoo.contributing.new.searches import search_of
from zoo.contributing.sweep import page, table
from zoo.contributing.sweep.table import Row
from zoo.index import Entry, _read
from zoo.libraries.transformers_config import class_of
from zoo_core.errors import ZooCoreError

WRONG = (None, True, -1, 1.5, "x", "", [], [1], {}, {"a": 1}, 10**400, float("nan"))


def damaged(content: Any) -> Iterator[Any]:
    """`content` with each value below it, and each whole list and object, in turn of another kind, or left out."""
    for path in _paths(content):
        for value in WRONG:
            made = copy.deepcopy(content)
            *way, last = path
            place = made
            for step in way:
                place = place[step]
            place[last] = value
            yield made
        made = copy.deepcopy(content)
        place = made
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]
        yield made
    yield from WRONG


def _paths(content: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in inner:
        yield (*before, key)
        yield from _paths(value, (*before, key))


def _verified(folder: Path) -> tuple[Path, Callable[[], Any]]:
    verified(folder)
    (path,) = folder.rglob("verify.json")

    def use() -> None:
        found, faults = results.measured(folder)
        assert found or all("left out" in fault for fault in faults)
        results.write(folder / "out.json", found)
        results.read(folder / "out.json")

    return path, use


def _results(folder: Path) -> tuple[Path, Callable[[], Any]]:
    verified(folder)
    path = folder / "results.json"
    results.write(path, results.measured(folder)[0])
    return path, lambda: results.read(path)


def _reproduced(folder: Path) -> tuple[Path, Callable[[], Any]]:
    path = folder / "reproduce.json"
    path.write_text(json.dumps([asdict(figure())]))

    def use() -> None:
        reproduced.measured(folder)
        for one in reproduced.read(path).values():
            one.here()

    return path, use


def _swept(folder: Path) -> tuple[Path, Callable[[], Any]]:
    path = folder / "sweep.json"
    row = Row("a", "abc", 5, [3, 32, 32], 17, differences={"float32": 1e-6}, targets={"onnx float32": 1e-6})
    _table(row).write(path)
    said = json.loads(path.read_text())

    def use() -> None:
        found = table.read(path, said["family"], ["a"])
        "".join(page.page(found, "sweep.json"))

    return path, use


def _search(folder: Path) -> tuple[Path, Callable[[], Any]]:
    path = folder / "generation_config.json"
    said = {"eos_token_id": 1, "decoder_start_token_id": 0, "pad_token_id": 0, "max_length": 9, "num_beams": 2}
    path.write_text(
        json.dumps(
            said | {"bad_words_ids": [[3]], "suppress_tokens": [4], "length_penalty": 1.0, "early_stopping": True}
        )
    )

    class Source:
        text = "folder"

        def __init__(self) -> None:
            self.folder = folder

    return path, lambda: search_of(Source(), object(), 20)  # type: ignore[arg-type]


def _pooled(folder: Path) -> tuple[Path, Callable[[], Any]]:
    (folder / "1_Pooling").mkdir()
    path = folder / "1_Pooling/config.json"
    path.write_text(
        json.dumps({"word_embedding_dimension": 4, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True})
    )
    return path, lambda: _pooling(folder, None)


def _modules(folder: Path) -> tuple[Path, Callable[[], Any]]:
    _pooled(folder)
    path = folder / "modules.json"
    path.write_text(json.dumps([{"idx": 0, "type": "sentence_transformers.models.Pooling"}]))
    return path, lambda: _pooling(folder, None)


KINDS = [_verified, _results, _reproduced, _swept, _search, _pooled, _modules]


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_another_kind(tmp_path: Path, kind: Callable[[Path], tuple[Path, Callable[[], Any]]]) -> None:
    path, use = kind(tmp_path)
    use()
    whole = json.loads(path.read_text())
    refused = 0
    for content in damaged(whole):
        path.write_text(json.dumps(content))
        try:
            use()
        except ZooCoreError:
            refused += 1
    for text in ("", "[" * 100_000, "{", "\ufeff{}", "nul", "9" * 5000):
        path.write_text(text)
        try:
            use()
        except ZooCoreError:
            refused += 1
    assert refused > 10 or kind is _verified  # which leaves out what it cannot use


def test_the_list_of_models_and_the_gallery_make_anew_what_was_edited(tmp_path: Path) -> None:
    kept = asdict(Entry("a/b", "pytorch", "A", "b", "sample", ["b"]))
    assert _read(kept, "a/b", {}) is not None
    shown = dict.fromkeys(Shown.__dataclass_fields__, "")
    assert _whole(shown, tmp_path)
    for content in damaged(kept):
        found = _read(content, "a/b", {})
        if found is not None:
            assert ", ".join([found.title, found.framework, *found.variants]) is not None
    for content in damaged(shown):
        assert not isinstance(content, dict) or isinstance(_whole(content, tmp_path), bool)


@pytest.mark.parametrize(
    "text", ['{"model_type": "bert", "architectures": [5]}', "[" * 100_000, "[]", '{"model_type": 1}']
)
def test_what_names_no_class_of_transformers(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ZooCoreError, match=r"is no config\.json that save_pretrained"):
        class_of(tmp_path / "config.json")
