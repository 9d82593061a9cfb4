"""What people take for a checkpoint: refused before anything reads it, and called by what it is.

No framework is imported here.
"""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from pathlib import Path

import numpy as np

from engine.backends.compiling.onnx_file import input_names_of
from zoo.errors import ZooError
from zoo_core.contents import JSON, content_of
from zoo_core.errors import first_line

HOW = (
    "in the script that trained it, torch.save(network.state_dict(), 'weights.pth'), or paddle.save(…, "
    "'weights.pdparams'), writes one that can be read"
)
# How far a file may unpack: a checkpoint has optimiser and averages beside the weights, and little more
_TIMES, _ROOM = 20, 256 << 20
_START = 512
_PIECE = 1 << 20
_OF_TORCH = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the number that files of torch's older format begin with, pickled


def require_checkpoint(path: Path, network_bytes: int | None = None) -> None:
    """Refuse what is no checkpoint before anything reads it.

    Args:
        network_bytes: what the network's own tensors take; None: archives may unpack to any size.

    Raises:
        ZooError: the file is empty, a page, a pointer, cut short, or unpacks to far more than the network.
    """
    what = content_of(path)
    if what:
        beside = "; the tensors lie in the files beside it" if what == JSON else ""
        raise ZooError(f"{path} is not a checkpoint of tensors: it is {what}{beside}")
    with path.open("rb") as file:
        start = file.read(_START)
    if start[8:10] == b'{"' and not is_safetensors(path):
        raise ZooError(f"{path} is not a checkpoint of tensors: it is damaged or cut short (within its header)")
    if start.startswith(b"PK") and not is_safetensors(path):
        _require_archive(path, network_bytes)


def require_no_network(path: Path) -> None:
    """Refuse an ONNX file where a checkpoint of a framework's network is needed.

    Raises:
        ZooError: it is one.
    """
    if input_names_of(path):
        raise ZooError(
            f"{path} is an ONNX file, a whole network, and a checkpoint of this one is needed; zoo new DOMAIN/NAME "
            "--from FILE.onnx makes a model of it"
        )


def require_torch(path: Path) -> None:
    """Refuse a pickle that torch did not write, such as a dict of arrays, or a file of Paddle.

    Raises:
        ZooError: it is one.
    """
    with path.open("rb") as file:
        start = file.read(_START)
    # a safetensors file begins with the length of its header, whose lowest byte may be 0x80 too
    if start.startswith(b"\x80") and _OF_TORCH not in start[:40] and not is_safetensors(path):
        raise ZooError(
            f"{path} is a pickle that torch.save did not write (Paddle's files are such), and is not opened; {HOW}"
        )


def require_paddle(path: Path) -> None:
    """Refuse a file that torch wrote, and the nameless weights of an inference program.

    Raises:
        ZooError: it is one.
    """
    with path.open("rb") as file:
        start = file.read(_START)
    if (start.startswith(b"PK") or _OF_TORCH in start[:40]) and not is_safetensors(path):
        raise ZooError(f"{path} was written by torch.save, and this is a network of Paddle; {HOW}")
    if path.suffix == ".pdiparams":
        raise ZooError(
            f"{path} holds the weights of an inference program (paddle.jit.save), which have no names there; {HOW}"
        )


def safetensors_arrays(path: Path) -> dict[str, np.ndarray]:
    """What a .safetensors file holds, bfloat16 too.

    Raises:
        ZooError: it is damaged, or holds numbers of a type that numpy lacks.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    with contextlib.suppress(ImportError):
        import ml_dtypes  # noqa: F401  numpy knows bfloat16 from then on
    try:
        return load_file(str(path))
    except (AttributeError, TypeError) as error:
        raise ZooError(
            f"{path} holds numbers of a type that numpy lacks ({first_line(error)}): write it with float32 or float16"
        ) from error
    except (SafetensorError, ValueError, OSError) as error:
        raise damage(path, error) from error


def damage(path: Path, error: Exception) -> ZooError:
    """The error of a library that could not read a file, in a sentence."""
    what = f"it is damaged or cut short ({first_line(error)})" if is_safetensors(path) else first_line(error)
    return ZooError(f"{path} is not a checkpoint of tensors: {what}")


def unpacked_bytes(path: Path) -> int:
    """What a checkpoint takes when it is unpacked; of one that is no archive, its size."""
    if not zipfile.is_zipfile(path):
        return path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _require_archive(path: Path, network_bytes: int | None) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ZooError(f"{path} is not a checkpoint of tensors: it is damaged or cut short ({error})") from error
    names = {entry.filename.rpartition("/")[2] for entry in entries}
    if "constants.pkl" in names:
        raise ZooError(f"{path} is a TorchScript program, and a state dict is needed: {HOW}")
    if "archive_format" in names:
        raise ZooError(f"{path} is a program of torch.export, and a state dict is needed: {HOW}")
    if "data.pkl" not in names and any(name.endswith(".npy") for name in names):
        raise ZooError(f"{path} is a numpy archive (.npz), and a state dict is needed")
    if "data.pkl" not in names:
        inside = ", ".join(sorted(names - {""})[:4]) or "nothing"
        raise ZooError(f"{path} is no checkpoint, but a zip archive that holds {inside}: unpack it first")
    unpacked = sum(entry.file_size for entry in entries)
    if network_bytes is not None and unpacked > _TIMES * network_bytes + _ROOM:
        raise ZooError(
            f"{path} unpacks to {unpacked / 1e6:,.0f} MB, and the network has {network_bytes / 1e6:,.1f} MB: this is "
            "no checkpoint of it"
        )
    _require_sums(path, entries)


def _require_sums(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive with a part that is not what was written: torch.load compares no checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in entries:
                if entry.CRC:  # none is written where torch.serialization.set_crc32_options says so
                    with archive.open(entry) as part:
                        while part.read(_PIECE):
                            pass
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
        raise ZooError(
            f"{path} is not a checkpoint of tensors: it is damaged ({error}); copy or fetch it once more"
        ) from error


def is_safetensors(path: Path) -> bool:
    """Whether a file is laid out as safetensors are, whatever it is called."""
    with path.open("rb") as file:
        start = file.read(9)
    length = int.from_bytes(start[:8], "little")
    return len(start) == 9 and start[8:] == b"{" and 1 < length < path.stat().st_size
