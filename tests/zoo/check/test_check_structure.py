"""Each rule of the structure check has a folder that breaks just that rule."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zoo.contributing.check import schema, structure

ROOT = Path(__file__).resolve().parents[3]

CHINESE = """# 假模型

许可证：BSD-3-Clause

## 1. 模型概述
## 2. 快速开始
### 2.1 基础环境安装
### 2.2 安装第三方依赖
### 2.3 获取ONNX文件
### 2.4 获取数据集
### 2.5 启动推理
### 2.6 精度验证
"""


def findings(repository: Any) -> list[structure.Finding]:
    (case,) = schema.read(repository.config)
    return structure.check(structure.Folder(repository.root, case.run_dir, case))


def edit(name: str, old: str, new: str) -> Callable[[Any], None]:
    def change(repository: Any) -> None:
        text = (repository.model / name).read_text(encoding="utf-8")
        assert old in text
        repository.write(name, text.replace(old, new))

    return change


def remove(name: str) -> Callable[[Any], None]:
    return lambda repository: (repository.model / name).unlink()


def write(name: str, text: str) -> Callable[[Any], None]:
    return lambda repository: repository.write(name, text)


def rename_case_folder(name: str) -> Callable[[Any], None]:
    def change(repository: Any) -> None:
        repository.model.rename(repository.model.with_name(name))
        text = repository.config.read_text().replace("classification/fake", f"classification/{name}")
        repository.config.write_text(text)

    return change


FAMILY = """\"\"\"A model whose demos lie elsewhere.\"\"\"
from pathlib import Path
from zoo.family import Family
from zoo.model import Model
DEMOS = Path(__file__).resolve().parents[3] / {place!r}
def make(variant):
    return Model(build=None, parts=(), task=None, sample=None, source="", licence="MIT", demos=DEMOS)
MODEL = Family("classification", "fake", "Fake", Path(__file__).resolve().parent, "pytorch", ("fake",), make)
"""


def placeholder(text: str) -> Callable[[Any], None]:
    """A folder of ours, in whose README a text is still missing."""

    def change(repository: Any) -> None:
        repository.write("model.py", FAMILY.format(place="example"))
        edit("README.md", "## 1.", f"{text}\n\n## 1.")(repository)

    return change


BROKEN = {
    "no README": (remove("README.md"), "files", "README.md is missing"),
    "no requirements": (remove("requirements.txt"), "files", "requirements.txt is missing"),
    "no export": (remove("export_onnx.py"), "files", "export_onnx.py is missing"),
    "no valid": (remove("example_valid.py"), "files", "example_valid.py is missing"),
    "no single": (remove("example_single_batch.py"), "files", "example_single_batch.py is missing"),
    "no multi": (remove("example_multi_batch.py"), "files", "example_multi_batch.py is missing"),
    "a folder that begins with a digit": (rename_case_folder("3Fake"), "names", "'3Fake'"),
    "hyphen in a file": (write("my-code.py", '"""Code."""\n'), "names", "'my-code'"),
    "no title": (edit("README.md", "# Fake\n", ""), "sections", "does not begin with a title"),
    "no section 2.3": (edit("README.md", "### 2.3 Get the ONNX file\n", ""), "sections", "no section 2.3"),
    "section 2.6 of another name": (edit("README.md", "2.6 Verify accuracy", "2.6 Thanks"), "sections", "section 2.6"),
    "sections in disorder": (edit("README.md", "### 2.6 Verify accuracy\n", ""), "sections", "no section 2.6"),
    "a heading within code only": (
        edit("README.md", "## 1. Overview\n", "```\n## 1. Overview\n```\n"),
        "sections",
        "no section 1 ",
    ),
    "no licence": (edit("README.md", "The licence is BSD-3-Clause.", ""), "licence", "under which licence"),
    "a placeholder": (placeholder("Say here what the network is."), "placeholders", "README.md:5 has a placeholder"),
    "a task left": (placeholder("TODO: the licence of the weights."), "placeholders", "('TODO')"),
    "not a requirement": (write("requirements.txt", "numpy >>> 1\n"), "requirements", "requirements.txt:1"),
    "an address": (write("requirements.txt", "fake @ file:///fake.whl\n"), "requirements", "an address is not taken"),
    "a file outside": (write("requirements.txt", "-r ../../../../../x.txt\n"), "requirements", "not a file of this"),
    "no demos": (remove("demos/a.txt"), "demos", "demos/ is missing or holds no file"),
    "a large file": (write("large.bin", "x" * (structure.MAX_BYTES + 1)), "sizes", "large.bin has 2.0 MB"),
    "a link": (lambda repository: (repository.model / "x.md").symlink_to("README.md"), "links", "x.md is a symbolic"),
    "absolute path in code": (write("code.py", 'ROOT = "/mnt/checkpoint/x"\n'), "paths", "code.py:1"),
    "home in the README": (edit("README.md", "## 1.", "See /home/me/x.\n\n## 1."), "paths", "README.md:5"),
    "a Windows path": (write("code.py", 'ROOT = "C:\\\\data"\n'), "paths", "code.py:1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_folder_that_breaks_one_rule(repository: Any, name: str) -> None:
    change, rule, words = BROKEN[name]
    change(repository)
    found = findings(repository)
    assert [one.rule for one in found] == [rule]
    assert words in found[0].message


def test_placeholders_in_folders_of_others_are_theirs(repository: Any) -> None:
    edit("README.md", "## 1.", "TODO: say more.\n\n## 1.")(repository)
    assert findings(repository) == []


def test_capitals_are_for_folders_of_others_only(repository: Any) -> None:
    rename_case_folder("FakeNet")(repository)
    assert findings(repository) == []
    repository.model = repository.model.with_name("FakeNet")
    repository.write("model.py", FAMILY.format(place="example"))
    assert "'FakeNet'" in findings(repository)[0].message


def test_modules_of_others_keep_their_names(repository: Any) -> None:
    (repository.model / "nets").mkdir()
    for name in ("nets/__init__.py", "nets/SSD_Head.py", "nets/_private.py"):
        repository.write(name, '"""Code."""\n')
    assert findings(repository) == []
    repository.write("nets/my-code.py", '"""Code."""\n')
    assert [one.message.split(":")[0] for one in findings(repository)] == ["'my-code'"]


def test_demos_that_others_call_images(repository: Any) -> None:
    (repository.model / "demos").rename(repository.model / "images")
    assert findings(repository) == []


def test_shared_demos_that_the_model_names(repository: Any) -> None:
    remove("demos/a.txt")(repository)
    repository.write("model.py", FAMILY.format(place="utils/demos/photos"))
    (found,) = findings(repository)
    assert (found.rule, "utils/demos/photos is no folder" in found.message) == ("demos", True)
    repository.shared("demos/photos/a.txt", "a")
    assert findings(repository) == []


def test_shared_demos_outside_of_the_repository(repository: Any, tmp_path: Path) -> None:
    remove("demos/a.txt")(repository)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a.txt").write_text("a")
    repository.write("model.py", FAMILY.format(place="../../mine"))
    (found,) = findings(repository)
    assert found.rule == "demos"


def test_demos_of_a_model_that_cannot_be_loaded(repository: Any) -> None:
    remove("demos/a.txt")(repository)
    repository.write("model.py", "MODEL = no_such_name\n")
    (found,) = findings(repository)
    assert "no_such_name" in found.message


def test_requirements_with_bounds_in_another_file(repository: Any) -> None:
    (repository.root / "bounds.txt").write_text("pytest>=1\n")
    repository.write("requirements.txt", "-c ../../../../bounds.txt\npytest\n")
    assert findings(repository) == []
    repository.write("requirements.txt", "-c ../../../../none.txt\npytest\n")
    (found,) = findings(repository)
    assert "requirements.txt:1" in found.message


def test_every_rule_is_broken_by_some_folder() -> None:
    assert {rule for _, rule, _ in BROKEN.values()} | {"case"} == set(structure.RULES)


def test_sections_in_disorder(repository: Any) -> None:
    lines = (repository.model / "README.md").read_text().splitlines()
    repository.write("README.md", "\n".join([*lines[:4], lines[-1], *lines[4:-1]]))
    assert {one.rule for one in findings(repository)} == {"sections"}


def test_a_model_without_a_case(repository: Any) -> None:
    found = structure.check(structure.Folder(repository.root, "contrib/example/classification/fake", None))
    assert [one.rule for one in found] == ["case"]


def test_a_folder_that_is_not_there(repository: Any) -> None:
    found = structure.check(structure.Folder(repository.root, "contrib/example/classification/none", None))
    assert [one.message for one in found] == ["there is no folder contrib/example/classification/none"]


def test_a_sound_folder_and_the_guides_chinese_headings(repository: Any) -> None:
    assert findings(repository) == []
    repository.write("README.md", CHINESE)
    assert findings(repository) == []


def test_a_package_that_nobody_can_install(repository: Any, monkeypatch: Any) -> None:
    """pip is asked about what is not installed; here it is told to ask nobody."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    repository.write("requirements.txt", "pytest\nno-such-package-at-all>=1 # comment\nother; python_version < '3'\n")
    (found,) = findings(repository)
    assert found.rule == "requirements"
    assert "pip cannot install no-such-package-at-all>=1" in found.message
    assert "pytest" not in found.message


def test_what_scripts_wrote_is_not_judged(repository: Any) -> None:
    repository.write("fake_dyn.onnx", "x" * (structure.MAX_BYTES + 1))
    assert findings(repository) == []
