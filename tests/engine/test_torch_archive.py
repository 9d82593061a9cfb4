"""Exported programs that would run something when PyTorch loads them: nothing is run, and the error is ours."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.base import Engine, EngineError, ModelFileError
from engine.torch_archive import _is_size, load_program

torch = pytest.importorskip("torch")

Members = dict[str, bytes]


class Evil:
    """Its pickle makes a folder."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.trace),)


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """Of a program with a dynamic batch, as torch.export.save writes it."""
    path = tmp_path_factory.mktemp("program") / "whole.pt2"
    dims = ({0: torch.export.Dim("batch", min=1, max=64)},)
    program = torch.export.export(torch.nn.Linear(4, 3).eval(), (torch.ones(2, 4),), dynamic_shapes=dims)
    torch.export.save(program, path)
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def written(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(f"program/{name}", content)
    return path


def changed(members: Members, change: Callable[[dict[str, Any]], None], name: str = "models/model.json") -> Members:
    said = json.loads(members[name])
    change(said)
    return members | {name: json.dumps(said).encode()}


def evil_pickle(trace: Path) -> bytes:
    return pickle.dumps(Evil(trace))


def evil_torch(trace: Path) -> bytes:
    buffer = io.BytesIO()
    torch.save(Evil(trace), buffer)
    return buffer.getvalue()


def first_node(said: dict[str, Any]) -> dict[str, Any]:
    return said["graph_module"]["graph"]["nodes"][0]


def test_a_plain_program_runs(members: Members, tmp_path: Path) -> None:
    with Engine(written(tmp_path / "plain.pt2", members), target="torch") as engine:
        assert engine(np.ones((5, 4), np.float32)).shape == (5, 3)


@pytest.mark.parametrize("pickled", [evil_pickle, evil_torch])
def test_sample_inputs_are_not_unpickled(members: Members, tmp_path: Path, pickled: Callable[[Path], bytes]) -> None:
    trace = tmp_path / "trace"
    path = written(tmp_path / "samples.pt2", members | {"data/sample_inputs/model.pt": pickled(trace)})
    with Engine(path, target="torch") as engine:
        assert engine(np.ones((1, 4), np.float32)).shape == (1, 3)
    assert not trace.exists()


@pytest.mark.parametrize(
    "name",
    [
        *("data/weights/model.pt", "data/constants/model.pt", "data/constants/opaque_obj_0"),
        *("data/constants/custom_obj_0", "data/aotinductor/model/x.so", "models/other.json", "extra/x.txt"),
        "data/weights/../../x",
    ],
)
def test_members_that_are_no_plain_data_are_refused(members: Members, tmp_path: Path, name: str) -> None:
    trace = tmp_path / "trace"
    path = written(tmp_path / "more.pt2", members | {name: evil_torch(trace)})
    with pytest.raises(ModelFileError, match="no plain data"):
        Engine(path, target="torch")
    assert not trace.exists()


def test_pickled_tensors_are_refused(members: Members, tmp_path: Path) -> None:
    trace, config = tmp_path / "trace", "data/weights/model_weights_config.json"

    def pickle_all(said: dict[str, Any]) -> None:
        for entry in said["config"].values():
            entry["use_pickle"] = True

    more = changed(members, pickle_all, config) | {"data/weights/weight_0": evil_torch(trace)}
    with pytest.raises(ModelFileError, match="pickled tensors"):
        Engine(written(tmp_path / "weights.pt2", more), target="torch")
    assert not trace.exists()


@pytest.mark.parametrize(
    "target", ["torch.os.system", "torch.hub.load", "_operator.methodcaller", "builtins.eval", "#x"]
)
def test_only_pytorchs_own_operators_are_called(members: Members, tmp_path: Path, target: str) -> None:
    path = written(tmp_path / "call.pt2", changed(members, lambda said: first_node(said).update(target=target)))
    with pytest.raises(ModelFileError, match="neither an operator"):
        Engine(path, target="torch")


@pytest.mark.parametrize(
    "expression",
    [
        *("__import__('os').mkdir('{trace}')", "Symbol('s1').__class__", "[os.mkdir('{trace}') for os in [1]]"),
        *("lambda: 1", "s77 + open('{trace}', 'w').fileno()", "(" * 400, "Symbol('a b')"),
        *("Pow(Integer(9), Pow(Integer(9), Integer(9)))", "Pow(Symbol('s1'), Symbol('s1'))", "Pow(9)"),
        "Mul(Pow(Integer(9), Integer(0)), Pow(Integer(9), Pow(Integer(9), Integer(9))))",
        "Pow(Pow(Pow(Pow(Integer(9), Integer(64)), Integer(64)), Integer(64)), Integer(64))",
    ],
)
def test_sizes_are_arithmetic(members: Members, tmp_path: Path, expression: str) -> None:
    trace = tmp_path / "trace"

    def put(said: Any) -> None:
        for value in said.values() if isinstance(said, dict) else said if isinstance(said, list) else ():
            put(value)
        if isinstance(said, dict) and "expr_str" in said:
            said["expr_str"] = expression.format(trace=trace)

    with pytest.raises(ModelFileError, match="neither an operator"):
        Engine(written(tmp_path / "size.pt2", changed(members, put)), target="torch")
    assert not trace.exists()


@pytest.mark.parametrize("expression", ["Pow(Symbol('s1'), Integer(-1))", "Pow(Pow(s1, 2), Integer(3))", "s1 + 2"])
def test_small_powers_are_sizes(expression: str) -> None:
    assert _is_size(expression)


def test_no_operator_of_files_is_called(members: Members, tmp_path: Path) -> None:
    """aten::from_file makes a file as long as it is told, and gives what is in it."""
    victim = tmp_path / "victim.txt"
    victim.write_text("abc")
    known = {
        f"torch.ops.{schema.name.replace('::', '.')}.{schema.overload_name or 'default'}"
        for schema in torch._C._jit_get_all_schemas()
        if any("file" in one.name for one in schema.arguments)
    }
    assert "torch.ops.aten.from_file.default" in known
    for operator in sorted(known):

        def change(said: dict[str, Any], operator: str = operator) -> None:
            first_node(said)["target"] = operator

        path = written(tmp_path / "files.pt2", changed(members, change))
        with pytest.raises(ModelFileError, match="neither an operator of PyTorch nor a plain name"):
            load_program(path)
    assert victim.read_text() == "abc"


def test_guards_are_not_compiled(members: Members, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    code = f"__import__('os').mkdir({str(trace)!r})"
    path = written(tmp_path / "guard.pt2", changed(members, lambda said: said.update(guards_code=[code])))
    with Engine(path, target="torch") as engine:
        engine(np.ones((1, 4), np.float32))
    assert not trace.exists()


def test_a_name_is_no_code(members: Members, tmp_path: Path) -> None:
    text = members["models/model.json"].decode().replace('"input"', '"x=print(1)"')
    with pytest.raises(ModelFileError, match="neither an operator"):
        Engine(written(tmp_path / "name.pt2", members | {"models/model.json": text.encode()}), target="torch")


def test_packed_members_and_two_of_one_name_are_refused(members: Members, tmp_path: Path) -> None:
    packed = tmp_path / "packed.pt2"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"program/{name}", content)
    with pytest.raises(ModelFileError, match="is packed"):
        load_program(packed)
    twice = written(tmp_path / "twice.pt2", members)
    with zipfile.ZipFile(twice, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("other/models/model.json", members["models/model.json"])
    with pytest.raises(ModelFileError, match="twice"):
        load_program(twice)


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_program_is_an_engine_error(members: Members, tmp_path: Path, seed: int) -> None:
    path = written(tmp_path / "damaged.pt2", members)
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(seed)
    if seed % 2:
        del content[int(random.integers(1, len(content))) :]
    for place in random.integers(0, len(content), 8):
        content[place] = int(random.integers(256))
    path.write_bytes(content)
    try:
        with Engine(path, target="torch") as engine:
            engine(np.ones((1, 4), np.float32))
    except EngineError:
        pass


def test_tecoexec_opens_programs_the_same_way(
    members: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tecoexec import tecoexec

    trace = tmp_path / "trace"
    path = written(tmp_path / "evil.pt2", members | {"data/constants/opaque_obj_0": evil_pickle(trace)})
    assert tecoexec.main(["--loadEngine", str(path), "--target", "torch", "--input_shapes", "1*4"]) == 2
    assert "no plain data" in capsys.readouterr().err
    assert not trace.exists()
