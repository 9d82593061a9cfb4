"""A small checkout with the real tools, whose one requirement is a local project that needs no index to be built."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"

BACKEND = '''"""Write a wheel of one file; wait first while the project's folder has a file `hold`."""
import time
import zipfile
from pathlib import Path

def build_wheel(folder, config_settings=None, metadata_directory=None):
    while Path("hold").exists():
        Path("held").touch()
        time.sleep(0.05)
    info = "{name}-1.0.dist-info/"
    with zipfile.ZipFile(Path(folder) / "{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("{name}.py", "whole = True")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n{requires}")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return "{name}-1.0-py3-none-any.whl"
'''
PYPROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
ZOO = "from pathlib import Path\n\ndef main():\n    print(Path(__file__).parents[2])\n    return 0\n"


class Checkout:
    """Requirements `tiny_run` for `make run`, `tiny_test` besides for `make test`, and `tiny_apart` without its own."""

    def __init__(self, root: Path, venv: Path) -> None:
        self.root, self.venv, self.gigabytes = root, venv, "0.01"
        shutil.copytree(TOOLS, root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        (root / "contrib" / "zoo").mkdir(parents=True)
        (root / "contrib" / "zoo" / "__init__.py").touch()
        (root / "contrib" / "zoo" / "__main__.py").write_text(ZOO)
        self.write("constraints.txt", "# exact versions\n")

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def require(self, packages: Path) -> None:
        """Ask for three projects that are made in `packages`, unless they are there."""
        for name, requires in (("tiny_run", ""), ("tiny_test", ""), ("tiny_apart", "Requires-Dist: nowhere\\n")):
            folder = packages / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "backend.py").write_text(BACKEND.replace("{name}", name).replace("{requires}", requires))
            (folder / "pyproject.toml").write_text(PYPROJECT)
        self.write("requirements-run.txt", (packages / "tiny_run").as_uri() + "\n")
        self.write("requirements.txt", f"-r requirements-run.txt\n{(packages / 'tiny_test').as_uri()}\n")
        self.write("requirements-no-deps.txt", (packages / "tiny_apart").as_uri() + "\n")

    def command(self, target: str) -> list[str]:
        script = self.root / "tools" / "bootstrap.py"
        sizes = f"{self.gigabytes}, {self.gigabytes}"
        script.write_text(re.sub(r"\d+\.\d+, \d+\.\d+", sizes, (TOOLS / "bootstrap.py").read_text("utf-8")), "utf-8")
        return [sys.executable, str(script), target, "--venv", str(self.venv)]

    def environ(self, **more: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
        return {**kept, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, **more}

    def make(self, target: str = "run", **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(target), capture_output=True, text=True, check=False, env=self.environ(**environ)
        )

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command("run"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=self.environ()
        )

    def start_held(self, package: Path) -> subprocess.Popen[str]:
        """Start an installation and return while pip is building the package."""
        (package / "held").unlink(missing_ok=True)
        (package / "hold").touch()
        process = self.start()
        while not (package / "held").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        return process

    def outdate(self) -> None:
        """Change what is to be installed without changing what it comes to."""
        with open(self.root / "constraints.txt", "a", encoding="utf-8") as file:
            file.write("# changed\n")

    def installed(self) -> set[str]:
        infos = self.venv.glob("lib/python3*/site-packages/tiny_*.dist-info")
        return {info.name.partition("-")[0].removeprefix("tiny_") for info in infos}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the projects are that a checkout asks for."""
    return tmp_path_factory.mktemp("packages")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One environment for the module: making one takes seconds."""
    return tmp_path_factory.mktemp("environments") / "an env"


@pytest.fixture
def fresh(tmp_path: Path, packages: Path) -> Checkout:
    """A checkout whose environment has yet to be made."""
    made = Checkout(tmp_path / "a checkout", tmp_path / "env")
    made.require(packages)
    return made


@pytest.fixture
def ready(fresh: Checkout, environment: Path) -> Checkout:
    """A checkout whose environment has all that `make run` needs."""
    fresh.venv = environment
    done = fresh.make()
    assert done.returncode == 0, done.stdout + done.stderr
    return fresh
