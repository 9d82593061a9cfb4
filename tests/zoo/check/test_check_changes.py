"""--changed-since: which models a change touches, and the reason that is given."""

from pathlib import Path
from typing import Any

import pytest

from zoo.contributing.check import changes, command, imports

ROOT = Path(__file__).resolve().parents[3]
FAKE = "contrib/example/classification/fake"


def why(repository: Any) -> dict[str, str]:
    from zoo.contributing.check import schema

    cases = schema.read(repository.config)
    touched = changes.touched_cases(repository.root, "main", cases)
    return changes.reasons(repository.root, changes.since(repository.root, "main"), [FAKE], touched)


@pytest.fixture
def committed(repository: Any) -> Any:
    """A model that imports utils.a within a function; utils.a imports utils.deep.b, which reads a text file."""
    repository.shared("a.py", "def go():\n    from .deep import b\n    return b\n")
    repository.shared("deep/b.py")
    repository.shared("deep/names.txt", "cat\n")
    repository.shared("unrelated.py")
    repository.write("model.py", '"""Model."""\n\n\ndef build():\n    from utils.a import go\n\n    return go\n')
    repository.commit()
    return repository


CHANGES = {
    f"{FAKE}/example_valid.py": "its own example_valid.py changed",
    f"{FAKE}/new.txt": "its own new.txt changed",
    "contrib/utils/a.py": "contrib/utils/a.py changed, imported by model.py → utils.a",
    "contrib/utils/deep/b.py": "contrib/utils/deep/b.py changed, imported by model.py → utils.a → utils.deep.b",
    "contrib/utils/deep/names.txt": "contrib/utils/deep/names.txt changed, imported by model.py → utils.a → utils.deep",
    "contrib/utils/unrelated.py": "",
    "requirements.txt": "requirements.txt changed",
    "README.md": "",
    "tests/test_x.py": "",
}


@pytest.mark.parametrize("name", CHANGES)
def test_one_change(committed: Any, name: str) -> None:
    path = committed.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text('"""Changed."""\n')
    assert why(committed) == ({FAKE: CHANGES[name]} if CHANGES[name] else {})
    committed.git("add", "-A")
    committed.git("commit", "-m", "change")
    assert why(committed) == ({FAKE: CHANGES[name]} if CHANGES[name] else {}), "committed or not makes no difference"


def test_a_deleted_module_is_a_change(committed: Any) -> None:
    (committed.root / "contrib/utils/deep/b.py").unlink()
    assert "utils.deep.b" in why(committed)[FAKE]


def test_a_case_that_changed(committed: Any) -> None:
    committed.config.write_text("# a comment\n" + committed.config.read_text())
    assert why(committed) == {}, "a comment changes no case"
    committed.config.write_text(committed.config.read_text().replace("batch_size: 4", "batch_size: 8"))
    assert why(committed) == {FAKE: "its case fake in model_config/model.yaml is new or changed"}


def test_changes_of_the_other_branch_do_not_count(committed: Any) -> None:
    committed.git("checkout", "main")
    committed.write("example_valid.py", "print('eval_metric 0')\n")
    committed.git("commit", "-am", "theirs")
    committed.git("checkout", "work")
    assert why(committed) == {}


def test_the_command_says_why(committed: Any, capfd: Any) -> None:
    assert command.main(["--changed-since", "main", "--root", str(committed.root)]) == 0
    assert "nothing to check" in capfd.readouterr().out
    (committed.root / "contrib/utils/a.py").write_text("x = 1\n")
    assert command.main(["--changed-since", "main", "--root", str(committed.root)]) == 0
    assert "fake: contrib/utils/a.py changed, imported by model.py → utils.a" in capfd.readouterr().out


@pytest.mark.parametrize("reference", ["nothing", "--output=hacked", ""])
def test_a_reference_that_is_not_there(committed: Any, capfd: Any, reference: str) -> None:
    assert command.main([f"--changed-since={reference}", "--root", str(committed.root)]) == 2
    assert "cannot tell what changed" in capfd.readouterr().err


def test_a_folder_that_is_no_git_repository(repository: Any, capfd: Any) -> None:
    assert command.main(["--changed-since", "main", "--root", str(repository.root)]) == 2


def test_a_new_model_without_a_case_fails(committed: Any, capfd: Any) -> None:
    other = committed.model.with_name("other")
    other.mkdir()
    (other / "export_onnx.py").touch()
    assert command.main(["--changed-since", "main", "--root", str(committed.root)]) == 1
    assert "has no case whose run_dir is contrib/example/classification/other" in capfd.readouterr().out


def test_the_real_models_reach_what_they_use() -> None:
    contrib = ROOT / "contrib"
    ways = imports.reach(contrib / "example/classification/resnet_paddle", contrib)
    assert "utils.preprocess.paddle.classification" in ways
    assert "engine.backends.onnxruntime" in ways, "backends are found by listing their folder"
    assert "zoo.frameworks.paddle" in ways
    assert not [name for name in ways if name.startswith("zoo.contributing.check")]
    assert "utils.preprocess.paddle.classification" not in imports.reach(
        contrib / "example/classification/lenet", contrib
    )
