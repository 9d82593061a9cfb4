"""Prints names of a library that are in names/<library>.txt, the smallest network of each of its modules first:

python -m zoo.libraries.smallest LIBRARY [COUNT]

Then come the second smallest ones, and so on, until there are COUNT (all by default). So a sweep that is stopped has
seen all modules, and no time goes into a hundred sizes of one. Names of the same architecture with other weights (timm
and torchvision write them behind a dot) are left out. Networks are built without values, which takes some minutes.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import Any

from zoo_core.errors import first_line

from .listing import module_of, version_of
from .names import names

_log = logging.getLogger(__name__)


def architectures(known: Iterable[str]) -> list[str]:
    """One name of each architecture: the plain one, or the first with something behind a dot."""
    found: dict[str, str] = {}
    for name in sorted(known):
        found.setdefault(name.partition(".")[0], name)
    return list(found.values())


def in_turns(sized: Iterable[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    """(module, parameters, name), ordered by module and size, in turns: one of each module, then another of each."""
    modules: dict[str, list[tuple[str, int, str]]] = {}
    for one in sorted(sized):
        modules.setdefault(one[0], []).append(one)
    turns = zip_longest(*modules.values())
    return [one for turn in turns for one in sorted(filter(None, turn), key=lambda one: one[1:])]


def _sized(library: str) -> Iterator[tuple[str, int, str]]:

    network = module_of(library).network
    for name in architectures(names(library)):
        made = _built(network, name)
        if made is None:
            yield "not built", 0, name
        else:
            yield type(made).__module__, sum(one.numel() for one in made.parameters()), name


def _built(network: Callable[[str], Any], name: str) -> Any:
    """The network, without values where that is possible: some builders compute with them. None where none comes."""
    import torch

    for device in ("meta", "cpu"):
        try:
            with torch.device(device):
                return network(name)
        except Exception as error:
            # builders raise what they like
            _log.warning("%s on %s: %s", name, device, first_line(error))
    return None


def _lines(library: str, count: int | None) -> Iterator[str]:
    found = in_turns(_sized(library))
    modules = len({module for module, _, _ in found})
    chosen = found[:count]
    yield f"# {library} {version_of(library)}: {len(chosen)} of {len(found)} architectures, from {modules} modules."
    yield "# Chosen by python -m zoo.libraries.smallest: the smallest network of each module, then the next of each."
    yield from (f"{name}  # {module.rpartition('.')[2]}, {size / 1e6:.2f} M" for module, size, name in chosen)


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    for line in _lines(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None):
        print(line, flush=True)
