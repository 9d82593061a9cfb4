"""Make the project's virtual environment with venv and pip, or find it ready. `make` calls this before its targets.

Standard library only, and parseable by Python 3.6, so that an old Python gets a sentence too. Exit codes: 0 the
environment is ready, 2 it cannot be made here (the first line says why), 130 interrupted.
"""

import argparse
import csv
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

if sys.version_info < (3, 10):  # before anything that an older Python would trip over
    sys.stderr.write("error: Python 3.10 is needed, not {}.{}: make … PYTHON=python3.12\n".format(*sys.version_info))
    sys.exit(2)

ROOT = Path(__file__).resolve().parent.parent
# For each target: what it installs, and in GB (Linux x86-64) the environment, and the most that is taken meanwhile.
SETS = {"run": ("requirements-run.txt", 6.2, 10.0), "test": ("requirements.txt", 11.1, 16.0)}
FILES = ("requirements.txt", "requirements-run.txt", "requirements-no-deps.txt", "constraints.txt")
CAUSES = {
    "No space left|quota exceeded": "the disk is full: make room, or name another disk with VENV=…",
    "Permission denied|Read-only file": "this folder may not be written: name another with VENV=…",
    r"Retrying \(Retry|timed out|CERTIFICATE": "the package index cannot be reached: check network, proxy, PIP_CERT",
    "No matching distribution|ResolutionImpossible": "no releases there fit this Python and each other: pip says which",
    "ensurepip": "venv could not put pip into the environment: on Debian and Ubuntu, `apt install python3-venv`",
}


def version_of(venv: Path) -> tuple[int, ...]:
    """Return the version of Python that an environment was made with; empty if the folder is none."""
    config = venv / "pyvenv.cfg"
    found = re.search(r"(?m)^version *= *(\d+)\.(\d+)", config.read_text("utf-8")) if config.is_file() else None
    return tuple(map(int, found.groups())) if found else ()


def is_ready(venv: Path, target: str) -> bool:
    """Whether all that the target needs is installed; starts nothing."""
    stamps = (venv / ".ready").read_text("utf-8").splitlines() if (venv / ".ready").is_file() else []
    return stamp(version_of(venv), target) in stamps and (venv / "bin" / "python").exists()


def stamp(version: tuple[int, ...], target: str) -> str:
    """Return the line that says what is installed: by content only, so that checkouts can share an environment."""
    content = b"\0".join((ROOT / name).read_bytes() for name in FILES)
    return f"{target} with Python {version}: {hashlib.sha256(content).hexdigest()}"


def check_place(venv: Path) -> None:
    """Refuse a folder that is something else, or an environment that cannot work."""
    version, ours = version_of(venv), {".lock", ".tmp", "install.log"}
    if venv.exists() and not venv.is_dir():
        problem = "is not a folder"
    elif venv.is_dir() and not version and {path.name for path in venv.iterdir()} - ours:
        problem = "exists and is not a virtual environment"
    elif version and not (venv / "bin" / "python").exists():
        problem = "was made with a Python that is gone"
    elif version and version < (3, 10):
        problem = "has Python {}.{}, and 3.10 is needed".format(*version)
    else:
        return
    raise RuntimeError(f"{venv} {problem}: remove it, or name another place with VENV=…")


def check_disk(venv: Path, after: float, meanwhile: float) -> None:
    """Refuse to begin what would end in a full disk. What is installed already needs no space again."""
    used = sum(path.lstat().st_size for path in venv.rglob("*")) / 1e9
    needed, free = max(0.0, 1 - used / after) * meanwhile, shutil.disk_usage(venv).free / 1e9
    if needed > free:
        raise RuntimeError(f"{venv} needs {needed:.1f} GB while installing, and {free:.1f} are free: VENV=… moves it")


def forget_broken(venv: Path) -> None:
    """After an interrupted installation, forget each package that is not whole, so that pip installs it again."""
    for info in venv.glob("lib/python3*/site-packages/*.dist-info"):
        with suppress(OSError, ValueError):
            sizes = csv.reader((info / "RECORD").read_text("utf-8").splitlines())
            whole = all((info.parent / name).stat().st_size == int(size) for name, _, size in sizes if size)
            if whole and (info / "INSTALLER").exists():  # pip writes it after everything else
                continue
        shutil.rmtree(info)


def run(venv: Path, lock: int, *command: str | Path) -> None:
    """Run a step, which speaks for itself. It inherits the lock, and so keeps it if this process is killed."""
    unwanted = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER")
    environ, log = {key: os.environ[key] for key in os.environ if key not in unwanted}, venv / "install.log"
    environ.update(PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_LOG=str(log), TMPDIR=str(venv / ".tmp"))
    done = subprocess.run(command, stderr=subprocess.PIPE, env=environ, pass_fds=[lock], text=True, errors="replace")
    if done.returncode:
        raise RuntimeError(f"{done.stderr.strip()[-2000:]}\nThe whole output is in {log}")


def install(venv: Path, target: str, lock: int) -> None:
    """Bring the environment from whatever state it is in to the one that the files ask for."""
    python = venv / "bin" / "python"
    (venv / ".ready").unlink(missing_ok=True)
    shutil.rmtree(venv / ".tmp", ignore_errors=True)  # of an installation that was killed
    (venv / ".tmp").mkdir()
    if not any(venv.glob("lib/python3*/site-packages/pip-*.dist-info")):
        run(venv, lock, sys.executable, "-m", "venv", venv)
    stamps = [stamp(version_of(venv), each) for each in (SETS if target == "test" else [target])]  # before pip reads
    pip = (python, "-m", "pip", "install", "--constraint", ROOT / "constraints.txt", "--requirement")
    run(venv, lock, *pip, ROOT / SETS[target][0])
    if target == "test":
        run(venv, lock, *pip, ROOT / "requirements-no-deps.txt", "--no-deps")
    run(venv, lock, python, Path(__file__).with_name("zoo_command.py"), ROOT)
    (venv / ".ready").write_text("\n".join(stamps), "utf-8")


def make_ready(venv: Path, target: str) -> None:
    """Do what is missing, alone; the state is read again once the lock is held."""
    if is_ready(venv, target):
        return
    check_place(venv)
    venv.mkdir(parents=True, exist_ok=True)
    with open(venv / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second process waits here
        if not is_ready(venv, target):
            print(f"Installing what `make {target}` needs into {venv}: {SETS[target][1]} GB in the end.", flush=True)
            forget_broken(venv)
            check_disk(venv, *SETS[target][1:])
            install(venv, target, lock.fileno())


def main() -> int:
    """Make the environment; returns the exit code."""
    parser = argparse.ArgumentParser(description="Make the project's virtual environment, or find it ready.")
    parser.add_argument("target", choices=SETS, help="what it is for")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="where it is (default: .venv)")
    options = parser.parse_args()
    try:
        make_ready(options.venv.absolute(), options.target)
    except (RuntimeError, OSError) as problem:
        cause = next((sentence for pattern, sentence in CAUSES.items() if re.search(pattern, str(problem))), "")
        print(f"error: {cause}{cause and chr(10)}{problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
