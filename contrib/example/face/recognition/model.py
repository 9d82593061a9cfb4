"""Face recognition: ArcFace's networks, a small one that is trained here, and SphereNet for faces that are tracked."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.face_identities import write_face_gallery, write_face_pairs
from utils.preprocess.pytorch.face_alignment import SIDE, AlignedFace, CutFace
from utils.preprocess.pytorch.stretch import Stretch
from zoo.catalogue import beside
from zoo.data import SampleData
from zoo.family import Family
from zoo.index import DEMOS
from zoo.model import Model, Part, Published
from zoo.tasks.face_recognition import FaceRecognition

SMALL, TRACKED = "mobilefacenet_small", "spherenet12_tracking"
UNITS = {
    "iresnet18": (2, 2, 2, 2),
    "iresnet34": (3, 4, 6, 3),
    "iresnet50": (3, 4, 14, 3),
    "iresnet100": (3, 13, 30, 3),
}
PAIRS = SampleData("face_pairs", 1, write_face_pairs, "drawn people")
GALLERY = SampleData("face_gallery", 1, write_face_gallery, "drawn people")
ZOO = "InsightFace's model zoo, https://github.com/deepinsight/insightface/tree/master/model_zoo"
PUBLISHED = {
    "iresnet50": Published("accuracy", 0.998, f"{ZOO}: LFW, trained on MS1MV3", decimals=4),
    "iresnet100": Published("accuracy", 0.9977, f"{ZOO}: LFW, trained on MS1MV2", decimals=4),
    "mobilefacenet": Published("accuracy", 0.995, f"{ZOO}: LFW, trained on MS1MV1", decimals=4),
    TRACKED: Published(
        "tar_at_far_1e-1",
        0.62,
        "MindSpore's FaceRecognitionForTracking, https://gitee.com/mindspore/models: all pairs of 2,000 faces of its "
        "own, each with itself too",
    ),
}


def _network(name: str, *arguments: Any) -> Any:
    return getattr(beside(__file__, "network"), name)(*arguments)


def _small() -> Any:
    shape = beside(__file__, "network").Shape(8, 32, 8, (16, 32, 64, 64, 128, 64), 128, (1, 1, 2, 1), 128)
    return _network("MobileFaceNet", shape)


BUILDERS: dict[str, Callable[[], Any]] = {
    SMALL: _small,
    **{name: partial(_network, "IResNet", units) for name, units in UNITS.items()},
    "mobilefacenet": partial(_network, "MobileFaceNet"),
    TRACKED: partial(_network, "SphereNet"),
}
FEATURES = {SMALL: 128, TRACKED: 128}


def model(variant: str) -> Model:
    """What is known of a variant."""
    tracked = variant == TRACKED
    height, width = (96, 64) if tracked else (SIDE, SIDE)
    cut = CutFace(Stretch(height, width, 127.5, 127.5))
    return Model(
        build=BUILDERS[variant],
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, height, width)),),
                outputs=(TensorSpec("embedding", "float32", ("batch", FEATURES.get(variant, 512))),),
            ),
        ),
        task=FaceRecognition(cut, flip=False) if tracked else FaceRecognition(AlignedFace()),
        sample=GALLERY if tracked else PAIRS,
        demos=DEMOS / "portraits",
        source="written for this repository after the papers, with the layers of the authors' published code",
        licence="BSD-3-Clause; the authors' weights (not fetched): for non-commercial research; the sample is drawn",
        paper="Liu et al., SphereFace, 2017"
        if tracked
        else "Deng et al., ArcFace: Additive Angular Margin Loss for Deep Face Recognition, 2019; Chen et al., "
        "MobileFaceNets, 2018",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="face",
    name="recognition",
    title="Face recognition",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(BUILDERS),
    make=model,
)
