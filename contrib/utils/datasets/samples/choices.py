"""Made choices in the layout of leave_one_out: sixty persons, each with a thing and 99 others, drawn by chance.

There is nothing to learn in them: they show that every step works. It rests on numpy's RandomState.
"""

from pathlib import Path

import numpy as np

from utils.datasets.samples.once import written_once
from zoo_core.files import write_text

SEED, PERSONS, OTHERS = 20260409, 60, 99


@written_once
def write_choices(folder: Path, users: int, items: int) -> None:
    """Write choices.test.rating and choices.test.negative. A folder that has content is left as it is.

    Args:
        folder: to fill.
        users, items: how many there are, more than 60 and 100.

    Raises:
        DataError: the folder cannot be written.
    """
    random = np.random.RandomState(SEED)
    chosen, others = [], []
    for user in sorted(random.permutation(users)[:PERSONS].tolist()):
        item, *rest = random.permutation(items)[: OTHERS + 1].tolist()
        chosen.append(f"{user}\t{item}\t5\t0\n")
        others.append("\t".join([f"({user},{item})", *map(str, rest)]) + "\n")
    write_text(folder / "choices.test.rating", "".join(chosen))
    write_text(folder / "choices.test.negative", "".join(others))
