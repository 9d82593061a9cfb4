"""Reads damaged files one after the other in a process with little memory, and says of each what came of it.

Started by `runner`: python -m tests.fuzz.worker SEED FIRST COUNT LOADER…
Case k damages a file of loader k mod their number. A line a case: "case k LOADER" before it, then "read", "refused" or
"WRONG" with the traceback in JSON.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

from tests.fuzz.loaders import LOADERS, Loader
from utils.notices import forget
from zoo_core.errors import ZooCoreError

MEMORY = 1 << 30  # bytes that reading may take beyond what the imports took


def main(seed: int, first: int, count: int, names: list[str]) -> None:
    """Run cases `first` to `first + count - 1`."""
    warnings.simplefilter("ignore")  # of Pillow, about the damage
    with tempfile.TemporaryDirectory() as root:
        folders = {}
        for name in names:
            folders[name] = Path(root) / name.replace(" ", "_")
            folders[name].mkdir()
            LOADERS[name].write(folders[name])
            LOADERS[name].read(folders[name])  # whole files are read, and everything is imported
        _limit_memory()
        for case in range(first, first + count):
            name = names[case % len(names)]
            print(f"case {case} {name}", flush=True)
            print(_outcome(LOADERS[name], folders[name], random.Random(f"{seed} {case} {name}")), flush=True)


def _outcome(loader: Loader, folder: Path, draw: random.Random) -> str:
    path = folder / draw.choice(loader.damaged)
    whole = path.read_bytes()
    content = whole
    for _ in range(draw.choice((1, 1, 2, 3))):
        content = draw.choice(loader.mutators)(draw, content)
    path.write_bytes(content)
    forget()
    try:
        loader.read(folder)
    except ZooCoreError as error:
        return "refused" if _is_sentence(str(error)) else f"WRONG {json.dumps(f'this is no sentence: {error!s}')}"
    except BaseException:
        return f"WRONG {json.dumps(traceback.format_exc()[-3000:])}"
    finally:
        path.write_bytes(whole)
    return "read"


def _is_sentence(text: str) -> bool:
    """What a person can read: several words, no traceback, and of a length that fits a screen."""
    return " " in text.strip() and "Traceback" not in text and len(text) < 2000


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
