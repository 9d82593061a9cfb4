"""Accuracy over a folder of classes, in the form of upstream's example_valid.py: the mean over full batches."""

import argparse
import os
import sys
import time
from pathlib import Path

import torch

sys.path.append(str(Path(__file__).resolve().parents[3] / "contrib"))

from engine.base import PASS_PATH
from engine.tecoinfer_pytorch import TecoInferEngine
from utils.datasets.image_classification_dataset import load_data
from utils.preprocess.pytorch.classification import preprocess


def accuracy(output, target, topk):
    pred = output.topk(topk, 1, True, True)[1]
    return pred.eq(target.view(-1, 1)).any(dim=1).float().mean().item()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ckpt", type=str)
    parser.add_argument("--data_path", type=str)
    parser.add_argument("--input_name", type=str, default="resnet50")
    parser.add_argument("--batch_size", type=int, default=12)
    parser.add_argument("--input_size", type=int, default=224)
    parser.add_argument("--target", default="sdaa")
    parser.add_argument("--dtype", type=str, default="float16")
    parser.add_argument("--pass_path", default=PASS_PATH / "default_pass.py")
    parser.add_argument("--topk", type=int, default=1)
    opt = parser.parse_args()
    rank = int(os.environ.get("OMPI_COMM_WOLRD_RANK", 0))
    units = int(os.getenv("MAX_ENGINE_NUMS", 4))
    input_size = [[max(opt.batch_size // units, 1), 3, opt.input_size, opt.input_size]]
    infer_engine = TecoInferEngine(
        ckpt=opt.ckpt, batch_size=opt.batch_size, input_size=input_size, input_name=opt.input_name, target=opt.target,
        dtype=opt.dtype, backend="tvm", pass_path=opt.pass_path, rank=rank,
    )  # fmt: skip
    results, times = [], []
    for _, (images, labels) in enumerate(load_data(opt.data_path, opt.batch_size)):
        start = time.time()
        inputs = preprocess(
            images, dtype=opt.dtype, resize_shape=opt.input_size * int(256 / 224), crop_shape=opt.input_size
        )
        prec = infer_engine(inputs)
        if infer_engine.backend == "tvm" or infer_engine.backend == "onnxruntime":
            prec = torch.tensor(prec.astype("float32"))
        results.append(accuracy(prec, labels, opt.topk))
        times.append((time.time() - start, infer_engine.run_time))
    print("eval_metric", sum(results) / len(results))
    print(f"summary: batches: {len(results)}, run: {sum(one[1] for one in times) > 0}")
