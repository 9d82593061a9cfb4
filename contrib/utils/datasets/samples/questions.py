"""Questions written for this project, by what they ask for, in the classes of TREC and the layout of SST-2."""

from __future__ import annotations

from pathlib import Path

from utils.datasets.samples.once import written_once
from zoo_core.files import write_text

# the index is the class: description, entity, abbreviation, person, location, number
WRITTEN = (
    ("What is a glacier ?", "Why do leaves turn red in autumn ?", "How do you make bread ?"),
    ("What animal sleeps the longest ?", "What colour is a ripe olive ?", "What instrument did Chopin play ?"),
    ("What does HTML stand for ?", "What is the abbreviation for kilometre ?", "What does ISBN stand for ?"),
    ("Who painted the ceiling of that chapel ?", "Who wrote The Trial ?", "Who invented the telescope ?"),
    ("Where is the Black Forest ?", "What country is Lima in ?", "What city has the oldest underground ?"),
    ("How many strings does a violin have ?", "When did the bridge open ?", "How tall is that tower ?"),
)


@written_once
def write_questions(folder: Path) -> None:
    """Write dev.tsv. A folder that has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    rows = [f"{question}\t{label}\n" for label, asked in enumerate(WRITTEN) for question in asked]
    write_text(folder / "dev.tsv", "sentence\tlabel\n" + "".join(rows))
