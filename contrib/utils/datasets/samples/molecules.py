"""Made molecules in the layout of TU Dortmund's collection, with the seven atoms of MUTAG.

Each has a ring of six carbons, a few more carbons on it, one nitrogen and two oxygens, and perhaps a halogen. In half
of them (class 1) both oxygens hang on the nitrogen, a nitro group, which is what makes many of MUTAG's compounds
mutagenic; in the others (class -1) at least one of them hangs on a carbon. Atoms are the same in both, so that nothing
but the edges tells them apart, and they always do: the best possible accuracy is 1. They are no real substances.

It rests on numpy's RandomState, whose numbers never change between versions.
"""

from pathlib import Path

import numpy as np

from utils.datasets.graph import Graph
from utils.datasets.samples.once import written_once
from utils.datasets.tu_graphs import labelled_graph
from zoo_core.files import write_text

SEED = 20261127
ATOMS = ("C", "N", "O", "F", "I", "Cl", "Br")  # in MUTAG's order
CLASSES, NAMES = (-1, 1), ("without a nitro group", "with a nitro group")
TRAINING_SEED, HELD_OUT_SEED, HELD_OUT = 1000, 100_000, 200
_RING = 6


def molecule(seed: int) -> tuple[Graph, int]:
    """(a molecule of 9 to 19 atoms; the place of its class), the same for the same seed on every machine."""
    random = np.random.RandomState([SEED, seed])
    truth = seed % 2
    edges = [(place, (place + 1) % _RING) for place in range(_RING)]
    what = [0] * _RING
    for _ in range(random.randint(0, 8)):
        edges.append((int(random.randint(len(what))), len(what)))
        what.append(0)
    carbons = random.permutation(len(what))
    nitrogen = len(what)
    edges.append((int(carbons[0]), nitrogen))
    hosts = [nitrogen, nitrogen] if truth else [int(carbons[1]), (nitrogen, int(carbons[2]))[random.randint(2)]]
    for place, host in enumerate(hosts):
        edges.append((host, nitrogen + 1 + place))
    what += [1, 2, 2]
    if random.random_sample() < 0.5:
        edges.append((int(carbons[3]), len(what)))
        what.append(int(random.randint(3, len(ATOMS))))
    order = random.permutation(len(what))  # the atoms' places say nothing
    kinds = np.array(what, np.int64)[np.argsort(order)]
    return labelled_graph(kinds, order[np.array(edges)], ATOMS), truth


@written_once
def write_molecules(folder: Path) -> None:
    """Write 200 molecules, four files. A folder that has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    lines: dict[str, list[str]] = {"A": [], "graph_indicator": [], "graph_labels": [], "node_labels": []}
    nodes = 0
    for number in range(HELD_OUT):
        graph, truth = molecule(HELD_OUT_SEED + number)
        both = np.concatenate([graph.edges, graph.edges[:, ::-1]]) + nodes + 1
        lines["A"] += [f"{one}, {other}" for one, other in both.tolist()]
        lines["graph_indicator"] += [str(number + 1)] * len(graph.names)
        lines["graph_labels"].append(str(CLASSES[truth]))
        lines["node_labels"] += [str(ATOMS.index(name)) for name in graph.names]
        nodes += len(graph.names)
    for name, found in lines.items():
        write_text(folder / f"molecules_{name}.txt", "".join(f"{line}\n" for line in found))
