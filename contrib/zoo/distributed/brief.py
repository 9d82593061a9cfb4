"""A setting on its way to another machine, and what must be the same there for a figure to be the same."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import zoo
from engine import backends
from zoo import catalogue
from zoo.errors import ZooError
from zoo.model import Model
from zoo.provenance import cpu_name, provenance
from zoo.running.setting import Setting
from zoo.task import Task
from zoo_core.hashing import facts_digest, sha256
from zoo_core.machine import cores

from .cluster import Place

CONTRIB = Path(str(zoo.__file__)).resolve().parents[1]
ROOMS = ("zoo_core", "engine", "utils", "zoo")
_MOST_STREAMS = 4
# What is the matter where one of the facts is another one than here
_TOLD = {
    "zoo": "another version of the zoo's code",
    "model": "another version of the model's folder",
    "ckpt": "another network file (its content)",
    "labels": "the model's own class names, not those that were asked for (its task cannot be sent)",
    "own": "the model's own colours and size, not those that were asked for (its task cannot be sent)",
}
# The resources that Ray, or whoever starts a node, has a target's cards under
CARDS = {"cuda": "GPU", "tensorrt": "GPU", "cann": "NPU", "ascend": "NPU", "sdaa": "sdaa"}


@dataclass(frozen=True)
class Brief:
    """A setting without what cannot travel: the model is found by its name again.

    Args:
        model, variant: its name.
        given: the other fields of the setting.
        task: the model's task, packed, where flags have changed it; None where it is the model's own.
    """

    model: str
    variant: str
    given: Mapping[str, Any]
    task: bytes | None = None

    @staticmethod
    def of(setting: Setting) -> Brief:
        """Of a setting; paths are absolute from here on."""
        model = setting.model
        given = {one.name: getattr(setting, one.name) for one in fields(setting) if one.name != "model"}
        given |= {"folder": setting.home.resolve(), "pass_path": setting.pass_path.resolve()}
        if setting.ckpt is not None:
            given |= {"ckpt": setting.ckpt.resolve(), "folder": None}
        own = catalogue.load(model.id).variant(model.variant)
        packed = _packed(model.task)
        return Brief(model.id, model.variant, given, None if packed == _packed(own.task) else packed)

    def setting(self, place: Place) -> Setting:
        """The setting on a node, with the worker's share of its cores and its card."""
        model = catalogue.load(self.model).variant(self.variant)
        if self.task is not None:
            from dataclasses import replace

            task: Task = pickle.loads(self.task)
            model = replace(model, task=task)
        return _shared(Setting(model, **self.given), place)


def _packed(task: Task) -> bytes | None:
    """None for a task that holds what cannot be packed; a worker then has the model's own, and is found out."""
    try:
        return pickle.dumps(task)
    except Exception:
        # what a task holds is a model's own, and pickle raises whatever it likes
        return None


def _shared(setting: Setting, place: Place) -> Setting:
    """With no more workers, streams and threads than the worker has cores, and on the card of its number."""
    name, _, device = setting.target.partition(":")
    if place.card not in ("", "GPU") and not device and setting.devices is None:
        setting = setting.but(target=f"{name}:{place.number}")  # Ray makes a GPU the only one that is seen, not these
    if place.cores >= cores():
        return setting
    streams = setting.streams or min(place.cores, _MOST_STREAMS)
    backend = backends.targets().get(name)
    threads = setting.threads or (max(place.cores // streams, 1) if backend and backend.takes_threads else None)
    return setting.but(workers=setting.workers or place.cores, streams=streams, threads=threads)


def card_of(target: str) -> str:
    """The resource that a worker of a target needs one of; "" for targets that compute on cores."""
    return CARDS.get(target.partition(":")[0], "")


def facts_of(model: Model) -> dict[str, Any]:
    """What of the code and the machine a figure depends on."""
    return {
        "zoo": sources(*(CONTRIB / room for room in ROOMS)),
        "model": sources(*model.folders),
        "versions": provenance()["versions"],
        "processor": cpu_name(),
    }


def require_same(here: Mapping[str, Any], there: Mapping[str, Any], place: Place) -> None:
    """Compare what a node has with what this machine has.

    Raises:
        ZooError: something differs that a figure depends on; the message names the node and what it is.
    """
    for name, told in _TOLD.items():  # those that the job knows
        if there.get(name) != here.get(name):
            raise ZooError(
                f"node {place.host} has {told}, so that its counts would be of something else; make it the same as "
                "here on every node, and begin again"
            )
    versions = {
        name: (here["versions"].get(name, "none"), there["versions"].get(name, "none"))
        for name in sorted({*here["versions"], *there["versions"]})
    }
    other = [f"{name} {theirs} instead of {mine}" for name, (mine, theirs) in versions.items() if mine != theirs]
    if other:
        raise ZooError(f"node {place.host} has {', '.join(other)}; install the same versions on every node")


def processors(found: Mapping[Place, Mapping[str, Any]]) -> str:
    """A line where the nodes have different processors, whose figures may differ in the last bits; "" elsewhere."""
    kinds = sorted({str(facts["processor"]) for facts in found.values()})
    if len(kinds) < 2:
        return ""
    return f"the nodes have different processors ({', '.join(kinds)}), which may differ in the last bits of an output"


def sources(*folders: Path) -> str:
    """The digest of the Python files below folders, by their names within them."""
    return facts_digest(
        [
            [folder.name, path.relative_to(folder).as_posix(), sha256(path)]
            for folder in folders
            for path in sorted(folder.rglob("*.py"))
        ]
    )
