"""zoo readme --test: the commands of a README are run in order, and its checked outputs compared."""

import json
from pathlib import Path
from typing import Any

import pytest

from zoo.contributing import readme

GREET = """\"\"\"Greets.\"\"\"
import sys
from pathlib import Path
print("hello", *sys.argv[1:])
print("progress", file=sys.stderr)
Path("made.txt").write_text("made")
if "bad" in sys.argv:
    raise SystemExit("no")
"""


def run(tmp_path: Path, text: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit code of `zoo readme --test domain/model` on a README, and its recorded steps."""
    folder = tmp_path / "contrib/example/domain/model"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(text, encoding="utf-8")
    (folder / "greet.py").write_text(GREET, encoding="utf-8")
    code = readme.main(["--test", "domain/model", "--root", str(tmp_path), "--timeout", "20"])
    record = json.loads((tmp_path / "runs/readme/domain/model/result.json").read_text())
    assert record["passed"] is (code == 0)
    assert not (folder / "made.txt").exists(), "only the copy may change"
    return code, record["steps"]


def test_commands_in_order_in_a_clean_copy(tmp_path: Path) -> None:
    text = """# X
```bash
cd contrib/example/domain/model
pip install -r requirements.txt
# a comment
export NAME=value
python greet.py one \\
    "two words" && python greet.py
```

```text checked
hello one two words
hello
```

```bash not-run
python missing.py
```

```python
raise SystemExit("code that only shows something")
```
"""
    code, steps = run(tmp_path, text)
    assert code == 0
    assert [(one["state"], one["what"]) for one in steps] == [
        ("passed", "cd contrib/example/domain/model"),
        ("not run", "pip install -r requirements.txt"),
        ("passed", "export NAME=value"),
        ("passed", 'python greet.py one "two words"'),
        ("passed", "python greet.py"),
        ("passed", "the output that stands here"),
        ("not run", "python missing.py"),
    ]


@pytest.mark.parametrize(
    ("expected", "state"),
    [
        ("hello x", "passed"),
        ("hel…", "passed"),
        ("…", "passed"),
        ("…\nhello x\n...", "passed"),
        ("hello y", "failed"),
        ("hello", "failed"),
        ("hello x\nhello x", "failed"),
        ("h.llo x", "failed"),
    ],
)
def test_checked_output(tmp_path: Path, expected: str, state: str) -> None:
    code, steps = run(tmp_path, f"```bash\npython greet.py x\n```\n\n```text checked\n{expected}\n```\n")
    assert steps[-1]["state"] == state
    assert code == (0 if state == "passed" else 1)
    if state == "failed":
        assert "hello x" in steps[-1]["reason"]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("python greet.py bad", "exit code 1: no"),
        ("python missing.py", "exit code 2"),
        ("no-such-program", "cannot start no-such-program"),
        ("python greet.py | cat", "no pipes"),
        ("python greet.py > hacked.txt", "no pipes"),
        ("python greet.py; touch hacked", "no pipes"),
        ("cd ../../../../../..", "no such folder"),
        ("python 'greet.py", "not a command"),
    ],
)
def test_what_fails_says_why(tmp_path: Path, command: str, reason: str) -> None:
    code, steps = run(tmp_path, f"```bash\n{command}\n```\n")
    assert code == 1
    assert reason in steps[0]["reason"]
    assert not list(tmp_path.rglob("hacked*"))


def test_a_readme_without_commands_proves_nothing(tmp_path: Path) -> None:
    code, steps = run(tmp_path, "# X\n")
    assert (code, steps) == (1, [])


def test_no_readme(tmp_path: Path, capfd: Any) -> None:
    assert readme.main(["--test", "domain/none", "--root", str(tmp_path)]) == 2
    assert "there is no" in capfd.readouterr().err


def test_a_model_is_found_by_its_name_alone(tmp_path: Path) -> None:
    folder = tmp_path / "contrib/example/domain/model"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("```bash\npython -c 'print(1)'\n```\n", encoding="utf-8")
    assert readme.main(["--test", "model", "--root", str(tmp_path)]) == 0
    assert (tmp_path / "runs/readme/domain/model/result.json").is_file()


@pytest.mark.parametrize("asked", ["model", "../../../outside", "domain", "/etc", "domain/model/"])
def test_a_name_that_means_none_or_several(tmp_path: Path, asked: str, capfd: Any) -> None:
    for name in ("domain/model", "another/model"):
        folder = tmp_path / "contrib/example" / name
        folder.mkdir(parents=True)
        (folder / "README.md").touch()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/README.md").touch()
    assert readme.main(["--test", asked, "--root", str(tmp_path)]) == 2
    assert "another/model, domain/model" in capfd.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_commands_run_the_tree_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also `zoo`, and also where another zoo stands in PYTHONPATH."""
    for contrib, tree in ((tmp_path / "another", "another"), (tmp_path / "contrib", "this")):
        (contrib / "zoo").mkdir(parents=True)
        (contrib / "zoo/__init__.py").touch()
        (contrib / "zoo/__main__.py").write_text(f"print('zoo of', {tree!r})\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "another"))
    code, steps = run(tmp_path, "```bash\nzoo list\n```\n\n```text checked\nzoo of this\n```\n")
    assert code == 0, steps
