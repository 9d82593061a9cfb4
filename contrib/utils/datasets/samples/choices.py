"""Made choices in the layout of leave_one_out: sixty persons, each with a thing and 99 others, drawn by chance.

There is nothing to learn in them: they show that every step works. It rests on numpy's RandomState.
"""

from pathlib import Path

import numpy as np

from zoo_core.files import atomic_folder, has_content, write_text

SEED, PERSONS, OTHERS = 20260409, 60, 99


def write_choices(folder: str | Path, users: int, items: int) -> None:
    """Write choices.test.rating and choices.test.negative. A folder that has content is left as it is.

    Args:
        folder: to fill.
        users, items: how many there are, more than 60 and 100.

    Raises:
        DataError: the folder cannot be written.
    """
    folder = Path(folder)
    if has_content(folder):
        return
    random = np.random.RandomState(SEED)
    chosen, others = [], []
    for user in sorted(random.permutation(users)[:PERSONS].tolist()):
        item, *rest = random.permutation(items)[: OTHERS + 1].tolist()
        chosen.append(f"{user}\t{item}\t5\t0\n")
        others.append("\t".join([f"({user},{item})", *map(str, rest)]) + "\n")
    with atomic_folder(folder) as temporary:
        write_text(temporary / "choices.test.rating", "".join(chosen))
        write_text(temporary / "choices.test.negative", "".join(others))
