"""A text model: two inputs by other names than the graph's, longer texts than input_size says, one input too many."""

import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[3] / "contrib"))

from engine.tecoinfer_pytorch import TecoInferEngine

if __name__ == "__main__":
    names = ["attention_mask", "input_ids"] if sys.argv[2] == "swapped" else ""
    pipeline = TecoInferEngine(
        ckpt=sys.argv[1], input_name=names, target="onnx", batch_size=1, input_size=[[1, 512]] * 2, dtype="float32"
    )
    ids, mask = np.arange(200).reshape(1, 200), np.ones((1, 200), dtype=np.int64)
    inputs = [mask, ids] if sys.argv[2] == "swapped" else [ids, mask]
    print("sum", int(pipeline([*inputs, np.zeros((1, 200), dtype=np.int64)]).sum()))
