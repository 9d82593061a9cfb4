"""FastestDet: a detector of COCO's classes with one map of boxes, for small machines."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.scenes import STAND_INS, write_coco
from utils.postprocess.labels import coco
from utils.postprocess.pytorch.fastestdet import FastestDetDecoder
from utils.preprocess.pytorch.stretch import Stretch
from zoo.catalogue import beside
from zoo.family import Family
from zoo.index import DEMOS
from zoo.model import Model, Part, Pretrained, Published, SampleData
from zoo.tasks.detection import COCO_MINI, ObjectDetection

SIDE = 352
SHOWN = 0.65  # as in the authors' demo
REPOSITORY = "dog-qiuqiu/FastestDet/50473cd155cb088aa4a99e64ff6a4b3c24fa07e1"


def build() -> Any:
    """[N, 3, H, W] float32, BGR 0 to 1, to [N, 5 + classes, H/16, W/16]; see network.py."""
    return beside(__file__, "network").FastestDet(len(coco()))


def model(variant: str) -> Model:
    """What is known of the only variant."""
    return Model(
        build=build,
        parts=(
            Part(
                inputs=(TensorSpec("images", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", 5 + len(coco()), "rows", "columns")),),
                size={"height": SIDE, "width": SIDE},
            ),
        ),
        task=ObjectDetection(Stretch(SIDE, SIDE, blue_first=True), FastestDetDecoder(len(coco())), coco(), shown=SHOWN),
        sample=SampleData("scenes_coco_stand_ins", 1, partial(write_coco, names=STAND_INS)),
        source="written for this repository after the authors' description; parameter names of their weights",
        licence="BSD-3-Clause, the authors' weights too",
        paper="dog-qiuqiu, FastestDet, 2022 (a repository; there is no paper)",
        pretrained=Pretrained(
            f"https://raw.githubusercontent.com/{REPOSITORY}/weights/weight_AP05%3A0.253207_280-epoch.pth",
            1.2,
            "7f688d478ee474c82dbdb9c10e0ede2f8f3cf5d603f0825d2efd925eb561d05e",
        ),
        published=Published("map50", 0.253, "the authors' readme, COCO val2017, 352 x 352"),
        reference=COCO_MINI,
        demos=DEMOS / "things",
    )


MODEL = Family(
    domain="detection",
    name="fastestdet",
    title="FastestDet",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("fastestdet",),
    make=model,
)
