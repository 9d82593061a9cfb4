"""zoo cache: what is kept in the zoo's home is listed, and cleared by kind; what a person has placed there stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.backends.compiling import cache
from zoo.commands import cache as command
from zoo.data import SampleData
from zoo_core.home import home


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home with an entry of each kind."""
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    cache.compiled(
        {"target": "test", "model": "0123456789abcdef"}, lambda made: (made / "code").touch(), lambda _: None
    )

    def write(folder: Path) -> None:
        folder.mkdir()
        (folder / "one.txt").write_bytes(bytes(2_000_000))

    SampleData("drawn", 1, write).folder()
    for name in ("downloads/ab12/weights.pth", "exports/a/b/c/net.onnx", "reference/mini-1/a.jpg", "placed/set/a.zip"):
        path = home() / name
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(300_000))


def there() -> set[str]:
    return {path.relative_to(home()).parts[0] for path in home().rglob("*") if path.is_file()}


def test_everything_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["list"]) == 0
    said = capsys.readouterr().out
    for words in (
        "0123456789ab",
        "drawn-v1",
        "2.0",
        "ab12/weights.pth",
        "0.3",
        "mini-1",
        "exports in",
        "references in",
    ):
        assert words in said


def test_samples_weights_and_engines_are_cleared(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["clear"]) == 0
    said = capsys.readouterr().out
    for words in ("removed 1 compiled engine from", "1 entry of samples from", "1 entry of weights from"):
        assert words in said
    assert there() == {"exports", "reference", "placed"}
    assert command.main(["clear"]) == 0
    assert "removed 0 entries of samples" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "folder"),
    [("engines", "engines"), ("samples", "samples"), ("weights", "downloads"), ("references", "reference")],
)
def test_one_kind_is_cleared_alone(kind: str, folder: str) -> None:
    before = there()
    assert command.main(["clear", kind]) == 0
    assert before - there() == {folder}


def test_a_kind_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    before = there()
    assert command.main(["clear", "placed"]) == 2
    assert "zoo cache knows engines, samples, weights, exports, references; got placed" in capsys.readouterr().err
    assert there() == before
