"""The metric of this model over a labelled data set."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL

from zoo.commands.valid import main

if __name__ == "__main__":
    sys.exit(main(MODEL))
