"""Make the project's virtual environment, or find it ready. `make` calls this before every target.

Standard library only, and parseable by Python 3.6, so that whatever Python a newcomer has gets a
sentence about what to do. A ready environment is recognised without starting pip. Exit codes: 0 the
environment is ready, 2 it cannot be made here (the last lines say why), 130 and 143 interrupted.
"""

import argparse
import ctypes
import hashlib
import importlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlparse


def unfit_python(version: tuple) -> str:
    """Say what is wrong with a Python of this version; the empty string when nothing is."""
    if version[:2] >= (3, 10):
        return ""
    return (
        "Python 3.10 or newer is needed, and this is Python {}.{}: "
        "name another one with `make … PYTHON=python3.12`.".format(*version[:2])
    )


if unfit_python(sys.version_info):  # before anything that an older Python would trip over
    print("error: " + unfit_python(sys.version_info), file=sys.stderr)
    sys.exit(2)

ROOT = Path(__file__).resolve().parent.parent

# Measured with requirements.txt on Linux x86-64: what the finished environment holds, and what pip
# keeps in the temporary folder while it works: every download, and once more the largest of them.
# Most of it is torch, its CUDA libraries, and MindSpore.
ENVIRONMENT_GB = 11.3
TEMPORARY_GB = 4.7

STAMP = ".ready"  # written last: the digest of what was installed
UNFINISHED = ".unfinished"  # there only while files are being changed
LOCK = ".lock"
LOG = "install.log"
TEMPORARY = ".tmp"  # pip's downloads: on the environment's disk, and gone with it, also when pip is killed
OURS = {STAMP, UNFINISHED, LOCK, LOG, TEMPORARY}


class BootstrapError(Exception):
    """The environment cannot be made; the message is for a person."""


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


def duration(seconds: float) -> str:
    """Write seconds the way people say them.

    >>> duration(8.4), duration(185)
    ('8 s', '3 min 5 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


# -- what is there ---------------------------------------------------------------------------------


def environment_version(venv: Path) -> str:
    """Return the Python version that a virtual environment was made with; empty if it is none."""
    with suppress(OSError):
        for line in (venv / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "version":
                return value.strip()
    return ""


def digest(requirements: Path, project: Path, version: str) -> str:
    """Return what the stamp must say for the environment to be ready."""
    whole = hashlib.sha256(version.encode())
    for file in (requirements, project / "pyproject.toml"):
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def project_name(project: Path) -> str:
    """Return the distribution name in pyproject.toml (tomllib is not in Python 3.10)."""
    found = re.search(r'(?m)^name\s*=\s*"([^"]+)"', (project / "pyproject.toml").read_text(encoding="utf-8"))
    if not found:
        raise BootstrapError(f'{project / "pyproject.toml"} has no line `name = "…"`.')
    return found.group(1)


def installed_from(venv: Path, name: str) -> Path | None:
    """Return the checkout that the environment's editable installation of the project points at."""
    folder = re.sub(r"[-_.]+", "_", name)
    for record in venv.glob(f"lib/python3*/site-packages/{folder}-*.dist-info/direct_url.json"):
        origin = json.loads(record.read_text(encoding="utf-8"))
        if origin.get("dir_info", {}).get("editable"):
            return Path(unquote(urlparse(origin["url"]).path))
    return None


def stamped(venv: Path, wanted: str) -> bool:
    """Whether everything in requirements.txt is installed, as the stamp has it."""
    with suppress(OSError):
        return (venv / STAMP).read_text(encoding="utf-8").strip() == wanted and python_of(venv).exists()
    return False


def python_of(venv: Path) -> Path:
    """Return the environment's own interpreter."""
    return venv / "bin" / "python"


# -- what can stand in the way ---------------------------------------------------------------------


def check_venv_module() -> None:
    """Debian and Ubuntu ship Python without the module that fills a virtual environment."""
    try:
        importlib.import_module("venv")
        importlib.import_module("ensurepip")
    except ImportError as error:
        name = "python{}.{}-venv".format(*sys.version_info[:2])
        raise BootstrapError(
            f"{sys.executable} cannot make virtual environments, because its module {error.name} is missing. "
            f"On Debian and Ubuntu, `apt install {name}` brings it; "
            "or name another Python with `make … PYTHON=/path/to/python3`."
        ) from None


def check_place(venv: Path) -> None:
    """Refuse to fill, or empty, a folder that is something else."""
    way_out = "remove it, or name another place with VENV=…"
    if venv.exists() and not venv.is_dir():
        raise BootstrapError(f"{venv} is not a folder: {way_out}")
    if (venv / UNFINISHED).exists() or not venv.exists():
        return
    version = environment_version(venv)
    if not version and any(path.name not in OURS for path in venv.iterdir()):
        raise BootstrapError(f"{venv} exists and is not a virtual environment: {way_out}")
    if version and not python_of(venv).exists():
        raise BootstrapError(f"the Python that the environment {venv} was made with is gone: {way_out}")
    if version and unfit_python(tuple(int(part) for part in version.split(".")[:2])):
        raise BootstrapError(f"the environment {venv} has Python {version}, and 3.10 is needed: {way_out}")


def size_of(folder: Path) -> int:
    """Return the bytes in a folder."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total


def shortage(demands: list[tuple[Path, float]]) -> str:
    """Compare gigabytes to be written below folders with what is free, added up for each file system."""
    wanted: dict[int, tuple[Path, float]] = {}
    for folder, gigabytes in demands:
        there = next(place for place in (folder, *folder.parents) if place.is_dir())
        first, others = wanted.get(there.stat().st_dev, (there, 0.0))
        wanted[there.stat().st_dev] = (first, others + gigabytes)
    for folder, gigabytes in wanted.values():
        free = shutil.disk_usage(folder).free / 1e9
        if free < gigabytes:
            return f"about {gigabytes:.1f} GB are needed in {folder}, and {free:.1f} GB are free there"
    return ""


def check_disk(venv: Path, environment_gb: float, temporary_gb: float) -> None:
    """Refuse to begin what would end in a full disk, and do without pip's cache where only that fits not."""
    missing = max(0.0, environment_gb - size_of(venv) / 1e9)
    temporary = temporary_gb * missing / environment_gb if environment_gb else 0.0
    found = shortage([(venv, missing + temporary)])
    if found:
        raise BootstrapError(f"{found}: make room, or move the environment to another disk with VENV=…")
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = Path(os.environ.get("PIP_CACHE_DIR") or caches)
    if shortage([(venv, missing + temporary), (cache, temporary)]):
        os.environ["PIP_NO_CACHE_DIR"] = "1"


def lacks_openmp() -> bool:
    """Whether Linux misses the OpenMP library that PaddlePaddle takes from the system."""
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        return sys.platform == "linux"
    return False


EXPLANATIONS = (
    (
        r"No space left on device|\[Errno 28\]|Disk quota exceeded|\[Errno 122\]",
        "the disk is full (or a quota is used up): make room, or move the environment to another disk with VENV=…",
    ),
    (
        r"Read-only file system|\[Errno 30\]",
        "the environment lies on a read-only file system; VENV=… moves it.",
    ),
    (
        r"Permission denied|\[Errno 13\]|Operation not permitted|\[Errno 1\]",
        "this user may not write there; VENV=… moves the environment to a folder of your own.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError",
        "the package index's certificate is not trusted here; if a proxy re-signs traffic, give pip its "
        "certificate with PIP_CERT=/path/to/ca.pem",
    ),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|Read timed out|ProxyError"
        r"|ConnectionResetError|RemoteDisconnected|Max retries exceeded|Network is unreachable",
        "the package index cannot be reached: check the network, the proxy (https_proxy) and pip's settings "
        "(`pip config list`), then run the same command again.",
    ),
    (r"ResolutionImpossible", "the requirements contradict each other; the log names the packages."),
    (
        r"THESE PACKAGES DO NOT MATCH THE HASHES",
        "a download was damaged on its way; run the same command again.",
    ),
)


def explain(log: str, status: int = 1, python: str = "") -> str:
    """Translate pip's output into one sentence; the empty string when the cause is not a common one.

    A lost connection that pip got over stands in the output too, so the errors of this machine come
    first, and "no matching distribution" after an unreachable index counts as the latter.
    """
    if status == -signal.SIGKILL:
        return "pip was killed, most likely because memory ran out."
    for pattern, sentence in EXPLANATIONS:
        if re.search(pattern, log):
            return sentence
    unmatched = re.search(r"No matching distribution found for (\S+)", log)
    if unmatched:
        return (
            f"no release of {unmatched.group(1)} fits Python {python or platform.python_version()} on "
            f"{platform.system()} {platform.machine()}, or the index in use lacks it or did not answer; "
            "PYTHON=python3.12 tries another Python, with VENV=… naming a new folder."
        )
    return ""


# -- doing it --------------------------------------------------------------------------------------


@contextmanager
def locked(venv: Path) -> Iterator[int]:
    """Let one process at a time change the environment; yields the lock's file descriptor.

    Children inherit the descriptor, so that a pip whose parent was killed keeps the lock until it ends.
    """
    import fcntl

    with open(venv / LOCK, "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f"Another process is installing into {venv}; waiting for it to end.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


class Step:
    """Child processes whose output goes to the log while one line on the screen stays alive."""

    def __init__(self, venv: Path, lock: int) -> None:
        self.venv, self.lock = venv, lock
        self.began = time.monotonic()
        self.doing = ""
        self.changing = False  # pip has begun to change installed files
        self.tail: deque[str] = deque(maxlen=400)

    def run(self, doing: str, *command: str) -> int:
        """Run the command to its end and return its status."""
        self.doing, self.changing = doing, False
        self.tail.clear()
        temporary = self.venv / TEMPORARY
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        child = subprocess.Popen(
            command,
            env=environment_of_children(temporary),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[self.lock],
        )
        reader = threading.Thread(target=self.read, args=(child, " ".join(command)), daemon=True)
        reader.start()
        try:
            self.show(reader)
            return child.wait()
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
            shutil.rmtree(temporary, ignore_errors=True)

    def read(self, child: subprocess.Popen[bytes], title: str) -> None:
        """Copy the child's lines to the log, and remember what it is at."""
        with open(self.venv / LOG, "ab", buffering=0) as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} $ {title}\n".encode())
            for raw in child.stdout or ():
                line = raw.decode("utf-8", "replace")
                self.tail.append(line)
                self.doing = headline(line) or self.doing
                self.changing = self.changing or line.startswith("Installing collected packages")
                with suppress(OSError):  # a full disk: go on listening, for pip will say so
                    log.write(raw)

    def show(self, reader: threading.Thread) -> None:
        """Keep one line on a terminal up to date; elsewhere print a line a minute."""
        live = sys.stdout.isatty()
        pause, width = (0.25 if live else 60.0), shutil.get_terminal_size().columns - 1
        while reader.is_alive():
            reader.join(pause)
            line = f"  {duration(time.monotonic() - self.began):>11}  {self.doing}"
            if live:
                sys.stdout.write("\r\033[K" + line[:width] if reader.is_alive() else "\r\033[K")
                sys.stdout.flush()
            elif reader.is_alive():
                say(line)


def environment_of_children(temporary: Path) -> dict[str, str]:
    """Return this process's variables, less what would send packages elsewhere or ask a question."""
    unwanted = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
    settings = {"PIP_NO_INPUT": "1", "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    kept = {key: value for key, value in os.environ.items() if key not in unwanted}
    return {**kept, **settings, "PYTHONUNBUFFERED": "1", "TMPDIR": str(temporary)}


def headline(line: str) -> str:
    """Return the part of a line of pip's that tells a person what it is at; empty for the others.

    >>> headline("Collecting torch==2.14.1 (from -r requirements.txt (line 8))")
    'Collecting torch==2.14.1'
    """
    found = re.match(r"\s*(Collecting \S+|Downloading \S+.*|Building \S+.*)", line)
    if found:
        return re.sub(r"(Downloading )\S*/", r"\1", found.group(1).strip())
    if line.startswith("Installing collected packages:"):
        return f"Installing {line.count(',') + 1} packages"
    return ""


def pip(step: Step, doing: str, *arguments: str) -> None:
    """Run the environment's pip; raises BootstrapError with the cause, or else the log's last lines."""
    command = (str(python_of(step.venv)), "-m", "pip", "install", "--progress-bar", "off", *arguments)
    try:
        status = step.run(doing, *command)
    finally:
        if not step.changing:  # nothing was touched, so nothing has to be made afresh
            (step.venv / UNFINISHED).unlink(missing_ok=True)
    if status:
        sentence = explain("".join(step.tail), status, environment_version(step.venv))
        last = "".join("    " + line for line in list(step.tail)[-12:])
        raise BootstrapError(
            f"installing failed: {sentence or 'pip ended with these lines:'}\n"
            f"{'' if sentence else last}The whole output is in {step.venv / LOG}"
        )


def empty(venv: Path) -> None:
    """Remove what a killed installation left, and the mark of it last, so that this too may be killed."""
    for path in venv.iterdir():
        if path.name not in (UNFINISHED, LOCK):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def create(step: Step) -> None:
    """Make the environment with nothing but pip; in two steps, because venv swallows what ensurepip says."""
    for command in (
        (sys.executable, "-m", "venv", "--without-pip", str(step.venv)),
        (str(python_of(step.venv)), "-m", "ensurepip", "--default-pip"),
    ):
        status = step.run("Making the environment", *command)
        if status:
            output = "".join(step.tail)
            raise BootstrapError(f"`{' '.join(command)}` failed: {explain(output, status) or output.strip()}")


def editable(step: Step, project: Path) -> None:
    """Point the environment's installation of the project at this checkout; needs no index."""
    flags = ("--no-deps", "--no-build-isolation", "--no-index")
    pip(step, f"Installing the project from {project}", *flags, "--editable", str(project))


def write_stamp(venv: Path, text: str) -> None:
    """Declare the environment ready, in one step."""
    part = venv / (STAMP + ".part")
    part.write_text(text + "\n", encoding="utf-8")
    os.replace(part, venv / STAMP)


def announce(options: argparse.Namespace, fresh: bool) -> None:
    """Say what begins now."""
    venv, requirements = options.venv, options.requirements.name
    if fresh:
        say(
            f"Making the environment {venv} from {requirements}: about {options.environment_gb:.0f} GB, "
            "some minutes on a fast connection. VENV=… puts it elsewhere."
        )
    else:
        say(f"Bringing the environment {venv} up to date with {requirements}.")


def notes(version: tuple) -> list[str]:
    """Return what will not work in an environment with this version of Python on this machine."""
    found = []
    if version >= (3, 13):
        found.append(
            "note: models that come from Paddle cannot be exported on this Python, for which there is no "
            "paddle2onnx; PYTHON=python3.12 with a VENV=… of its own has everything."
        )
    elif lacks_openmp():
        found.append("note: Paddle needs the system's libgomp.so.1 (Debian, Ubuntu: `apt install libgomp1`).")
    return found


def install(step: Step, options: argparse.Namespace) -> None:
    """Bring the environment from whatever state it is in to the one that the files ask for."""
    venv = options.venv
    if (venv / UNFINISHED).exists():
        say("An earlier installation was cut short; starting afresh.")
        empty(venv)
    fresh = not environment_version(venv)
    if fresh:
        check_venv_module()
    check_disk(venv, options.environment_gb, options.temporary_gb)
    announce(options, fresh)
    (venv / UNFINISHED).touch()
    (venv / STAMP).unlink(missing_ok=True)
    if fresh:
        create(step)
    pip(step, "Starting pip", "--requirement", str(options.requirements))
    editable(step, options.project)
    (venv / UNFINISHED).unlink(missing_ok=True)
    version = environment_version(venv)
    write_stamp(venv, digest(options.requirements, options.project, version))
    say(f"The environment is ready after {duration(time.monotonic() - step.began)}.")
    for note in notes(tuple(int(part) for part in version.split(".")[:2])):
        say(note)


def is_ready(options: argparse.Namespace) -> bool:
    """Whether nothing is left to do."""
    wanted = digest(options.requirements, options.project, environment_version(options.venv))
    pointed = installed_from(options.venv, project_name(options.project))
    return stamped(options.venv, wanted) and pointed == options.project


def make_ready(options: argparse.Namespace) -> None:
    """Do what is missing, alone; the state is read again once the lock is held."""
    if is_ready(options):
        return
    check_place(options.venv)
    options.venv.mkdir(parents=True, exist_ok=True)
    with locked(options.venv) as lock:
        if is_ready(options):
            return
        step = Step(options.venv, lock)
        wanted = digest(options.requirements, options.project, environment_version(options.venv))
        if stamped(options.venv, wanted):
            say(f"Pointing the shared environment {options.venv} at {options.project}.")
            editable(step, options.project)
        else:
            install(step, options)


def arguments(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Make the project's virtual environment, or find it ready.")
    add = parser.add_argument
    add("--venv", type=Path, default=ROOT / ".venv", help="where it is (default: .venv)")
    add("--requirements", type=Path, default=ROOT / "requirements.txt", help="what to install")
    add("--project", type=Path, default=ROOT, help="the checkout to install, editable")
    add("--environment-gb", type=float, default=ENVIRONMENT_GB, help="disk space that it takes")
    add("--temporary-gb", type=float, default=TEMPORARY_GB, help="disk space that pip takes meanwhile")
    options = parser.parse_args(argv)
    for name in ("venv", "requirements", "project"):
        setattr(options, name, Path(os.path.abspath(getattr(options, name).expanduser())))
    return options


def main(argv: list[str]) -> int:
    """Make the environment; returns the exit code."""
    if sys.platform == "win32":
        print("error: Linux or macOS is needed; on Windows, use WSL.", file=sys.stderr)
        return 2
    for stream in (sys.stdout, sys.stderr):  # a locale that lacks a character must not stop anything
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        make_ready(arguments(argv))
    except BootstrapError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    except OSError as error:
        sentence = explain(str(error))
        print(f"error: {sentence} ({error})" if sentence else f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted; the same command starts again.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
