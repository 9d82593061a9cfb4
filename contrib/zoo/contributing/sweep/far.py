"""A sweep on the nodes of a cluster: each name is a `zoo sweep` of its own there, whose row comes back."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from zoo.contributing.sweep.run import Sweep
from zoo.contributing.sweep.table import Row, Table, read
from zoo.distributed.cluster import Cluster
from zoo.distributed.commands import FOLDER, Command, require_ran, run_each, written


def on_cluster(cluster: Cluster, sweep: Sweep, found: Table, names: Sequence[str]) -> Generator[Row, None, None]:
    """Measure `names`, and put their rows into the table; each row is given when it is there.

    Raises:
        ZooError: a node has another version of the zoo, or cannot run the command at all.
        CheckFailedError: a name ended its worker three times, or no node is left.
    """
    commands = [_command(sweep, name) for name in names]
    with closing(run_each(cluster, commands)) as every:
        for command, ran, place in every:
            require_ran(command, ran, place)
            with tempfile.TemporaryDirectory(prefix="zoo-sweep-") as folder:
                (table,) = written(ran, Path(folder))
                said = read(table, sweep.family.id, sweep.family.variants)
            found.made_with.update(said.made_with)
            row = said.rows[command.name]
            found.rows[row.name] = row
            yield row


def _command(sweep: Sweep, name: str) -> Command:
    limits = ["--limit-seconds", f"{sweep.limits.seconds:g}", "--limit-mib", str(sweep.limits.mebibytes)]
    words = ["sweep", sweep.family.id, "--variant", name, "--target", ",".join(sweep.targets), "--output", FOLDER]
    return Command(name, [*words, *limits], [f"{sweep.family.name}.json"])
