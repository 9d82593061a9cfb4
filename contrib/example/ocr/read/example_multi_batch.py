"""Run this model on every sample of a folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL

from zoo.commands.predict import multi

if __name__ == "__main__":
    sys.exit(multi(MODEL))
