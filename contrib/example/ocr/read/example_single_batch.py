"""Run this model on one sample."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL

from zoo.commands.predict import single

if __name__ == "__main__":
    sys.exit(single(MODEL))
