"""Public data sets: what their files are (the .tsv beside each module), and how they become a task's format."""

from pathlib import Path

LISTINGS = Path(__file__).resolve().parent
