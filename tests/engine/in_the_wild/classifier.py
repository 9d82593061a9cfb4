"""A classifier as contributors write it: the model's name as input_name, and what scripts read of the engine."""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[3] / "contrib"))

from engine.base import PASS_PATH
from engine.tecoinfer_pytorch import TecoInferEngine

MAX_ENGINE_NUMS = int(os.getenv("MAX_ENGINE_NUMS", 4))

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ckpt")
    parser.add_argument("--input_name", default="resnet50")
    parser.add_argument("--target", default="onnx")
    parser.add_argument("--batch_size", type=int, default=8)
    parser.add_argument("--pass_path", default=PASS_PATH / "resnet/resnet_pass.py")
    opt = parser.parse_args()
    pipeline = TecoInferEngine(
        ckpt=opt.ckpt,
        input_name=opt.input_name,
        target=opt.target,
        batch_size=opt.batch_size,
        input_size=[[max(opt.batch_size // MAX_ENGINE_NUMS, 1), 3, 8, 8]],
        dtype="float16",
        pass_path=opt.pass_path,
        rank=-1,
    )
    x = np.random.default_rng(0).standard_normal((opt.batch_size + 1, 3, 8, 8)).astype("float16")
    prec = pipeline(x)
    print("backend", pipeline.backend)
    print("facts", pipeline.model_name, Path(pipeline.ckpt).name, pipeline.batch_size, pipeline.input_names)
    if pipeline.backend == "onnxruntime":
        print("session", [value.name for value in pipeline.session.get_inputs()])
    print("module", pipeline.module is not None)
    print("sums", *[f"{row.sum():.4f}" for row in prec])
    if "sdaa" in opt.target:
        pipeline.release()
