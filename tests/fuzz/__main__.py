"""python -m tests.fuzz N [--seed S] [--only LOADER …]: damage N files, read them, and say what came of it.

Run it from the root of the repository, with contrib on PYTHONPATH; `make fuzz N=100000` does that. Exit code 1 where
anything else came of a file than content or a sentence.
"""

from __future__ import annotations

import argparse
import sys

from tests.fuzz.loaders import LOADERS
from tests.fuzz.runner import run


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="how many files are damaged")
    parser.add_argument("--seed", type=int, default=0, help="another one gives other damage")
    parser.add_argument("--only", nargs="+", choices=LOADERS, default=list(LOADERS), help="these loaders")
    args = parser.parse_args()
    result = run(args.count, args.seed, args.only)
    for text in result.wrong:
        print(text, "\n")
    print(", ".join(f"{name} {count}" for name, count in sorted(result.outcomes.items())))
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
