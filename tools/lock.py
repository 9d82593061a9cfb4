"""Write constraints.txt: the exact version of every package in the environment, for each Python that is named.

`make lock` calls this with the Pythons to lock for. pip's own resolver chooses, among wheels only, and installs
nothing. No address is written, so that any index can serve it. Exit codes: 0 written, 2 not written.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# The exact versions that `make run` and `make test` install, for Python {pythons}, resolved on {machine}.
# Written by `make lock` from requirements.txt; do not edit. A line without a condition is the same for all of them.
"""


def resolve(python: str) -> tuple[str, dict[str, str]]:
    """Return the interpreter's version (3.11) and what pip would install with it, by name."""
    code = "import sys; print('{}.{}'.format(*sys.version_info))"
    version = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    print(f"resolving for Python {version}", flush=True)
    command = [python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--only-binary", ":all:", "--quiet"]
    command += ["--disable-pip-version-check", "--report", "-", "--requirement", str(ROOT / "requirements.txt")]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    packages = [item["metadata"] for item in json.loads(done.stdout)["install"]]
    return version, {re.sub(r"[-_.]+", "-", each["name"]).lower(): each["version"] for each in packages}


def lines(resolved: dict[str, dict[str, str]]) -> list[str]:
    """Return the constraints: one line a package, or one a version where the Pythons differ.

    >>> lines({"3.10": {"a": "1", "b": "1"}, "3.11": {"a": "1", "b": "2"}, "3.12": {"b": "2"}})
    ['a==1', 'b==1; python_version == "3.10"', 'b==2; python_version == "3.11" or python_version == "3.12"']
    """
    found = []
    for name in sorted({name for packages in resolved.values() for name in packages}):
        versions: dict[str, list[str]] = {}
        for python, packages in resolved.items():
            if name in packages:
                versions.setdefault(packages[name], []).append(f'python_version == "{python}"')
        single = len(versions) == 1
        found += [f"{name}=={version}" + ("" if single else "; " + " or ".join(on)) for version, on in versions.items()]
    return found


def main(pythons: list[str]) -> int:
    """Resolve for each interpreter and write the file; returns the exit code."""
    try:
        resolved = dict(resolve(python) for python in pythons)
    except FileNotFoundError as error:
        print(f'error: there is no {error.filename}: name your interpreters with LOCK="python3.11 …"', file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(
            f"error: `{error.cmd[0]} {error.cmd[1]}` ended with {error.returncode}; nothing is written", file=sys.stderr
        )
        return 2
    header = HEADER.format(pythons=", ".join(resolved), machine="Linux x86-64")
    (ROOT / "constraints.txt").write_text(header + "\n".join(lines(resolved)) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
