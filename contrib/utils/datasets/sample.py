"""One sample of a data set."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sample:
    """What a data set yields.

    Attributes:
        id: names the sample within its data set, the same on every machine (for files: the path relative to
            the root, with forward slashes).
        data: what the preprocessing takes (for images: the file's Path).
        target: the truth, or None where there is none (for classification: the class index, an int).
    """

    id: str
    data: Any
    target: Any = None
