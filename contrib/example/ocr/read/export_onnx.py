"""Export this model to ONNX and prove that its outputs survive."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL

from zoo.commands.export import main

if __name__ == "__main__":
    sys.exit(main(MODEL))
