"""A text model whose exporter dropped an input that the script still names, passes and gives a shape for."""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[3] / "contrib"))

from engine.base import PASS_PATH
from engine.tecoinfer_pytorch import TecoInferEngine

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ckpt", type=str)
    parser.add_argument("--target", default="sdaa")
    parser.add_argument("--input_name", nargs="*", default=["input_ids", "token_type_ids", "attention_mask"])
    opt = parser.parse_args()
    length = 16
    pipeline = TecoInferEngine(
        ckpt=opt.ckpt, input_name=opt.input_name, target=opt.target, batch_size=4, input_size=[[1, length]] * 3,
        dtype="float16", pass_path=PASS_PATH / "default_pass.py", backend="tvm",
    )  # fmt: skip
    ids = np.arange(4 * length).reshape(4, length)
    types, mask = np.full_like(ids, 1000), np.ones_like(ids)
    print("sum", int(pipeline([ids, types, mask]).sum()), pipeline.input_names)
