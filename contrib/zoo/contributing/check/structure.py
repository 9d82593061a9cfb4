"""The structure check: what a model's folder must and must not hold. One function a rule."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zoo import catalogue
from zoo.contributing.check.schema import Case
from zoo.contributing.check.workspace import own_files
from zoo.contributing.usual import defines_model
from zoo.errors import ZooError

REQUIRED = (
    "README.md",
    "requirements.txt",
    "export_onnx.py",
    "example_valid.py",
    "example_single_batch.py",
    "example_multi_batch.py",
)
MAX_BYTES = 2_000_000

# Number of a README's section: words of which its heading must hold one, in English or Chinese.
SECTIONS = {
    "1": ("overview", "概述", "简介"),
    "2": ("quick start", "quickstart", "getting started", "快速开始"),
    "2.1": ("environment", "环境"),
    "2.2": ("dependenc", "requirement", "依赖"),
    "2.3": ("onnx",),
    "2.4": ("data", "数据"),
    "2.5": ("infer", "run", "推理"),
    "2.6": ("accuracy", "valid", "精度"),
}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_OTHERS_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LICENCE = re.compile(r"(licen[cs]e|许可)\W*\w", re.IGNORECASE)
_HOME = r"(?<![\w.:/~-])/(home|root|Users)/\w"
_HOME_PATH = re.compile(_HOME + r"|\b[A-Za-z]:\\{1,2}\w")
_ABSOLUTE_PATH = re.compile(
    _HOME + r"|(?<![\w.:/~-])/(mnt|data\d*|tmp|opt|usr|var|media|nfs|share|workspace|softwares)/\w|\b[A-Za-z]:\\{1,2}\w"
)
# What stands where somebody has yet to write something
_PLACEHOLDER = re.compile(r"\b([Ss]ay|[Ww]rite|[Dd]escribe|[Pp]ut) here\b|\b(TODO|FIXME|TBD)\b|在此填写|待补充")
_TEXT = {".py", ".txt", ".yaml", ".yml", ".json", ".sh", ".toml", ".cfg", ".md"}


@dataclass(frozen=True)
class Folder:
    """A model's folder in a repository, and its case in model.yaml if there is one."""

    root: Path
    run_dir: str
    case: Case | None

    @property
    def path(self) -> Path:
        return self.root / self.run_dir

    def readme(self) -> str:
        return _text(self.path / "README.md")

    def named(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, by which rule."""

    rule: str
    message: str


def check(folder: Folder) -> list[Finding]:
    """Everything that is wrong with a model's folder; [] if nothing is."""
    if not folder.path.is_dir():
        return [Finding("files", f"there is no folder {folder.run_dir}")]
    return [Finding(name, message) for name, rule in RULES.items() for message in rule(folder)]


def required_files(folder: Folder) -> Iterator[str]:
    """README, requirements, the four scripts, and whatever else model.yaml names."""
    names = dict.fromkeys([*REQUIRED, *(folder.case.scripts() if folder.case else [])])
    for name in names:
        if not (folder.path / name).is_file():
            yield f"{name} is missing"


def has_case(folder: Folder) -> Iterator[str]:
    """A case in model.yaml, or nobody runs the model."""
    if folder.case is None:
        yield f"model_config/model.yaml has no case whose run_dir is {folder.run_dir}"


def names(folder: Folder) -> Iterator[str]:
    """Domain, model and Python files: lower case, digits and underscores.

    Folders of others, which define no MODEL, may have capitals: their callers and modules know each other by these
    names.
    """
    rule = "names have lower-case letters, digits and underscores, and begin with a letter"
    allowed = _NAME if defines_model(folder.path) else _OTHERS_NAME
    for part in Path(folder.run_dir).parts[-2:]:
        if not allowed.fullmatch(part):
            yield f"'{part}': {rule}"
    for file in own_files(folder.path):
        if file.suffix == ".py" and not allowed.fullmatch(file.stem.lstrip("_")):
            yield f"'{file.stem}': {rule}"


def readme_sections(folder: Folder) -> Iterator[str]:
    """A title and the guide's sections, in order."""
    if not (folder.path / "README.md").is_file():
        return
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*$", _without_code(folder.readme()), re.MULTILINE)
    found: dict[str, tuple[int, str]] = {}
    for place, heading in enumerate(headings):
        match = re.match(r"(\d+(?:\.\d+)*)[.、]?\s*(.*)", heading)
        if match:
            found.setdefault(match[1], (place, match[2].lower()))
    if not headings or re.match(r"\d", headings[0]):
        yield "README.md does not begin with a title: # Name of the model"
    last = -1
    for number, words in SECTIONS.items():
        place, title = found.get(number, (-1, ""))
        if place < 0:
            yield f"README.md has no section {number} ({' / '.join(words)})"
        elif not any(word in title for word in words):
            yield f"README.md, section {number}: its heading '{title}' has none of: {', '.join(words)}"
        elif place < last:
            yield f"README.md, section {number} stands too early"
        last = max(last, place)


def licence(folder: Folder) -> Iterator[str]:
    """A line that says under which licence the model's source stands."""
    texts = [folder.readme(), *(_text(file) for file in own_files(folder.path) if file.suffix == ".py")]
    if (folder.path / "README.md").is_file() and not any(_LICENCE.search(text) for text in texts):
        yield "no line says under which licence the source and the weights stand: in README.md, or licence= in model.py"


def placeholders(folder: Folder) -> Iterator[str]:
    """README.md and model.py hold nothing that stands for a text which somebody has yet to write."""
    if not defines_model(folder.path):
        return
    for name in ("README.md", "model.py"):
        for number, line in enumerate(_text(folder.path / name).splitlines(), start=1):
            if found := _PLACEHOLDER.search(line):
                yield f"{name}:{number} has a placeholder ('{found[0]}'): write what belongs there"


def demos(folder: Folder) -> Iterator[str]:
    """Something to try the model on: in its folder, or in a shared folder that its model.py names."""
    places = [folder.path / "demos", folder.path / "images"]
    if any(_has_file(place) for place in places):
        return
    if not defines_model(folder.path):
        yield "demos/ is missing or holds no file: a few small samples to run the model on"
        return
    try:
        shared = catalogue.load_file(folder.path / "model.py").variant().demo_folder()
    except ZooError as error:
        yield f"demos/ holds no file, and whether model.py names a shared folder cannot be told: {error}"
        return
    if not _has_file(shared) or not shared.resolve().is_relative_to(folder.root.resolve()):
        yield f"demos/ is missing or holds no file, and {shared} is no folder of this repository with demos either"


def _has_file(place: Path) -> bool:
    return place.is_dir() and any(file.stat().st_size for file in place.rglob("*") if file.is_file())


def file_sizes(folder: Folder) -> Iterator[str]:
    """Nothing large in the repository: weights are downloaded."""
    for file in own_files(folder.path):
        if not file.is_symlink() and file.stat().st_size > MAX_BYTES:
            size = f"{file.stat().st_size / 1e6:.1f} MB"
            yield f"{folder.named(file)} has {size}; at most {MAX_BYTES / 1e6:g} MB are taken"


def links(folder: Folder) -> Iterator[str]:
    """No symbolic links: they need not mean the same elsewhere."""
    for file in own_files(folder.path):
        if file.is_symlink():
            yield f"{folder.named(file)} is a symbolic link; put the file itself there"


def absolute_paths(folder: Folder) -> Iterator[str]:
    """No path of somebody's machine. A README may name mount points, but nobody's home."""
    for file in own_files(folder.path):
        if file.suffix not in _TEXT or file.is_symlink():
            continue
        pattern = _HOME_PATH if file.suffix == ".md" else _ABSOLUTE_PATH
        for number, line in enumerate(_text(file).splitlines(), start=1):
            if pattern.search(line):
                yield f"{folder.named(file)}:{number} has an absolute path: {line.strip()[:80]}"


def requirements(folder: Folder) -> Iterator[str]:
    """Everything in requirements.txt is there already, or pip can install it."""
    path = folder.path / "requirements.txt"
    if not path.is_file():
        return
    wanted, mistakes = _requirements_of(path, folder.root)
    yield from mistakes
    if wanted:
        yield from _not_installable(wanted)


def _requirements_of(path: Path, root: Path, seen: frozenset[Path] = frozenset()) -> tuple[list[str], list[str]]:
    """What a requirements file asks for that is not installed, and what is wrong with the file."""
    from packaging.requirements import InvalidRequirement, Requirement

    wanted: list[str] = []
    mistakes: list[str] = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        text = line.partition(" #")[0].strip()
        if not text or text.startswith("#"):
            continue
        where = f"{path.name}:{number}"
        if text.startswith(("-r ", "--requirement ", "-c ", "--constraint ")):
            other = (path.parent / text.split(None, 1)[1]).resolve()
            if not other.is_file() or not other.is_relative_to(root.resolve()) or other in seen:
                mistakes.append(f"{where}: {text} is not a file of this repository")
                continue
            if text.startswith(("-c ", "--constraint ")):
                continue  # bounds of packages that are named elsewhere
            more = _requirements_of(other, root, seen | {path.resolve()})
            wanted += more[0]
            mistakes += more[1]
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            mistakes.append(f"{where}: {text}: {str(error).splitlines()[0]}; write name>=version")
            continue
        if requirement.url:
            mistakes.append(f"{where}: {text}: an address is not taken; name a released package")
        elif not _installed(requirement.name, str(requirement.specifier), requirement.marker):
            wanted.append(text)
    return wanted, mistakes


def _installed(name: str, versions: str, marker: object) -> bool:
    from packaging.specifiers import SpecifierSet

    if marker is not None and not marker.evaluate():  # type: ignore[attr-defined]
        return True  # not for this Python
    try:
        return SpecifierSet(versions).contains(importlib.metadata.version(name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False


def _not_installable(wanted: list[str]) -> Iterator[str]:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps", "--no-input", *wanted]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
            yield f"requirements.txt: pip cannot install {', '.join(wanted)}: {' '.join(last)}"
    except subprocess.TimeoutExpired:
        yield f"requirements.txt: pip found no answer about {', '.join(wanted)} within 120 s"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _without_code(markdown: str) -> str:
    """Markdown without its fenced blocks, in which a line may begin with # and be no heading."""
    return re.sub(r"^(```|~~~).*?^\1[^\n]*$", "", markdown, flags=re.MULTILINE | re.DOTALL)


RULES: dict[str, Callable[[Folder], Iterator[str]]] = {
    "files": required_files,
    "case": has_case,
    "names": names,
    "sections": readme_sections,
    "licence": licence,
    "placeholders": placeholders,
    "requirements": requirements,
    "demos": demos,
    "sizes": file_sizes,
    "links": links,
    "paths": absolute_paths,
}
