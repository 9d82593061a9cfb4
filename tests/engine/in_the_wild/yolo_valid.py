"""Validation of a detector with upstream's own detection functions: batches of letterboxed pictures, and mAP."""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.append(str(Path(__file__).resolve().parents[3] / "contrib"))

from engine.base import PASS_PATH
from engine.tecoinfer_pytorch import TecoInferEngine
from utils.postprocess.pytorch.detection import get_metrics, get_stats, postprocess
from utils.preprocess.pytorch.detection import preprocess

MAX_ENGINE_NUMS = int(os.getenv("MAX_ENGINE_NUMS", 4))


def batches(path):
    """What a script's own loader gives: pictures, labels, paths, and where each picture lies in the input."""
    data = np.load(path)
    for start in range(0, len(data["images"]), 2):
        images = torch.from_numpy(data["images"][start : start + 2])
        mine = (data["targets"][:, 0] >= start) & (data["targets"][:, 0] < start + 2)
        targets = torch.from_numpy(data["targets"][mine]) - torch.tensor([start, 0, 0, 0, 0, 0])
        yield images, targets, ["a.jpg", "b.jpg"], [((32, 64), ((1.0, 1.0), (0.0, 16.0)))] * 2


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ckpt", type=str)
    parser.add_argument("--data_path", type=str)
    parser.add_argument("--target", default="sdaa")
    parser.add_argument("--dtype", default="float16")
    opt = parser.parse_args()
    pipeline = TecoInferEngine(
        ckpt=opt.ckpt, input_name="yolov9m", target=opt.target, batch_size=2, dtype=opt.dtype, backend="tvm",
        input_size=[[max(2 // MAX_ENGINE_NUMS, 1), 3, 64, 64]], pass_path=PASS_PATH / "yolov5m/yolov5_pass.py",
    )  # fmt: skip
    iouv = torch.linspace(0.5, 0.95, 10)
    stats, seen = [], 0
    for images, targets, paths, shapes in batches(opt.data_path):
        inputs = preprocess(images, half=opt.dtype == "float16")
        prec = pipeline(inputs, conf_thres=0.001, iou_thres=0.7)
        targets, preds = postprocess(inputs, torch.from_numpy(prec), targets, conf_thres=0.001, iou_thres=0.7)
        stats, seen = get_stats(inputs, preds, paths, shapes, stats, targets, iouv.numel(), iouv, seen)
    tp, fp, p, r, f1, mp, mr, map50, ap50, map, nt = get_metrics(stats)
    print("eval_metric", f"mAP@0.5 {map50:.4f} mAP@0.5:0.95 {map:.4f}")
    print("seen", seen, "labels", int(nt.sum()), "tp", int(tp.sum()), "fp", int(fp.sum()))
