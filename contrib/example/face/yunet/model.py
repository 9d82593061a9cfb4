"""YuNet: a face detector of 73,840 parameters, with five landmarks."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.postprocess.pytorch.face_rows import YuNetDecoder
from utils.preprocess.pytorch.face import FaceTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.frameworks.onnx_weights import state_from_onnx
from zoo.index import DEMOS
from zoo.libraries.face_detector import face_detector
from zoo.model import Model, Pretrained, Published
from zoo.tasks.face import WIDER_FACE, FaceDetection

SIZE = 640
REPOSITORY = "ShiqiYu/libfacedetection.train/0047ac24afb1a50a0c6105001c89d1b5b805dbf1"


def build() -> Any:
    """[N, 3, H, W] float32, BGR 0 to 255, to rows of cells; see network.py."""
    return beside(__file__, "network").YuNet()


def model(variant: str) -> Model:
    """What is known of the only variant."""
    return face_detector(
        (SIZE, SIZE),
        (
            TensorSpec("cls", "float32", ("batch", "cells", 1)),
            TensorSpec("obj", "float32", ("batch", "cells", 1)),
            TensorSpec("bbox", "float32", ("batch", "cells", 4)),
            TensorSpec("kps", "float32", ("batch", "cells", 10)),
        ),
        FaceDetection(FaceTransform(SIZE, SIZE, blue_first=True), YuNetDecoder()),
        build=build,
        source="written for this repository after the paper",
        licence="BSD-3-Clause; the authors' weights: Apache-2.0; the sample is drawn by this repository",
        paper="Wu et al., YuNet: A Tiny Millisecond-level Face Detector, 2023",
        pretrained=Pretrained(
            f"https://raw.githubusercontent.com/{REPOSITORY}/onnx/yunet_n_dynamic.onnx",
            0.3,
            "104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12",
            convert=partial(state_from_onnx, build=build),
        ),
        published=Published(
            "ap50", 0.892, "the authors' readme, WIDER FACE validation set, easy faces; not the drawn faces"
        ),
        reference=WIDER_FACE,
        demos=DEMOS / "things",
    )


MODEL = Family(
    domain="face",
    name="yunet",
    title="YuNet",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("yunet_n",),
    make=model,
)
