"""A segmentation network of two outputs whose file was exported for a batch of two, every rank with its own share."""

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[3] / "contrib"))

from engine.base import PASS_PATH
from engine.tecoinfer_pytorch import TecoInferEngine

MAX_ENGINE_NUMS = int(os.environ.get("MAX_ENGINE_NUMS", 4))
MAX_STEPS = int(os.environ.get("TECO_INFER_PIPELINES_MAX_STEPS", -1))
RANK = int(os.environ.get("OMPI_COMM_WORLD_RANK", -1))
WORLD = int(os.environ.get("OMPI_COMM_WORLD_SIZE", 1))

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ckpt", type=str)
    parser.add_argument("--batch_size", type=int, default=8)
    parser.add_argument("--target", default="sdaa")
    parser.add_argument("--dtype", default="float16")
    parser.add_argument("--divide", type=bool, default=True)
    opt = parser.parse_args()
    engine = TecoInferEngine(
        ckpt=opt.ckpt, input_name="deeplabv3", target=opt.target, batch_size=opt.batch_size,
        input_size=[[max(opt.batch_size // MAX_ENGINE_NUMS, 1), 3, 8, 8]], dtype=opt.dtype, rank=RANK,
        pass_path=PASS_PATH / "default_pass.py", task="segmentation", divide=opt.divide,
    )  # fmt: skip
    pictures = np.arange(40, dtype=np.float32).repeat(3 * 64).reshape(40, 3, 8, 8)[max(RANK, 0) :: WORLD]
    start, total, steps, inference = time.time(), 0.0, 0, 0.0
    for begin in range(0, len(pictures), opt.batch_size):
        if steps == MAX_STEPS:
            break
        out, aux = engine([pictures[begin : begin + opt.batch_size].astype(opt.dtype)])
        total += float(out.astype("float32").mean(axis=(1, 2, 3)).sum())
        inference += engine.run_time
        steps += 1
        assert out.shape[0] == aux.shape[0] == len(pictures[begin : begin + opt.batch_size]), (out.shape, aux.shape)
    engine.release()
    print(f"eval_metric {total:.4f}")
    print(f"summary: steps: {steps}, run: {0 < inference < time.time() - start}")
