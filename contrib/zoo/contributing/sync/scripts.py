"""The four scripts of a model's folder: the same text for every model."""

from __future__ import annotations

# name: (what it does, the module of the job, its function)
SCRIPTS = {
    "export_onnx.py": ("Export this model to ONNX and prove that its outputs survive.", "zoo.commands.export", "main"),
    "example_valid.py": ("The metric of this model over a labelled data set.", "zoo.commands.valid", "main"),
    "example_single_batch.py": ("Run this model on one sample.", "zoo.commands.predict", "single"),
    "example_multi_batch.py": ("Run this model on every sample of a folder.", "zoo.commands.predict", "multi"),
}

_SCRIPT = '''"""{doc}"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL

from {module} import {function}

if __name__ == "__main__":
    sys.exit({function}(MODEL))
'''


def script(name: str) -> str:
    """The text of one of the four scripts."""
    doc, module, function = SCRIPTS[name]
    return _SCRIPT.format(doc=doc, module=module, function=function)
