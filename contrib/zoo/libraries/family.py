"""A library, or some networks of it, as a `Family`: all that a model.py of such a folder says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from zoo.family import Family

from .names import names


def family(
    library: ModuleType,
    file: str,
    title: str,
    variants: Sequence[str] = (),
    default: str = "",
    paper: str = "",
    **fields: Any,
) -> Family:
    """The family of a folder below example/.

    Args:
        library: the zoo's module for the library, such as `zoo.libraries.torchvision`.
        file: `__file__` of the model.py.
        title: for people.
        variants: the library's names; all that it has by default.
        default: the variant that is meant where none is named; the first one by default.
        paper: authors, title, year.
        fields: further fields of every `Model`; `demos=None` where the folder has demos of its own, in place of the
            photographs that all classifiers share.
    """
    folder = Path(file).resolve().parent
    return Family(
        domain=folder.parent.name,
        name=folder.name,
        title=title,
        folder=folder,
        framework=library.FRAMEWORK,
        names=variants or partial(names, library.LIBRARY),
        make=partial(library.model, paper=paper, **fields),
        default=default,
        library=not variants,
    )
