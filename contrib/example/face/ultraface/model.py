"""UltraFace: a face detector of one megabyte, 320 x 240 pixels."""

from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.postprocess.pytorch.face_rows import UltraFaceDecoder
from utils.preprocess.pytorch.stretch import Stretch
from zoo.catalogue import beside
from zoo.family import Family
from zoo.index import DEMOS
from zoo.libraries.face_detector import face_detector
from zoo.model import Model, Pretrained, Published
from zoo.tasks.face import WIDER_FACE, FaceDetection

HEIGHT, WIDTH = 240, 320
REPOSITORY = "Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB/dffdddda9794a50607cba8f318507a28c1c27cab"


def build() -> Any:
    """[N, 3, H, W] float32, RGB, to the probabilities and places of boxes; see network.py."""
    return beside(__file__, "network").UltraFace()


def model(variant: str) -> Model:
    """What is known of the only variant."""
    return face_detector(
        (HEIGHT, WIDTH),
        (
            TensorSpec("scores", "float32", ("batch", "boxes", 2)),
            TensorSpec("boxes", "float32", ("batch", "boxes", 4)),
        ),
        FaceDetection(Stretch(HEIGHT, WIDTH, mean=127.0, deviation=128.0), UltraFaceDecoder(), shown=0.7),
        build=build,
        source="written for this repository after the authors' description; parameter names of their weights",
        licence="BSD-3-Clause; the authors' weights: MIT; the sample is drawn by this repository",
        paper="Linzaer, Ultra-Light-Fast-Generic-Face-Detector-1MB, 2019 (a repository; there is no paper)",
        pretrained=Pretrained(
            f"https://raw.githubusercontent.com/{REPOSITORY}/models/pretrained/version-RFB-320.pth",
            1.2,
            "c722b4427cc71642768baef6e15c659931b56f07425e5d2b0ec033ad41b145b3",
        ),
        published=Published(
            "ap50", 0.787, "the authors' readme, WIDER FACE validation set, easy faces, 320 x 240; not the drawn faces"
        ),
        reference=WIDER_FACE,
        demos=DEMOS / "things",
    )


MODEL = Family(
    domain="face",
    name="ultraface",
    title="UltraFace",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("rfb_320",),
    make=model,
)
