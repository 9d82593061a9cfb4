"""The data that a model names: samples that are made on first use, and public sets that are fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoo_core.hashing import facts_digest
from zoo_core.home import home


@dataclass(frozen=True)
class SampleData:
    """A small data set that is written on first use.

    Args:
        name: of its folder below the zoo's home.
        version: raised by whoever changes what `write` writes.
        write: writes the data set into a folder, as a whole or not at all.
        about: what the data are, in a few words ("drawn scenes"): what is said of weights that were trained on such.
        made_of: what else decides what `write` writes, such as the names of classes: other ones make another folder.
    """

    name: str
    version: int
    write: Callable[[Path], None]
    about: str = ""
    made_of: Sequence[str] = ()

    def folder(self) -> Path:
        """The data set's folder, written if it does not exist."""
        digest = f"-{facts_digest(list(self.made_of))[:8]}" if self.made_of else ""
        folder = home() / "samples" / f"{self.name}-v{self.version}{digest}"
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            self.write(folder)
        return folder


@dataclass(frozen=True)
class ReferenceData:
    """A public, labelled data set, named by the addresses and digests of its files; the project ships none of it.

    Args:
        name: by which people ask for it.
        title: what it is, for people.
        listing: a text file with a line a file: address, bytes (0 where they are not known), SHA-256 or the MD5 that
            the source states, and the name by which `arrange` knows it, with tabs between.
        arrange: makes the data set in the format that the task reads: called with the folder of the fetched files and
            the folder to fill.
        licence: of the data.
        terms: whose terms somebody accepts by using it ("ImageNet: non-commercial research"); "" where there are none.
        rule: which part of the published set it is ("every fourth picture of the test set"); "" for all of it.
        other: why the published figure says nothing of these data (other recordings, another mixture of classes, chosen
            samples); "" where it does.
        count: how many samples it holds.
        placed: how a person gets the files, where no program may fetch them ("download them from its authors' page");
            they are looked for in a folder that the message names. "" where they are fetched.
    """

    name: str
    title: str
    listing: Path
    arrange: Callable[[Path, Path], None]
    licence: str
    count: int
    terms: str = ""
    rule: str = ""
    other: str = ""
    placed: str = ""

    @property
    def whole(self) -> bool:
        """Whether it is all of what the published figure was measured on."""
        return not self.rule
