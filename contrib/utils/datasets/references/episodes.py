"""The first hundred episodes of an environment, by their seeds. They are made: there is nothing to fetch."""

from pathlib import Path

from utils.datasets.episodes import write_episodes

SEEDS = range(100)


def arrange(files: Path, folder: Path, environment: str) -> None:
    """Write folder/episodes.json with the seeds 0 to 99.

    Args:
        files: where nothing is.
        folder: the folder to fill.
        environment: its id in Gymnasium's registry.
    """
    write_episodes(folder / "episodes.json", environment, SEEDS)
