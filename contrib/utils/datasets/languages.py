"""Sentences by language: a text file a language, named by its code (de.txt), with a sentence a line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from utils.datasets.folder import check_folder
from utils.datasets.sample import Listed, Sample
from utils.text_file import read_lines
from zoo_core.errors import DataError

SUFFIX = ".txt"


class SentencesByLanguage(Listed):
    """A sample a line that is not empty: its id is "de.txt:<line>", its data the sentence, its truth the index of the
    language.

    Args:
        root: the folder.
        languages: codes of all that the network knows, in its order.

    Raises:
        DataError: no such folder, no such file in it, or one that is named by no code, or has no sentence.
    """

    def __init__(self, root: str | Path, languages: Sequence[str]) -> None:
        check_folder(Path(root))
        paths = sorted(Path(root).glob(f"*{SUFFIX}"))
        if not paths:
            raise DataError(f"{root}: there is no file CODE{SUFFIX} in this folder, such as de{SUFFIX}.")
        known = {code: index for index, code in enumerate(languages)}
        self._samples = []
        for path in paths:
            if path.stem not in known:
                raise DataError(f"{path}: {path.stem!r:.40} is none of the {len(known)} codes that the network knows.")
            lines = [(number, line.strip()) for number, line in enumerate(read_lines(path), start=1) if line.strip()]
            if not lines:
                raise DataError(f"{path}: there is no sentence in this file.")
            self._samples += [Sample(f"{path.name}:{number}", line, known[path.stem]) for number, line in lines]
