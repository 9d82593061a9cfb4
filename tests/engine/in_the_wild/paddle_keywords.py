"""A script for a network of PaddlePaddle, with the keywords that such scripts pass on."""

import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[3] / "contrib"))

from engine.tecoinfer_paddle import TecoInferEngine

if __name__ == "__main__":
    engine = TecoInferEngine(
        ckpt=sys.argv[1], input_name="x0", target="onnx", batch_size=4, input_size=[[1, 3, 8, 8]], dtype="float16",
        half=True, divided=False, model_name="resnet50_paddle",
    )  # fmt: skip
    out = engine(np.ones((4, 3, 8, 8), dtype=np.float32))
    print("out", out.shape, engine.model_name)
    engine.release()
