"""RT-DETR and D-FINE: detectors with queries that look at the best places of the picture, in two graphs."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.samples.scenes import STAND_INS, write_coco
from utils.postprocess.labels import coco
from utils.postprocess.pytorch.queries import QueryDecoder
from utils.preprocess.pytorch.detr import SquareTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.index import DEMOS
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.query_detection import QueryDetection

SAMPLE = "rtdetr_sample"
STRIDES = (8, 16, 32)
REPOSITORY = "https://github.com/lyuwenyu/RT-DETR"


class Shape(NamedTuple):
    """A network.

    Attributes:
        builder: of network.py.
        published: COCO's mean average precision.
        side: of the input in pixels.
        width: of the transformer.
        queries: how many places the second part looks at.
    """

    builder: str
    published: float = 0.0
    side: int = 640
    width: int = 256
    queries: int = 300

    @property
    def maps(self) -> tuple[tuple[int, int], ...]:
        """Height and width of each map."""
        return tuple((self.side // stride, self.side // stride) for stride in STRIDES)


SHAPES = {
    "rtdetr_r18vd": Shape("rt_detr", 0.465),
    "rtdetr_r50vd": Shape("rt_detr", 0.531),
    SAMPLE: Shape("rt_detr", side=160, width=32, queries=30),
    "dfine_sample": Shape("d_fine", side=160, width=32, queries=30),
}


def build(variant: str, state: dict[str, Any] | None = None) -> Any:
    """The library's network, from which each part takes its piece; see network.py."""
    shape = SHAPES[variant]
    return getattr(beside(__file__, "network"), shape.builder)(variant, len(coco()), shape.queries, state)


def parts(shape: Shape) -> tuple[Part, Part]:
    """The graph of backbone and encoder, and that of the decoder."""
    places = sum(height * width for height, width in shape.maps)
    memory = TensorSpec("memory", "float32", ("batch", places, shape.width))
    propose = Part(
        name="proposals",
        module=lambda network: beside(__file__, "network").Proposing(network),
        inputs=(TensorSpec("images", "float32", ("batch", 3, shape.side, shape.side)),),
        outputs=(
            memory,
            TensorSpec("features", "float32", ("batch", places, shape.width)),
            TensorSpec("scores", "float32", ("batch", places)),
            TensorSpec("places", "float32", ("batch", places, 4)),
        ),
    )
    decide = Part(
        name="decoder",
        module=lambda network: beside(__file__, "network").Deciding(network, shape.maps),
        inputs=(
            memory,
            TensorSpec("chosen_features", "float32", ("batch", shape.queries, shape.width)),
            TensorSpec("chosen_places", "float32", ("batch", shape.queries, 4)),
        ),
        outputs=(
            TensorSpec("logits", "float32", ("batch", shape.queries, len(coco()))),
            TensorSpec("boxes", "float32", ("batch", shape.queries, 4)),
        ),
    )
    return propose, decide


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape = SHAPES[variant]
    return Model(
        build=partial(build, variant),
        restore=partial(build, variant),
        parts=parts(shape),
        task=QueryDetection(
            transform=SquareTransform(shape.side),
            decoder=QueryDecoder(tuple(range(len(coco()))), exclusive=False),
            labels=coco(),
            shown=0.5,
            nms_iou=1.0,
            queries=shape.queries,
        ),
        sample=SampleData("scenes_coco_stand_ins", 1, partial(write_coco, names=STAND_INS)),
        demos=DEMOS / "things",
        source="transformers",
        licence="Apache-2.0 (transformers)",
        paper="Zhao et al., DETRs Beat YOLOs on Real-time Object Detection, 2023; Peng et al., D-FINE, 2024",
        published=Published("map", shape.published, f"{REPOSITORY}, COCO val2017") if shape.published else None,
    )


MODEL = Family(
    domain="detection",
    name="rt_detr",
    title="RT-DETR",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
