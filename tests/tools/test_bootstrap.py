"""tools/bootstrap.py: what it installs, what it leaves alone, and what it says when it cannot go on.

The processes here install two tiny local projects whose build backend needs nothing, so that no test
touches a network, and which wait while a file named `hold` exists, so that no test guesses at time.
"""

import ast
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "bootstrap.py"

BACKEND = '''"""Write a wheel of one file; wait first while the project's folder has a file `hold`."""
import time
import zipfile
from pathlib import Path

def build_wheel(folder, config_settings=None, metadata_directory=None):
    here = Path.cwd()
    while (here / "hold").exists():
        (here / "held").touch()
        time.sleep(0.05)
    info = "{name}-1.0.dist-info/"
    with zipfile.ZipFile(Path(folder) / "{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("{name}.py", "where = " + repr(str(here)))
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return "{name}-1.0-py3-none-any.whl"

build_editable = build_wheel
'''

PYPROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "1.0"
"""


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- Python itself ---------------------------------------------------------------------------------


def test_an_old_python_can_read_the_script() -> None:
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_old_python_gets_one_sentence() -> None:
    pretend = (
        "import runpy, sys; sys.version_info = (3, 8, 1, 'final', 0); "
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: Python 3.10 or newer is needed, and this is Python 3.8")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("version", "fit"),
    [((3, 9, 18), False), ((3, 10, 0), True), ((3, 14, 0), True), ((2, 7, 18), False), ((4, 0, 0), True)],
)
def test_which_pythons_are_new_enough(bootstrap: ModuleType, version: tuple[int, ...], fit: bool) -> None:
    assert (bootstrap.unfit_python(version) == "") == fit


# -- what pip says, translated ---------------------------------------------------------------------

LOST = (
    "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConnectionError("
    "'<HTTPConnection object>: Failed to establish a new connection: [Errno 111] Connection refused')'\n"
)
NONE_FOUND = (
    "ERROR: Could not find a version that satisfies the requirement torch==2.14.1 (from versions: none)\n"
    "ERROR: No matching distribution found for torch==2.14.1\n"
)
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (FULL, "disk is full"),
        ("OSError: [Errno 122] Disk quota exceeded\n", "quota"),
        (LOST + FULL, "disk is full"),
        (LOST + NONE_FOUND, "cannot be reached"),
        ("pip._vendor.urllib3.exceptions.ReadTimeoutError: Read timed out.\n", "cannot be reached"),
        (NONE_FOUND, "no release of torch==2.14.1 fits Python 3.99"),
        ("ERROR: [Errno 13] Permission denied: '/opt/env/lib'\n", "may not write"),
        ("OSError: [Errno 30] Read-only file system: '/mnt/env'\n", "read-only"),
        ("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))\n", "PIP_CERT"),
        ("ERROR: ResolutionImpossible: for help visit\n", "contradict"),
    ],
)
def test_common_causes_become_a_sentence(bootstrap: ModuleType, log: str, words: str) -> None:
    sentence = bootstrap.explain(log, 1, "3.99")
    assert words in sentence
    assert "\n" not in sentence


def test_an_uncommon_cause_is_not_guessed(bootstrap: ModuleType) -> None:
    assert bootstrap.explain("error: command 'gcc' failed with exit code 1\n") == ""


def test_a_killed_pip_is_named(bootstrap: ModuleType) -> None:
    assert "memory" in bootstrap.explain("Collecting torch\n", -signal.SIGKILL)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Collecting torch==2.14.1 (from -r requirements.txt (line 9))\n", "Collecting torch==2.14.1"),
        (
            "  Downloading http://host/a/torch-2.14.1.whl (554.6 MB)\n",
            "Downloading torch-2.14.1.whl (554.6 MB)",
        ),
        ("Installing collected packages: a, b, c\n", "Installing 3 packages"),
        ("Requirement already satisfied: numpy in /env/lib\n", ""),
    ],
)
def test_progress_shows_what_pip_is_at(bootstrap: ModuleType, line: str, shown: str) -> None:
    assert bootstrap.headline(line) == shown


def test_what_is_missing_on_a_later_python_is_said(bootstrap: ModuleType) -> None:
    assert "paddle2onnx" in bootstrap.notes((3, 13))[0]
    assert not any("paddle2onnx" in note for note in bootstrap.notes((3, 12)))


# -- as a process ----------------------------------------------------------------------------------


class Checkout:
    """A project with one requirement, and ways to install both into an environment."""

    def __init__(self, root: Path, venv: Path) -> None:
        self.root, self.venv = root, venv
        self.requirement = root / "needed"
        for folder, name in ((root, "tiny_zoo"), (self.requirement, "tiny_needed")):
            folder.mkdir(parents=True)
            (folder / "backend.py").write_text(BACKEND.replace("{name}", name), encoding="utf-8")
            (folder / "pyproject.toml").write_text(PYPROJECT.format(name=name), encoding="utf-8")
        self.requirements = root / "requirements.txt"
        self.requirements.write_text(self.requirement.as_uri() + "\n", encoding="utf-8")

    def command(self, *more: str) -> list[str]:
        return [
            *(sys.executable, str(SCRIPT), "--venv", str(self.venv), "--project", str(self.root)),
            *("--requirements", str(self.requirements), "--environment-gb", "0.01", "--temporary-gb", "0.01"),
            *more,
        ]

    def environ(self, **more: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
        return {**kept, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, **more}

    def run(self, *more: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*more), capture_output=True, text=True, check=False, env=self.environ(**environ)
        )

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environ()
        )

    def start_held(self) -> "subprocess.Popen[str]":
        """Start an installation and return while pip is building the requirement."""
        (self.requirement / "held").unlink(missing_ok=True)
        (self.requirement / "hold").touch()
        process = self.start()
        while not (self.requirement / "held").exists():
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        return process

    def let_go(self) -> None:
        (self.requirement / "hold").unlink(missing_ok=True)

    def outdate(self) -> None:
        """Change requirements.txt without changing what it asks for."""
        self.requirements.write_text(self.requirements.read_text() + "# changed\n", encoding="utf-8")

    def log(self) -> str:
        return (self.venv / "install.log").read_text(encoding="utf-8")

    def installations(self) -> int:
        return self.log().count("--requirement")

    def points_at(self) -> str:
        (record,) = self.venv.glob("lib/python3*/site-packages/tiny_zoo-1.0.dist-info/direct_url.json")
        return str(json.loads(record.read_text(encoding="utf-8"))["url"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """One checkout and environment for the module: making an environment takes seconds."""
    folder = tmp_path_factory.mktemp("bootstrap")
    return Checkout(folder / "a checkout", folder / "an env")


@pytest.fixture
def ready(shared: Checkout) -> Iterator[Checkout]:
    """The same, with its environment ready before the test, and nothing held after it."""
    done = shared.run()
    assert done.returncode == 0, done.stdout + done.stderr
    yield shared
    shared.let_go()


@pytest.fixture
def fresh(tmp_path: Path) -> Checkout:
    """A checkout whose environment has yet to be made; the tests that take it never get that far."""
    return Checkout(tmp_path / "checkout", tmp_path / "env")


def test_the_first_run_installs_requirements_and_project(ready: Checkout) -> None:
    python = ready.venv / "bin" / "python"
    where = [
        str(python),
        "-c",
        "import tiny_needed, tiny_zoo; print(tiny_needed.where, tiny_zoo.where, sep='|')",
    ]
    found = subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    assert found == f"{ready.requirement}|{ready.root}"
    assert "$ " in ready.log()
    assert not (ready.venv / ".unfinished").exists()


def test_a_second_run_starts_nothing(ready: Checkout) -> None:
    before = ready.log()
    done = ready.run()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert ready.log() == before


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_a_changed_file_is_installed_again(ready: Checkout, name: str) -> None:
    before = ready.installations()
    file = ready.root / name
    file.write_text(file.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    done = ready.run()
    assert done.returncode == 0, done.stderr
    assert "up to date" in done.stdout
    assert "ready after" in done.stdout
    assert ready.installations() == before + 1


def test_another_checkout_only_repoints_the_project(ready: Checkout, tmp_path: Path) -> None:
    other = Checkout(tmp_path / "other", ready.venv)
    shutil.copy(ready.requirements, other.requirements)
    shutil.copy(ready.root / "pyproject.toml", other.root / "pyproject.toml")
    before = ready.installations()
    done = other.run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Pointing the shared environment")
    assert ready.points_at() == other.root.as_uri()
    assert ready.installations() == before
    assert ready.run().returncode == 0
    assert ready.points_at() == ready.root.as_uri()


def test_an_unreachable_index_is_a_sentence(ready: Checkout) -> None:
    working = ready.requirements.read_text(encoding="utf-8")
    ready.requirements.write_text("a-package-that-is-not-installed==1.0\n", encoding="utf-8")
    closed = {"PIP_NO_INDEX": "", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}
    done = ready.run(**closed)
    ready.requirements.write_text(working, encoding="utf-8")
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith("error: installing failed: the package index cannot be reached")
    assert second == f"The whole output is in {ready.venv / 'install.log'}"
    after = ready.run()  # nothing had been changed, so nothing is made afresh
    assert after.returncode == 0
    assert "afresh" not in after.stdout


def test_an_unknown_failure_shows_the_end_of_the_log(ready: Checkout) -> None:
    working = (ready.requirement / "backend.py").read_text(encoding="utf-8")
    (ready.requirement / "backend.py").write_text("raise RuntimeError('the backend is ill')\n")
    ready.outdate()
    done = ready.run()
    (ready.requirement / "backend.py").write_text(working, encoding="utf-8")
    assert done.returncode == 2
    assert "the backend is ill" in ready.log()
    assert "pip ended with these lines" in done.stderr
    assert str(ready.venv / "install.log") in done.stderr


def test_two_at_once_take_turns(ready: Checkout) -> None:
    ready.outdate()
    before = ready.installations()
    first = ready.start_held()
    second = ready.start()
    assert second.stdout is not None
    assert second.stdout.readline().startswith("Another process is installing into")
    ready.let_go()
    assert first.wait() == 0
    assert second.communicate()[0] == ""
    assert second.returncode == 0
    assert ready.installations() == before + 1


def test_an_interrupted_installation_takes_pip_along(ready: Checkout) -> None:
    ready.outdate()
    process = ready.start_held()
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 143
    ready.let_go()
    done = ready.run()
    assert done.returncode == 0
    assert "Another process" not in done.stdout
    assert "afresh" not in done.stdout


def test_a_killed_installation_is_made_afresh(ready: Checkout) -> None:
    ready.outdate()
    process = ready.start_held()
    process.kill()
    process.wait()
    leftover = ready.venv / "lib" / "leftover"
    leftover.touch()
    following = ready.start()
    assert following.stdout is not None
    # pip outlives its killed parent, and holds the lock until it ends
    assert following.stdout.readline().startswith("Another process is installing into")
    ready.let_go()
    said = following.communicate()[0]
    assert following.returncode == 0, said
    assert said.startswith("An earlier installation was cut short; starting afresh.")
    assert not leftover.exists()
    assert not (ready.venv / ".tmp").exists()
    assert ready.run().stdout == ""


def test_a_python_without_ensurepip_names_the_package(fresh: Checkout, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "ensurepip.py").write_text("raise ImportError('absent', name='ensurepip')\n")
    for _ in range(2):  # the second run finds what the first one left, and says the same
        done = fresh.run(PYTHONPATH=str(tmp_path / "broken"))
        assert done.returncode == 2
        assert done.stderr.startswith(f"error: {sys.executable} cannot make virtual environments")
        assert "its module ensurepip is missing" in done.stderr
        assert "`apt install python{}.{}-venv`".format(*sys.version_info[:2]) in done.stderr
    assert not (fresh.venv / "pyvenv.cfg").exists()


def test_a_full_disk_is_noticed_before_anything_is_made(fresh: Checkout) -> None:
    for _ in range(2):
        done = fresh.run("--environment-gb", "1000000")
        assert done.returncode == 2
        assert done.stderr.startswith("error: about 1000000.0 GB are needed in")
        assert "GB are free there" in done.stderr
        assert "VENV=…" in done.stderr
    assert not (fresh.venv / "pyvenv.cfg").exists()


def test_what_is_installed_already_needs_no_space(bootstrap: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "lib").write_bytes(bytes(2_000_000))
    free = shutil.disk_usage(tmp_path).free / 1e9
    bootstrap.check_disk(tmp_path, 0.002, 2 * free)
    with pytest.raises(bootstrap.BootstrapError, match="GB are needed"):
        bootstrap.check_disk(tmp_path, 0.004, 4 * free)


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
        (python_gone, "is gone"),
        (python_old, "has Python 3.8.18"),
    ],
)
def test_what_is_no_environment_is_left_alone(fresh: Checkout, prepare: Callable[[Path], None], words: str) -> None:
    prepare(fresh.venv)
    before = sorted(fresh.venv.rglob("*"))
    done = fresh.run()
    assert done.returncode == 2
    assert words in done.stderr
    assert "VENV=…" in done.stderr
    assert sorted(fresh.venv.rglob("*")) == before


def test_a_folder_that_may_not_be_written_is_a_sentence(
    bootstrap: ModuleType,
    fresh: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)  # root, who runs many a test suite, may write anywhere
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert bootstrap.main(fresh.command()[2:]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: this user may not write there")
    assert str(fresh.venv) in said
