"""DETR: a transformer whose queries are the objects, without anchors and without suppression."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.samples.scenes import STAND_INS, write_coco
from utils.postprocess.labels import coco, coco_of_91
from utils.postprocess.pytorch.queries import QueryDecoder
from utils.preprocess.pytorch.detr import MaskedTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.index import DEMOS
from zoo.model import Model, Part, Pretrained, Published, SampleData
from zoo.tasks.detection import COCO_MINI
from zoo.tasks.query_detection import MaskedDetection

SAMPLE = "detr_sample"
ADDRESS = "https://dl.fbaipublicfiles.com/detr"
REPOSITORY = "https://github.com/facebookresearch/detr"


class Shape(NamedTuple):
    """A network of the paper.

    Attributes:
        backbone: as timm calls it.
        file: the authors' checkpoint, whose name ends with the beginning of its digest; "" for none.
        megabytes: of the file.
        published: COCO's mean average precision.
        shorter, longer: sides of a picture in pixels.
        queries: how many objects it can see.
    """

    backbone: str
    file: str = ""
    megabytes: float = 0.0
    published: float = 0.0
    shorter: int = 800
    longer: int = 1333
    queries: int = 100


SHAPES = {
    "detr_resnet50": Shape("resnet50", "detr-r50-e632da11.pth", 159, 0.420),
    "detr_resnet101": Shape("resnet101", "detr-r101-2c7b67e5.pth", 232, 0.435),
    SAMPLE: Shape("sample", shorter=160, longer=224, queries=20),
}


def build(variant: str) -> Any:
    """float32 [N, 3, H, W] and int64 mask [N, H, W] to logits and boxes of queries; see network.py."""
    return beside(__file__, "network").detr(len(coco_of_91()), SHAPES[variant].backbone)


def pretrained(shape: Shape) -> Pretrained | None:
    """The authors' weights. The part of the file's name behind the dash is the beginning of its SHA-256."""
    if not shape.file:
        return None
    digest = shape.file.rpartition("-")[2].partition(".")[0]
    return Pretrained(
        f"{ADDRESS}/{shape.file}",
        shape.megabytes,
        digest,
        licence="Apache-2.0",
        convert=lambda path: beside(__file__, "network").from_authors(path),
    )


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape, classes = SHAPES[variant], coco_of_91()
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(
                    TensorSpec("images", "float32", ("batch", 3, "height", "width")),
                    TensorSpec("mask", "int64", ("batch", "height", "width")),
                ),
                outputs=(
                    TensorSpec("logits", "float32", ("batch", shape.queries, len(classes) + 1)),
                    TensorSpec("boxes", "float32", ("batch", shape.queries, 4)),
                ),
                size={"height": shape.longer, "width": shape.longer},
            ),
        ),
        task=MaskedDetection(
            transform=MaskedTransform(shape.shorter, shape.longer),
            decoder=QueryDecoder(classes, exclusive=True),
            labels=coco(),
            shown=0.5,
            nms_iou=1.0,
        ),
        sample=SampleData("scenes_coco_stand_ins", 1, partial(write_coco, names=STAND_INS)),
        demos=DEMOS / "things",
        source="transformers",
        licence="Apache-2.0 (transformers); the authors' weights likewise, they are trained on COCO",
        paper="Carion et al., End-to-End Object Detection with Transformers, 2020",
        pretrained=pretrained(shape),
        published=Published("map", shape.published, f"{REPOSITORY}, COCO val2017") if shape.published else None,
        reference=COCO_MINI if shape.published else None,
    )


MODEL = Family(
    domain="detection",
    name="detr",
    title="DETR",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
