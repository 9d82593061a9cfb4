"""zoo valid --merge: what ranks wrote becomes the figures of the whole, and nothing else does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zoo.__main__ import main as zoo
from zoo.accuracy.valid import part_digest
from zoo.manifest import Exported
from zoo_core.hashing import facts_digest

Files = list[Path]


@pytest.fixture
def ranked(
    lenet_export: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Files]:
    """Validates as so many ranks; returns what they wrote."""

    def run(world: int, name: str = "rank", ckpt: Path = lenet_export.dynamic, **flags: object) -> Files:
        written = []
        for rank in range(world):
            monkeypatch.setenv("OMPI_COMM_WORLD_RANK", str(rank))
            monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", str(world))
            written.append(tmp_path / f"{name}{rank}.json")
            words = [word for flag, value in flags.items() for word in (f"--{flag}", str(value))]
            assert zoo(["valid", "lenet", "--ckpt", str(ckpt), "--json", str(written[-1]), *words]) == 0
        monkeypatch.delenv("OMPI_COMM_WORLD_RANK")
        monkeypatch.delenv("OMPI_COMM_WORLD_SIZE")
        capsys.readouterr()
        return written

    return run


def merged(capsys: pytest.CaptureFixture[str], files: Files, *flags: object) -> tuple[int, str, str]:
    code = zoo(["valid", "lenet", "--merge", *map(str, [*files, *flags])])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


def test_the_parts_are_the_whole(
    ranked: Callable[..., Files], lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ckpt = ["--ckpt", str(lenet_export.dynamic)]
    assert zoo(["valid", "lenet", *ckpt, "--topk", "2", "--json", str(tmp_path / "whole.json")]) == 0
    whole = json.loads((tmp_path / "whole.json").read_text())
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("eval_metric"))
    for world in (2, 3):
        files = ranked(world, topk=2)
        code, out, err = merged(capsys, files[::-1], "--json", tmp_path / "joined.json")
        assert (code, err) == (0, "")
        joined = json.loads((tmp_path / "joined.json").read_text())
        assert (joined["metrics"], joined["counts"]) == (whole["metrics"], whole["counts"])
        assert out.splitlines()[-1] == line
        assert f"of {joined['samples']} samples, joined from {world} ranks" in out
        parts = [json.loads(file.read_text())["part"] for file in files]
        assert sum(part["samples"] for part in parts) == parts[0]["of"] == joined["samples"]


def test_parts_that_do_not_belong_together(
    ranked: Callable[..., Files], lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ranked(2)
    from zoo import catalogue

    data = catalogue.load("classification/lenet").variant().data("sample")
    other_data = tmp_path / "data"
    shutil.copytree(data, other_data)
    picture = next(other_data.rglob("*.png"))
    picture.write_bytes(next(one for one in other_data.rglob("*.png") if one != picture).read_bytes())
    cases = [
        (ranked(2, "data", data_path=other_data), "another data set (its content)"),
        (ranked(2, "file", ckpt=lenet_export.static), "another network file (its content)"),
        (ranked(2, "topk", topk=3), "topk 3, not 1"),
        (ranked(3, "world"), "world 3, not 2"),
    ]
    for others, words in cases:
        code, _, err = merged(capsys, [files[0], others[1]])
        assert (code, words in err) == (2, True), err
        assert str(others[1]) in err
    for wrong, words in (
        ([files[0]], "of 2 ranks, 1 is missing"),
        ([*files, files[1]], "rank 1 is there twice"),
    ):
        code, _, err = merged(capsys, wrong)
        assert (code, words in err) == (2, True), err


def test_a_copy_of_the_network_elsewhere_is_the_same(
    ranked: Callable[..., Files], lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in lenet_export.dynamic.parent.iterdir():
        shutil.copy(path, tmp_path)
    copied = ranked(2, "copy", ckpt=tmp_path / lenet_export.dynamic.name)
    assert merged(capsys, [ranked(2)[0], copied[1]])[0] == 0


def test_ranks_that_stopped_early(
    ranked: Callable[..., Files], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TECO_INFER_PIPELINES_MAX_STEPS", "1")
    code, _, err = merged(capsys, ranked(2))
    assert code == 2
    assert "the ranks counted 32 of " in err


def damage(said: dict[str, Any], kind: str) -> Any:
    if kind == "counts":
        said["part"]["counts"]["top1"] += 1
    elif kind == "lost":
        del said["part"]
    elif kind == "list":
        return [said]
    elif kind == "of another metric":
        said["part"]["counts"] = {"words": 1}
        said["digest"] = part_digest(said["part"])
    elif kind in ("model", "variant", "stages"):
        del said[kind]
    elif kind == "seconds":
        said["stages"] = {"end_to_end": "soon"}
    elif kind in ("labels", "rank", "topk"):
        del said["part"]["identity"][kind]
        said["digest"] = part_digest(said["part"])
    elif kind == "of another model":
        said["model"] = "classification/resnet"
    return said


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("counts", "is damaged or was edited"),
        ("lost", "is not what a rank of several writes"),
        ("list", "holds several targets"),
        ("of another metric", "these counts are not of classification/lenet's metric"),
        ("of another model", "is of classification/resnet, not of classification/lenet"),
        *((kind, "lacks what zoo valid --json writes") for kind in ("model", "variant", "stages", "seconds")),
        *((kind, "lacks what zoo valid --json writes") for kind in ("labels", "rank", "topk")),
        ("cut", "this is not what zoo valid --json writes"),
        ("missing", "this is not what zoo valid --json writes"),
    ],
)
def test_broken_parts(ranked: Callable[..., Files], capsys: pytest.CaptureFixture[str], kind: str, words: str) -> None:
    files = ranked(2)
    text = files[0].read_text()
    if kind == "missing":
        files[0].unlink()
    else:
        files[0].write_text(text[:100] if kind == "cut" else json.dumps(damage(json.loads(text), kind)))
    code, _, err = merged(capsys, files)
    assert code == 2
    assert words in err


def test_what_contradicts_it(ranked: Callable[..., Files], capsys: pytest.CaptureFixture[str]) -> None:
    files = ranked(2)
    for flags in (["--data_path", "sample"], ["--resume", "state.json"], ["--ckpt", "lenet.onnx"]):
        code, _, err = merged(capsys, files, *flags)
        assert code == 2
        assert "--merge reads what ranks wrote" in err


def test_one_process_alone_has_no_part(ranked: Callable[..., Files], capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = merged(capsys, ranked(1))
    assert code == 2
    assert "is not what a rank of several writes" in err


def test_the_ranks_of_a_network_with_own_class_names(
    ranked: Callable[..., Files], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What they counted is of that many classes: joined with the same --labels, and with no others."""
    names = tmp_path / "names.txt"
    names.write_text("".join(f"n{number}\n" for number in range(10)))
    files = ranked(2)
    assert zoo(["valid", "lenet", "--merge", *map(str, files), "--labels", str(names)]) == 2
    assert "counted other class names" in capsys.readouterr().err
    for file in files:
        said = json.loads(file.read_text())
        said["part"]["identity"]["labels"] = facts_digest([f"n{number}" for number in range(10)])
        said["digest"] = part_digest(said["part"])
        file.write_text(json.dumps(said))
    code, _, err = merged(capsys, files)
    assert code == 2
    assert "give the --labels that the ranks were run with" in err
    code, out, _ = merged(capsys, files, "--labels", names)
    assert code == 0
    assert "joined from 2 ranks" in out
