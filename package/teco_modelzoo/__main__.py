"""`zoo`, and `python -m teco_modelzoo`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run one job of the zoo; returns its exit code."""
    import teco_modelzoo  # noqa: F401 - which puts the rooms on the path
    from zoo.__main__ import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
