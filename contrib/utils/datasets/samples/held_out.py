"""A hundred episodes of an environment that no training sees."""

from pathlib import Path

from utils.datasets.episodes import write_episodes
from zoo_core.files import atomic_folder, has_content

HELD_OUT_SEEDS = range(20_000, 20_100)


def write_held_out(folder: str | Path, environment: str) -> None:
    """Write <folder>/episodes.json with the seeds 20,000 to 20,099. A folder that has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    folder = Path(folder)
    if has_content(folder):
        return
    with atomic_folder(folder) as temporary:
        write_episodes(temporary / "episodes.json", environment, HELD_OUT_SEEDS)
