"""What a check runs and takes over: the tree that it checks, whatever is installed, and steps where nothing changed."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from zoo.contributing.check import command, imports, schema, workspace

ROOT = Path(__file__).resolve().parents[3]
FAKE = "contrib/example/classification/fake"
COUNTING = """
from pathlib import Path
Path("fake_dyn.onnx").write_text("network")
with open({counter!r}, "a") as file:
    file.write("export\\n")
"""


def check(repository: Any, *words: str) -> int:
    return command.main(["--all", "--only", "functional", "--root", str(repository.root), *words])


@pytest.fixture
def counted(repository: Any, tmp_path: Path) -> Any:
    """A repository whose exports are counted: `exports()`."""
    counter = tmp_path / "counter"
    repository.write("export_onnx.py", COUNTING.format(counter=str(counter)))
    repository.shared("a.py")
    repository.exports = lambda: len(counter.read_text().splitlines())
    assert check(repository) == 0
    return repository


def test_unchanged_steps_are_taken_over_where_it_is_asked_for(counted: Any) -> None:
    assert check(counted, "--resume") == 0
    assert counted.exports() == 1
    assert check(counted) == 0
    assert counted.exports() == 2


ROOMS = [f"contrib/{room}/module.py" for room in imports.ROOMS]
CHANGES = [
    *ROOMS,
    "contrib/utils/words.txt",
    f"{FAKE}/example_valid.py",
    f"{FAKE}/demos/b.txt",
    "contrib/example/common/shared.txt",
    "requirements/shared.txt",
    "requirements/deeper.txt",
    "requirements.txt",
    "constraints.txt",
    "pyproject.toml",
    "model_config/model.yaml",
]


def digest(repository: Any) -> str:
    """What the results of the only case depend on, as --resume compares it."""
    (case,) = schema.read(repository.config)
    return workspace.fingerprint(repository.root, FAKE, case.model_dump_json())


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_anything_that_counts_is_seen(repository: Any, name: str) -> None:
    folder = repository.root / "requirements"
    folder.mkdir()
    repository.write("requirements.txt", "-r ../../../../requirements/shared.txt\n")
    (folder / "shared.txt").write_text("-c deeper.txt  # a comment\n")
    (folder / "deeper.txt").write_text("numpy\n")
    before = digest(repository)
    assert digest(repository) == before
    path = repository.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    old = path.read_text() if path.is_file() else ""
    path.write_text(old.replace("batch_size: 4", "batch_size: 2") if name.endswith(".yaml") else f"{old}\n# changed\n")
    assert digest(repository) != before


@pytest.mark.parametrize(
    "name", ["README.md", "tests/test_x.py", "doc/a.md", "contrib/example/classification/other/x.py", f"{FAKE}/a.onnx"]
)
def test_what_does_not_count_starts_nothing(repository: Any, name: str) -> None:
    before = digest(repository)
    path = repository.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("changed")
    assert digest(repository) == before


def test_a_changed_step_starts_anew(counted: Any) -> None:
    counted.write("example_valid.py", "print('eval_metric 0.5')")
    assert check(counted, "--resume") == 0
    assert counted.exports() == 2


def test_another_version_of_a_package_starts_anew(counted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.distributions
    monkeypatch.setattr(importlib.metadata, "distributions", lambda path: list(real(path=path))[1:])
    assert check(counted, "--resume") == 0
    assert counted.exports() == 2


def test_a_copy_that_is_gone_starts_anew(counted: Any) -> None:
    counted.write("example_valid.py", "raise SystemExit(1)")
    assert check(counted) == 1
    shutil.rmtree(counted.output / "fake/work")
    counted.write("example_valid.py", "raise SystemExit(1)")
    assert check(counted, "--resume") == 1
    assert counted.exports() == 3


def test_requirements_lead_out_of_no_repository(repository: Any, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("numpy\n")
    repository.write("requirements.txt", "-r ../../../../../outside.txt\n-r requirements.txt\n-r missing.txt\n")
    run_dir = "contrib/example/classification/fake"
    assert workspace.requirements(repository.root, run_dir) == [repository.model / "requirements.txt"]


WHOSE = """
import os, subprocess, sys
from pathlib import Path
{insert}
child = [sys.executable, "-c", "import utils.whose; print(utils.whose.TREE)"]
print("child", subprocess.run(child, capture_output=True, text=True, cwd="/").stdout.strip())
from utils.whose import TREE
print("tree", TREE)
print("eval_metric 1")
"""


@pytest.mark.parametrize("insert", ["", "sys.path.insert(0, str(Path(__file__).resolve().parents[3]))"])
def test_steps_import_the_tree_that_is_checked(
    repository: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, insert: str
) -> None:
    """Another zoo stands in PYTHONPATH, as an editable installation's does in sys.path; scripts may look for ours."""
    other = tmp_path / "another/contrib"
    for contrib, tree in ((other, "another"), (repository.root / "contrib", "checked")):
        (contrib / "utils").mkdir(parents=True)
        (contrib / "utils/__init__.py").touch()
        (contrib / "utils/whose.py").write_text(f"TREE = {tree!r}\n")
    harmless = tmp_path / "harmless"
    harmless.mkdir()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(other), str(harmless)]))
    repository.write("example_valid.py", WHOSE.format(insert=insert))
    assert check(repository) == 0
    log = (repository.output / "fake/valid.log").read_text()
    assert "tree checked" in log
    assert "child checked" in log
    environ = workspace.environment(repository.output / "fake/work", 1)
    assert environ["PYTHONPATH"].split(os.pathsep)[1:] == [str(harmless)]


OTHER_MAIN = """
import subprocess
import sys

def main():
    print("the other zoo was asked for", *sys.argv[1:])
    child = subprocess.check_output([sys.executable, "-c", "import zoo; print(zoo.__file__)"], text=True)
    print("a child of it finds", child, file=sys.stderr)
    return 7
"""


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A repository with a zoo of its own, which only says what it was asked for."""
    root = tmp_path / "other"
    (root / "contrib/zoo").mkdir(parents=True)
    (root / "contrib/zoo/__init__.py").touch()
    (root / "contrib/zoo/__main__.py").write_text(OTHER_MAIN)
    (root / "model_config").mkdir()
    (root / "model_config/model.yaml").write_text("[]")
    return root


def zoo(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """The zoo of this repository, as it is found where it is installed."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "contrib")}
    start = [sys.executable, "-c", "import sys; from zoo.__main__ import main; sys.exit(main())", *words]
    return subprocess.run(start, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_the_code_of_the_repository_checks_it(other: Path, tmp_path: Path) -> None:
    done = zoo(tmp_path, "check", "--all", "--root", str(other))
    assert (done.returncode, done.stdout) == (7, f"the other zoo was asked for check --all --root {other}\n")
    assert "going on with the code of" in done.stderr
    assert f"a child of it finds {other / 'contrib/zoo/__init__.py'}\n" in done.stderr


@pytest.mark.parametrize("words", [("check", "--all"), ("matrix",)])
def test_the_repository_that_we_are_in_is_meant(other: Path, words: tuple[str, ...]) -> None:
    done = zoo(other / "model_config", *words)
    assert (done.returncode, done.stdout) == (7, f"the other zoo was asked for {' '.join(words)}\n")


NAUGHTY = {
    "ends": ("import os; os._exit(0)", "exit code 0"),
    "exits": ("import sys; sys.exit(0)", "SystemExit"),
    "raises": ("raise RuntimeError('why')", "RuntimeError: why"),
}


@pytest.mark.parametrize("name", NAUGHTY)
def test_a_model_that_ends_its_process_fails_and_hides_no_other(repository: Any, capfd: Any, name: str) -> None:
    """Its case leaves flags out, so that they have to be taken from the model."""
    code, reason = NAUGHTY[name]
    folder = repository.model.with_name("bad")
    folder.mkdir()
    (folder / "model.py").write_text(f"MODEL = 1\n{code}\n")
    text = repository.config.read_text()
    repository.config.write_text(f"- case_name: bad\n  run_dir: {FAKE.replace('fake', 'bad')}\n{text}")
    assert check(repository) == 1
    out = capfd.readouterr().out
    assert "fake: multi passed" in out
    line = next(line for line in out.splitlines() if line.startswith("bad: export: "))
    assert reason in line
    assert command.main(["--all", "--only", "structure", "--root", str(repository.root)]) == 1
