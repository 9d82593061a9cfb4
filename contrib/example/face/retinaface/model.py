"""RetinaFace: faces and five landmarks from boxes that stand for cells, on MobileNet-0.25 and on ResNet-50."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.postprocess.pytorch.face_rows import RetinaFaceDecoder
from utils.preprocess.pytorch.face import FaceTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.index import DEMOS
from zoo.libraries.face_detector import face_detector
from zoo.model import Model, Published
from zoo.tasks.face import WIDER_FACE, FaceDetection

SIZE = 640
MEAN = (104.0, 117.0, 123.0)  # of blue, green and red
MOBILE, RESNET = "retinaface_mobilenet025", "retinaface_resnet50"
PUBLISHED = {
    MOBILE: Published(
        "ap50",
        0.9058,
        "https://github.com/biubug6/Pytorch_Retinaface: WIDER FACE validation set, easy faces, own sizes; not the "
        "drawn faces",
    ),
    RESNET: Published(
        "ap50",
        0.965,
        "InsightFace's model zoo, https://github.com/deepinsight/insightface/tree/master/model_zoo: WIDER FACE "
        "validation set, easy faces, several scales; not the drawn faces",
    ),
}


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, BGR less the mean, to rows of boxes; see network.py."""
    return beside(__file__, "network").network(variant)


def model(variant: str) -> Model:
    """What is known of a variant."""
    return face_detector(
        (SIZE, SIZE),
        (
            TensorSpec("boxes", "float32", ("batch", "boxes", 4)),
            TensorSpec("scores", "float32", ("batch", "boxes", 2)),
            TensorSpec("landmarks", "float32", ("batch", "boxes", 10)),
        ),
        FaceDetection(FaceTransform(SIZE, SIZE, blue_first=True, mean=MEAN), RetinaFaceDecoder()),
        build=partial(build, variant),
        source="written for this repository after the paper; ResNet-50: torchvision",
        licence="BSD-3-Clause; published weights, which are not fetched: MIT; the sample is drawn by this repository",
        paper="Deng et al., RetinaFace: Single-stage Dense Face Localisation in the Wild, 2019",
        published=PUBLISHED[variant],
        reference=WIDER_FACE,
        demos=DEMOS / "things",
    )


MODEL = Family(
    domain="face",
    name="retinaface",
    title="RetinaFace",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=(MOBILE, RESNET),
    make=model,
)
