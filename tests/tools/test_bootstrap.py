"""tools/bootstrap.py: what it installs, what it leaves alone, and what it says when it cannot go on."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.tools.conftest import TOOLS, Checkout

SCRIPT = TOOLS / "bootstrap.py"
pytestmark = pytest.mark.timeout(900)  # the first test makes an environment: minutes on a machine that does much else


def zoo(venv: Path, where: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([venv / "bin" / "zoo"], cwd=where, capture_output=True, text=True, check=False)


# -- what it does ----------------------------------------------------------------------------------


def test_run_installs_a_part_and_test_the_rest(ready: Checkout) -> None:
    before = ready.installed()
    done = ready.make("test")
    assert done.returncode == 0, done.stderr
    assert (before, ready.installed()) == ({"run"}, {"run", "test", "apart"})
    for target in ("run", "test"):
        again = ready.make(target)
        assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    site = next(ready.venv.glob("lib/python3*/site-packages"))
    for name in ("test", "apart"):  # the other tests find what they have made
        shutil.rmtree(site / f"tiny_{name}-1.0.dist-info")


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-run.txt", "requirements-no-deps.txt", "constraints.txt"]
)
def test_a_changed_file_makes_it_unready(
    bootstrap: ModuleType, fresh: Checkout, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", fresh.root)
    (fresh.venv / "bin").mkdir(parents=True)
    (fresh.venv / "bin" / "python").touch()
    (fresh.venv / "pyvenv.cfg").write_text("version = 3.11.7\n")
    (fresh.venv / ".ready").write_text(bootstrap.stamp((3, 11), "run") + "\n")
    assert bootstrap.is_ready(fresh.venv, "run")
    assert not bootstrap.is_ready(fresh.venv, "test")
    fresh.write(name, (fresh.root / name).read_text() + "# changed\n")
    assert not bootstrap.is_ready(fresh.venv, "run")


def test_the_constraints_hold(ready: Checkout) -> None:
    ready.write("constraints.txt", "tiny_run==2.0\n")
    done = ready.make()
    assert done.returncode == 2
    assert "fit this Python and each other" in done.stderr
    assert "tiny-run==2.0" in done.stdout


def test_checkouts_share_an_environment_and_each_runs_its_own_code(ready: Checkout, packages: Path) -> None:
    other = Checkout(ready.root.parent / "other", ready.venv)
    other.require(packages)
    shutil.copy(ready.root / "constraints.txt", other.root)
    assert other.make().stdout == ""
    assert ready.make().stdout == ""
    for checkout in (other, ready):
        done = zoo(ready.venv, checkout.root / "contrib" / "zoo")
        assert (done.returncode, done.stdout) == (0, f"{checkout.root}\n"), done.stderr


def test_zoo_elsewhere_is_that_of_the_checkout_that_made_the_environment(ready: Checkout, tmp_path: Path) -> None:
    ready.outdate()
    assert ready.make().returncode == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert zoo(ready.venv, elsewhere).stdout == f"{ready.root}\n"
    shutil.rmtree(ready.root / "contrib")
    done = zoo(ready.venv, elsewhere)
    assert done.returncode == 2
    assert f"{ready.root}, which made this environment, is gone" in done.stderr


# -- interrupted, or two at once -------------------------------------------------------------------


def test_two_at_once_take_turns(ready: Checkout, packages: Path) -> None:
    ready.outdate()
    first = ready.start_held(packages / "tiny_run")
    second = ready.start()
    (packages / "tiny_run" / "hold").unlink()
    assert (first.wait(), second.wait()) == (0, 0)
    assert ready.make().stdout == ""


def test_a_killed_installation_goes_on_where_it_was(ready: Checkout, packages: Path) -> None:
    ready.outdate()
    process = ready.start_held(packages / "tiny_run")
    process.kill()
    process.wait()
    following = ready.start()  # pip outlives its killed parent, and holds the lock until it ends
    (packages / "tiny_run" / "hold").unlink()
    assert following.wait() == 0
    assert ready.make().stdout == ""


def truncated(site: Path) -> None:
    (site / "tiny_run.py").write_text("")


def missing(site: Path) -> None:
    (site / "tiny_run.py").unlink()


def unfinished(site: Path) -> None:
    (site / "tiny_run-1.0.dist-info" / "INSTALLER").unlink()


def unlisted(site: Path) -> None:
    (site / "tiny_run-1.0.dist-info" / "RECORD").unlink()


@pytest.mark.parametrize("damage", [None, truncated, missing, unfinished, unlisted])
def test_only_a_package_that_is_not_whole_is_forgotten(
    bootstrap: ModuleType, tmp_path: Path, damage: Callable[[Path], None] | None
) -> None:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    info = site / "tiny_run-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "tiny_run.py").write_text("whole = True")
    (info / "INSTALLER").write_text("pip\n")
    (info / "RECORD").write_text("tiny_run.py,sha256=x,12\ntiny_run-1.0.dist-info/INSTALLER,,\n")
    if damage:
        damage(site)
    bootstrap.forget_broken(tmp_path)
    assert info.exists() == (damage is None)


def test_a_package_that_is_not_whole_is_installed_again(ready: Checkout) -> None:
    (module,) = ready.venv.glob("lib/python3*/site-packages/tiny_run.py")
    module.write_text("")
    (ready.venv / ".ready").unlink()
    done = ready.make()
    assert done.returncode == 0, done.stderr
    assert module.read_text() == "whole = True"


# -- what can stand in the way ---------------------------------------------------------------------


def test_an_old_python_can_read_the_script() -> None:
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_old_python_gets_one_sentence() -> None:
    pretend = (
        "import runpy, sys; sys.version_info = (3, 8, 1, 'final', 0); "
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Python 3.10 is needed, not 3.8")
    assert done.stderr.count("\n") == 1


def test_an_unreachable_index_is_a_sentence_and_nothing_is_lost(ready: Checkout) -> None:
    working = (ready.root / "requirements-run.txt").read_text()
    ready.write("requirements-run.txt", "a-package-that-is-not-installed==1.0\n")
    done = ready.make(PIP_NO_INDEX="", PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1")
    assert done.returncode == 2
    assert done.stderr.startswith("error: the package index cannot be reached")
    assert f"The whole output is in {ready.venv / 'install.log'}" in done.stderr
    ready.write("requirements-run.txt", working)
    assert ready.make().returncode == 0
    assert ready.installed() >= {"run"}


def test_an_unknown_failure_names_the_log(ready: Checkout, tmp_path: Path) -> None:
    ready.require(tmp_path / "ill")
    (tmp_path / "ill" / "tiny_run" / "backend.py").write_text("raise RuntimeError('the backend is ill')\n")
    done = ready.make()
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert f"The whole output is in {ready.venv / 'install.log'}" in done.stderr
    assert "the backend is ill" in (ready.venv / "install.log").read_text()


def test_a_full_disk_is_noticed_before_anything_is_made(fresh: Checkout) -> None:
    fresh.gigabytes = "1000000.0"
    for _ in range(2):
        done = fresh.make()
        assert done.returncode == 2
        assert "needs 1000000.0 GB while installing" in done.stderr
        assert "VENV=…" in done.stderr
    assert not (fresh.venv / "pyvenv.cfg").exists()


def no_environment(venv: Path) -> None:
    venv.mkdir()
    (venv / "thesis.txt").write_text("mine\n")


def a_file(venv: Path) -> None:
    venv.write_text("mine\n")


def python_gone(venv: Path) -> None:
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to("/nowhere/python3")
    (venv / "pyvenv.cfg").write_text("version = 3.11.7\n")


def python_old(venv: Path) -> None:
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch()
    (venv / "pyvenv.cfg").write_text("version = 3.8.18\n")


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (no_environment, "is not a virtual environment"),
        (a_file, "is not a folder"),
        (python_gone, "a Python that is gone"),
        (python_old, "has Python 3.8"),
    ],
)
def test_what_is_no_environment_is_left_alone(fresh: Checkout, prepare: Callable[[Path], None], words: str) -> None:
    prepare(fresh.venv)
    before = sorted(fresh.venv.rglob("*"))
    done = fresh.make()
    assert done.returncode == 2
    assert words in done.stderr
    assert "VENV=…" in done.stderr
    assert sorted(fresh.venv.rglob("*")) == before


@pytest.fixture
def bootstrap() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LOST = "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConnectionError('refused')'\n"
NONE_FOUND = "ERROR: No matching distribution found for torch==2.14.1\n"
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (RuntimeError(FULL), "disk is full"),
        (RuntimeError("OSError: [Errno 122] Disk quota exceeded\n"), "disk is full"),
        (RuntimeError(LOST + FULL), "disk is full"),
        (RuntimeError(LOST + NONE_FOUND), "cannot be reached"),
        (RuntimeError("pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.\n"), "cannot be reached"),
        (RuntimeError(NONE_FOUND), "fit this Python"),
        (RuntimeError("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))\n"), "PIP_CERT"),
        (RuntimeError("ERROR: ResolutionImpossible: for help visit\n"), "each other"),
        (RuntimeError("Error: Command '['python', '-m', 'ensurepip']' returned 1."), "`apt install python3-venv`"),
        (PermissionError(13, "Permission denied", "/opt/env"), "may not be written"),
        (OSError(30, "Read-only file system", "/mnt/env"), "may not be written"),
        (RuntimeError("error: command 'gcc' failed\n"), "error: error: command 'gcc' failed"),
    ],
)
def test_common_causes_become_a_sentence(
    bootstrap: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problem: Exception,
    words: str,
) -> None:
    def fail(*_: object) -> None:
        raise problem

    monkeypatch.setattr(bootstrap, "make_ready", fail)
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "run"])
    assert bootstrap.main() == 2
    first, *rest = capsys.readouterr().err.splitlines()
    assert words in first
    assert str(problem).strip().splitlines()[0] in "\n".join([first, *rest])
