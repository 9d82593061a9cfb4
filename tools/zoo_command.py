"""Write the environment's `zoo` command. `tools/bootstrap.py` runs this with the environment's own Python.

The command runs the zoo of the checkout that the current folder lies in; elsewhere, of the checkout that made the
environment. So checkouts can share one environment, and none of them runs another's code without a word.
"""

import os
import subprocess
import sys
from pathlib import Path

# The shell starts Python, because a path with blanks or of more than 127 characters cannot stand after `#!`.
COMMAND = """#!/bin/sh
\'\'\'exec' "{python}" "$0" "$@"
\'\'\'
import os
import sys

here = os.getcwd()
while not os.path.isfile(os.path.join(here, "contrib", "zoo", "__main__.py")):
    if here == os.path.dirname(here):
        here = {checkout!r}
        break
    here = os.path.dirname(here)
contrib = os.path.join(here, "contrib")
if not os.path.isdir(contrib):
    print(f"error: {{here}}, which made this environment, is gone: run `make env` in a checkout", file=sys.stderr)
    sys.exit(2)
sys.path.insert(0, contrib)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [contrib, os.environ.get("PYTHONPATH", "")]))

from zoo.__main__ import main

sys.exit(main())
"""


def write(python: Path, checkout: Path) -> None:
    """Put the command beside this interpreter, in the place of any installed zoo, which would hide all checkouts."""
    uninstall = [str(python), "-m", "pip", "uninstall", "--yes", "--quiet", "teco-modelzoo"]
    subprocess.run(uninstall, check=True, stderr=subprocess.DEVNULL)  # it warns when there is none
    part = python.parent / ".zoo.part"
    part.write_text(COMMAND.format(python=python, checkout=str(checkout)), encoding="utf-8")
    part.chmod(0o755)
    os.replace(part, python.parent / "zoo")


if __name__ == "__main__":
    write(Path(sys.executable), Path(sys.argv[1]))
