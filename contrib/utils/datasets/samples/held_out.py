"""A hundred episodes of an environment that no training sees."""

from pathlib import Path

from utils.datasets.episodes import write_episodes
from utils.datasets.samples.once import written_once

HELD_OUT_SEEDS = range(20_000, 20_100)


@written_once
def write_held_out(folder: Path, environment: str) -> None:
    """Write <folder>/episodes.json with the seeds 20,000 to 20,099. A folder that has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    write_episodes(folder / "episodes.json", environment, HELD_OUT_SEEDS)
