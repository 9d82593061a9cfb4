"""tvm.transform."""

from __future__ import annotations

from collections.abc import Sequence

_contexts: list[PassContext] = []


class PassContext:
    """Options for what is built inside of the with-block."""

    def __init__(self, opt_level: int = 2, disabled_pass: Sequence[str] = ()):
        self.opt_level = opt_level
        self.disabled_pass = list(disabled_pass)

    def __enter__(self) -> PassContext:
        _contexts.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _contexts.pop()


def current() -> PassContext | None:
    """The innermost context."""
    return _contexts[-1] if _contexts else None
