"""A script within the repository of a detector, whose package `utils` comes before ours."""

import argparse
import sys
from pathlib import Path

import numpy as np
from utils.general import non_max, scaled

sys.path.append(str(Path(__file__).resolve().parents[4] / "contrib"))

from engine.base import PASS_PATH
from engine.tecoinfer_pytorch import TecoInferEngine

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=str)
    parser.add_argument("--device", default="sdaa")
    parser.add_argument("--half", action="store_true")
    opt = parser.parse_args()
    model = TecoInferEngine(
        ckpt=opt.weights, input_name="images", target=opt.device, batch_size=1, input_size=[[1, 3, 64, 64]],
        dtype="float16" if opt.half else "float32", pass_path=PASS_PATH / "yolov5m/yolov5_pass.py", rank=0,
    )  # fmt: skip
    for number in range(3):
        image = np.full((48 + number, 80, 3), 10 * number, np.uint8)
        pred = model(scaled(image, 64), conf_thres=0.25, iou_thres=0.45, max_det=1000)
        pred = pred[0] if isinstance(pred, list) else pred
        print("found", len(non_max(pred, 0.25)), "of", pred.shape[2])
    model.release()
