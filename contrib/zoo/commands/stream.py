"""A prediction that is printed while it comes."""

from __future__ import annotations

from zoo_core.errors import in_one_line


class Stream:
    """Prints "name: text", piece by piece.

    Args:
        name: of the sample.
    """

    def __init__(self, name: str) -> None:
        self._name = in_one_line(name)
        self._shown = ""

    def __call__(self, piece: str) -> None:
        """Print what has come."""
        if not self._shown:
            print(f"{self._name}: ", end="")
        print(piece, end="", flush=True)
        self._shown += piece

    def finish(self, said: str) -> None:
        """Print what is left of `said`, the whole; all of it where something else has been shown."""
        if not self._shown:
            print(f"{self._name}: {said}")
        elif said.startswith(self._shown):
            print(said[len(self._shown) :])
        else:
            print(f"\n{self._name}: {said}")
