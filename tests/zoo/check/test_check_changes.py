"""--changed-since: which models a change touches, and the reason that is given."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from zoo.contributing.check import changes, command, imports, schema, selection

ROOT = Path(__file__).resolve().parents[3]
FAKE = "contrib/example/classification/fake"


def why(repository: Any) -> dict[str, str]:
    cases = schema.read(repository.config)
    touched = changes.touched_cases(repository.root, "main", cases)
    found = changes.reasons(repository.root, changes.since(repository.root, "main"), [FAKE], touched)
    return {folder: reason.text for folder, reason in found.items()}


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


def test_a_requirements_file_that_the_folder_names(committed: Any) -> None:
    shared = committed.root / "requirements"
    shared.mkdir()
    for name in ("named.txt", "other.txt"):
        (shared / name).write_text("numpy\n")
    committed.write("requirements.txt", "-r ../../../../requirements/named.txt\n")
    committed.git("add", "-A")
    committed.git("commit", "-m", "requirements")
    committed.git("branch", "-f", "main")
    (shared / "other.txt").write_text("torch\n")
    assert why(committed) == {}
    (shared / "named.txt").write_text("torch\n")
    assert why(committed) == {FAKE: "requirements/named.txt changed, which its requirements name"}


@pytest.fixture
def crowd(committed: Any) -> Any:
    """Forty models in two domains, three tasks between them, all of which import utils.a; each has a case."""
    text = committed.config.read_text()
    for number in range(40):
        name = f"{'vision' if number % 2 else 'text'}/m{number}"
        folder = committed.root / "contrib/example" / name
        shutil.copytree(committed.model, folder)
        task = {0: "from zoo.tasks.one import One\n", 1: "from zoo.tasks.two import Two\n"}.get(number % 4, "")
        (folder / "model.py").write_text(f'"""Model."""\n{task}from utils.a import go\n')
        case = text.replace("classification/fake", name).replace("case_name: fake", f"case_name: m{number}")
        committed.config.write_text(committed.config.read_text() + case)
    for name in ("one", "two"):
        path = committed.root / f"contrib/zoo/tasks/{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    committed.git("add", "-A")
    committed.git("commit", "-m", "crowd")
    committed.git("branch", "-f", "main")
    return committed


def selected(repository: Any, *words: str) -> Any:
    args = command.parser().parse_args(["--changed-since", "main", "--root", str(repository.root), *words])
    return selection.select(args, repository.root, schema.read(repository.config))


def test_of_models_that_only_shared_code_reached_some_are_run(crowd: Any) -> None:
    (crowd.root / "contrib/utils/a.py").write_text("x = 1\n")
    (crowd.root / "contrib/example/text/m0/new.txt").write_text("own")
    chosen = selected(crowd)
    folders = {case.run_dir.split("/", 2)[2]: why for case, why in chosen.run}
    assert "its own new.txt changed" in folders["text/m0"]
    # its own; one each of zoo.tasks.one, zoo.tasks.two, and of three domains whose models name no task; ten more
    assert len(folders) == 1 + 5 + changes.MORE
    assert len(chosen.look) == 41 - len(folders)
    assert all("25 of 41 models were not drawn: contrib/utils/a.py changed" in why for why in chosen.look.values())
    tasks = {int(name.rpartition("m")[2]) % 4 for name in folders if name != "classification/fake"}
    assert tasks == {0, 1, 2, 3}
    assert selected(crowd) == chosen, "the same commit draws the same models"


def test_another_commit_draws_other_models(crowd: Any) -> None:
    (crowd.root / "contrib/utils/a.py").write_text("x = 1\n")
    drawn = set()
    for number in range(5):
        crowd.git("commit", "--allow-empty", "-m", str(number))
        drawn |= {case.run_dir for case, _ in selected(crowd).run}
    assert len(drawn) > 5 + changes.MORE


def test_what_was_not_drawn_is_still_looked_at(crowd: Any, capfd: Any) -> None:
    (crowd.root / "contrib/utils/a.py").write_text("x = 1\n")
    left = next(iter(selected(crowd).look))
    (crowd.root / left / "README.md").unlink()
    crowd.git("commit", "-am", "broken")
    crowd.git("branch", "-f", "main")
    (crowd.root / "contrib/utils/a.py").write_text("x = 2\n")
    words = ["--changed-since", "main", "--root", str(crowd.root), "--only", "structure"]
    assert command.main(words) == 1
    assert "README.md" in capfd.readouterr().out


def test_the_flag_takes_a_shard(crowd: Any) -> None:
    (crowd.root / "contrib/utils/a.py").write_text("x = 1\n")
    assert selected(crowd, "--shard", "2/3") == selected(crowd).shard(2, 3)


@pytest.mark.parametrize("of", [1, 3, 7, 20])
def test_shards_hold_everything_once(repository: Any, of: int) -> None:
    (case,) = schema.read(repository.config)
    run = [(case.model_copy(update={"case_name": f"m{number}"}), "why") for number in range(15)]
    whole = selection.Selection(run, {f"folder{number}": "why" for number in range(10)})
    parts = [whole.shard(number, of) for number in range(1, of + 1)]
    assert sorted((case.case_name, why) for part in parts for case, why in part.run) == sorted(
        (case.case_name, why) for case, why in whole.run
    )
    assert {key: why for part in parts for key, why in part.look.items()} == whole.look
    assert sum(len(part.look) for part in parts) == len(whole.look)
    sizes = [len(part.run) for part in parts]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/2/3", "-1/2", "1/0", ""])
def test_a_shard_that_there_is_not(repository: Any, capfd: Any, text: str) -> None:
    with pytest.raises(SystemExit) as raised:
        command.main(["--all", "--root", str(repository.root), f"--shard={text}"])
    assert raised.value.code == 2
    assert "such as 1/4" in capfd.readouterr().err


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
