"""tvm.target."""

from __future__ import annotations


class Target:
    """What is compiled for, such as Target("sdaa --libs=tecodnn,tecoblas", host="llvm")."""

    def __init__(self, name: str, host: str | None = None):
        self.kind = name.split()[0]
        self.host = host
