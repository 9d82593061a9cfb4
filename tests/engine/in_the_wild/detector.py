"""A detector with utils of its own beside it, and the keywords of postprocessing in the engine's call."""

import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[3] / "contrib"))

from engine.tecoinfer_pytorch import TecoInferEngine


class Detector:
    def __init__(self, ckpt, target="onnx"):
        self.pipeline = TecoInferEngine(
            ckpt=ckpt, input_name="yolov5m", target=target, batch_size=1, input_size=[[1, 3, 8, 8]], task="detection",
            model="yolov5m", backend="onnxruntime", save_engine=False, devide=False, card_bs1=True,
        )  # fmt: skip

    def __call__(self, image, **thresholds):
        return self.pipeline(image, **thresholds)


if __name__ == "__main__":
    detector = Detector(sys.argv[1])
    for side in (8, 12):
        image = np.ones((1, 3, side, side), dtype=np.float32)
        found = detector(image, conf_thres=0.25, iou_thres=0.45, max_det=300, batch_padding=True, num_workers=4)
        print("found", found.shape, detector.pipeline.run_time > 0)
