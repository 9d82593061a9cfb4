"""Labelled images in the layout of ImageNet: one folder a class, root/<class>/**/<image>."""

import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.datasets.class_folders import class_indices
from utils.datasets.folder import IMAGE_SUFFIXES, check_folder, in_order, is_passed_over, names_below
from utils.datasets.packed import Packed
from utils.datasets.sample import Lazy, Sample
from utils.notices import notice
from utils.preprocess.image import load_rgb
from zoo_core.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

RANK, SIZE = "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"


class ImageFolder(Lazy):
    """The images below `root`: classes in sorted order, and the files of a class in sorted order.

    A sample's id is its path relative to `root`, its data the file's Path, its truth the class index.

    Args:
        root: the folder that holds one folder for each class. Hidden names are passed over.
        classes: folder names in index order (for ImageNet: the 1,000 WordNet ids). With it, a folder's index
            is its index here, so that a part of the classes is scored rightly; numbers are class indices. Folders
            with other names are taken in sorted order when they are exactly as many as `classes`. Without it,
            sorted order is the index order.

    Raises:
        DataError: no such folder, no class folders, a class folder without images, an image directly in
            `root`, or folder names that do not fit `classes`.
    """

    own_files = True

    def __init__(self, root: str | Path, classes: Sequence[str] | None = None) -> None:
        self.root = Path(root)
        folders = _class_folders(self.root)
        indices = class_indices(self.root, folders, classes)
        # packed names and class indices only: of a million images, objects would take more than all the rest of a run
        self._names = Packed()
        self._targets = array("I")
        for folder, index in zip(folders, indices, strict=True):
            found = _images(self.root / folder)
            self._names.extend(f"{folder}/{name}" for name in found)
            self._targets.extend([index] * len(found))
        self._places = range(len(self._names))

    def _read(self, place: int) -> Sample:
        name = self._names[place]
        return Sample(name, self.root / name, self._targets[place])


def rank_and_world(environ: Mapping[str, str] = os.environ, rank: int = -1) -> tuple[int, int]:
    """This process's number and how many processes share the work, as mpirun tells: (0, 1) when it does not.

    Args:
        environ: where OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE are read.
        rank: the number to use where the environment names none; -1 means 0.

    Raises:
        DataError: only one of the two variables is set, one is no whole number, or the rank is not below the
            size.
    """
    if (RANK in environ) != (SIZE in environ):
        there, missing = (RANK, SIZE) if RANK in environ else (SIZE, RANK)
        raise DataError(f"{there} is set but {missing} is not: set both (mpirun does), or neither.")
    if RANK in environ:
        rank, world = _whole(environ, RANK), _whole(environ, SIZE)
    else:
        rank, world = max(rank, 0), 1
    if not 0 <= rank < world:
        raise DataError(f"rank {rank} of {world} processes: {RANK} must be from 0 to {SIZE} - 1 (got size {world}).")
    return rank, world


def shard(samples: Sequence[Sample], rank: int, world: int) -> Sequence[Sample]:
    """The samples of process `rank` out of `world`: every world-th one, so each is taken exactly once."""
    if not 0 <= rank < world:
        raise DataError(f"rank {rank} of {world} processes: the rank must be from 0 to {world - 1}.")
    return samples[rank::world]


class ImageLoader:
    """Batches of (list of RGB images, int64 tensor of class indices); can be gone through again and again.

    Images are read when their batch is asked for, so memory does not grow with the data set. Every batch is full:
    what is left at the end is dropped, and a notice says how many images that are. Made by `load_data`.
    """

    def __init__(self, samples: Sequence[Sample], batch_size: int) -> None:
        if batch_size < 1:
            raise DataError(f"batch_size is {batch_size}: it must be at least 1.")
        self._samples = samples
        self._batch_size = batch_size

    def __len__(self) -> int:
        """The number of batches."""
        return len(self._samples) // self._batch_size

    def __iter__(self) -> "Iterator[tuple[list[Image], Any]]":
        import torch

        for start in range(0, len(self) * self._batch_size, self._batch_size):
            batch = self._samples[start : start + self._batch_size]
            targets = torch.tensor([sample.truth for sample in batch], dtype=torch.int64)
            yield [load_rgb(sample.data) for sample in batch], targets


def load_data(valdir: str | Path, batch_size: int, rank: int = -1) -> ImageLoader:
    """Full batches of (list of RGB PIL images, int64 torch tensor of labels) from a folder in ImageNet's layout.

    Scripts average the accuracy of batches, so that a last batch with fewer images would weigh too much: it is
    dropped, with a notice. `zoo valid` counts every sample. Labels are numbered in sorted order of the class folders.
    Under mpirun each process gets its own share.

    Args:
        valdir: the folder that holds one folder for each class.
        batch_size: images in a batch.
        rank: this process's number where the environment names none; -1 means a single process.

    Raises:
        DataError: as ImageFolder and rank_and_world; batch_size below 1; while reading: an image cannot be
            read.
    """
    samples = shard(ImageFolder(valdir), *rank_and_world(rank=rank))
    loader = ImageLoader(samples, batch_size)
    dropped = len(samples) - len(loader) * batch_size
    if dropped:
        notice(
            "images dropped",
            str(valdir),
            f"the last {dropped} of {len(samples)} images do not fill a batch of {batch_size}, and are dropped. zoo "
            "valid counts every image.",
        )
    return loader


def _class_folders(root: Path) -> list[str]:
    check_folder(root)
    entries = [entry for entry in os.scandir(root) if not is_passed_over(entry.name)]
    for entry in entries:
        if entry.is_symlink() and not os.path.exists(entry.path):
            raise DataError(f"{root}: {entry.name} is a link to {os.readlink(entry.path)}, which is not there.")
        if entry.name.lower().endswith(IMAGE_SUFFIXES) and not entry.is_dir():
            raise DataError(
                f"{root}: {entry.name} lies directly in the folder, where it has no label. Move it into a "
                "folder named after its class: root/<class>/<image>."
            )
    folders = sorted(entry.name for entry in entries if entry.is_dir())
    if not folders:
        raise DataError(f"{root}: there are no class folders here. Expected root/<class>/<image>.")
    _require_different(root, [entry.name for entry in entries if entry.is_dir() and entry.is_symlink()], folders)
    return folders


def _require_different(root: Path, links: Sequence[str], folders: Sequence[str]) -> None:
    """Raise DataError where a class folder is a link to another one: its pictures would be of both classes."""
    others = {os.path.realpath(root / name): name for name in folders if name not in links} if links else {}
    for name in links:
        place = os.path.realpath(root / name)
        if place in others:
            raise DataError(
                f"{root}: the class folders {others[place]} and {name} are one and the same ({place}), and its "
                "pictures cannot be of both classes. Remove one."
            )
        others[place] = name


def _images(folder: Path) -> list[str]:
    found = in_order(names_below(folder, IMAGE_SUFFIXES))
    if not found:
        raise DataError(
            f"{folder}: this class folder holds no images ({', '.join(IMAGE_SUFFIXES)}). Put some in, or remove it."
        )
    return found


def _whole(environ: Mapping[str, str], name: str) -> int:
    try:
        return int(environ[name])
    except ValueError as error:
        raise DataError(f"{name} is {environ[name]!r}: a whole number is expected.") from error
