"""The names of a network's classes, and the lines of model.py that give them."""

from __future__ import annotations

from dataclasses import dataclass, field

from zoo.contributing.new.asked import Asked
from zoo.contributing.new.source import Source
from zoo.errors import ZooError

_FILE = "labels.txt"
_LONGEST = 100  # bytes of a folder's name; file systems end at 255, and data sets put something behind it


@dataclass(frozen=True)
class Classes:
    """The names of a network's classes, in model.py's LABELS.

    Attributes:
        names: in the order of the outputs; numbers where nobody has said them.
        constants: the lines that define LABELS.
        imports: (module, name) that they need.
        files: labels.txt, where the names are known.
        left: what is left to do.
    """

    names: tuple[str, ...]
    constants: str
    imports: tuple[tuple[str, str], ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    left: tuple[str, ...] = ()


def _require_folders(names: tuple[str, ...]) -> None:
    """Raise ZooError where a name cannot be that of a folder, as data sets of classifiers have them."""
    for number, name in enumerate(names, 1):
        if not _can_be_folder(name):
            raise ZooError(
                f"class {number}, '{name[:60]}', cannot be the name of a folder, and a data set has one folder a "
                f"class: give names of at most {_LONGEST} bytes, without / and not beginning with a dot, "
                "by --labels FILE"
            )


def _can_be_folder(name: str) -> bool:
    return "/" not in name and not name.startswith(".") and len(name.encode()) <= _LONGEST


def classes_of(source: Source, asked: Asked, count: int, folders: bool = False) -> Classes:
    """The names that the source says, else those of --labels, else numbers.

    Args:
        folders: whether they are those of folders too; where a source's cannot be, --labels takes their place.

    Raises:
        ZooError: another number of names than the network has classes, others than the source says, or some that cannot
            be those of folders.
    """
    asked.require_labels(source.text, count)
    said = source.labels if source.labels is not None and len(source.labels) == count else None
    if folders and said is not None and asked.labels is not None and not all(map(_can_be_folder, said)):
        said = None
    if folders:
        _require_folders(said or asked.labels or ())
    if said is not None:
        if asked.labels not in (None, said):
            pairs = enumerate(zip(said, asked.labels or (), strict=True), 1)
            number, (own, other) = next((number, pair) for number, pair in pairs if pair[0] != pair[1])
            raise ZooError(
                f"--from {source.text} names its classes: number {number} is '{own}', and --labels says '{other}'"
            )
        return _written(said)
    if asked.labels is not None:
        return _written(asked.labels)
    return Classes(
        tuple(f"class_{index}" for index in range(count)),
        "# The source does not name the classes: these are their numbers, in the order of the outputs.\n"
        f'LABELS = tuple(f"class_{{index}}" for index in range({count}))\n',
        left=(f"the source does not name its {count} classes: --labels FILE does, one name a line",),
    )


def assumed(source: Source, asked: Asked, count: int, whose: str, what: str = "classes") -> tuple[str, ...]:
    """A sentence where classes, or points, are taken for those of a well-known data set by their number alone."""
    if source.labels is not None or asked.labels is not None:
        return ()
    return (f"{count} {what} are taken for those of {whose}, in its order: --labels FILE names others",)


def _written(names: tuple[str, ...]) -> Classes:
    return Classes(
        names,
        "# The names of the classes, in the order of the outputs.\n"
        f'LABELS = names_in(Path(__file__).resolve().with_name("{_FILE}"))\n',
        (("utils.postprocess.labels", "names_in"),),
        {_FILE: "".join(f"{name}\n" for name in names).encode()},
    )
