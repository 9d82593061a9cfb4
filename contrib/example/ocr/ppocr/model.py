"""PP-OCR of PaddleOCR, as the graphs that RapidOCR publishes: reads lines of text."""

import string
from dataclasses import replace
from functools import lru_cache, partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS, icdar2015_toy
from utils.datasets.samples.directions import DIRECTIONS, write_directions
from utils.datasets.samples.text_scenes import write_scenes
from utils.datasets.samples.words import write_words
from utils.onnx_metadata import onnx_metadata
from utils.postprocess.paddle.text_detection import PaddleOcrDecoder, whole_pixels
from utils.preprocess.paddle.ocr import PaddleOcrDirectionTransform, PaddleOcrSceneTransform, PaddleOcrTransform
from zoo.family import Family
from zoo.frameworks.onnx import read
from zoo.model import Model, Packaged, Part, Published, ReferenceData, SampleData
from zoo.tasks.classification import ImageClassification
from zoo.tasks.text_detection import TextDetection
from zoo.tasks.text_reading import TextReading
from zoo.tasks.text_recognition import IIIT5K, TextRecognition

FOLDER = Path(__file__).resolve().parent
PACKAGE = "rapidocr==3.10.0"
SOURCE = f"the graph of PaddleOCR's network as RapidOCR publishes it ({PACKAGE}), its weights apart"
LICENCE = "Apache-2.0 (PaddleOCR's authors; graph and weights); sample in Aileron (CC0) and Caladea (Apache-2.0)"
PAPER = "Du et al., PP-OCR: A Practical Ultra Lightweight OCR System, 2020"

WEIGHTS = {
    "det": Packaged(
        PACKAGE,
        "rapidocr/models/PP-OCRv6_det_small.onnx",
        "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    ),
    "direction": Packaged(
        PACKAGE,
        "rapidocr/models/ch_ppocr_mobile_v2.0_cls_mobile.onnx",
        "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
    ),
    "rec": Packaged(
        PACKAGE,
        "rapidocr/models/PP-OCRv6_rec_small.onnx",
        "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    ),
}


def build(name: str) -> Any:
    """The graph, whose large weights are missing."""
    return read(__file__, f"{name}.graph")


@lru_cache(maxsize=1)
def characters() -> str:
    """What the recogniser can say, in the order of its classes: those of the graph's metadata, and the space."""
    return "".join(onnx_metadata(FOLDER / "rec.graph")["character"].split("\n")) + " "


def finding() -> TextDetection:
    """What is done with a scene."""
    return TextDetection(PaddleOcrSceneTransform(), PaddleOcrDecoder(), place=whole_pixels, one_by_one=True)


def turning() -> ImageClassification:
    """What is done with a line of which it is asked whether it is upside down."""
    return ImageClassification(PaddleOcrDirectionTransform(), DIRECTIONS, DIRECTIONS, probabilities=True)


def reading() -> TextRecognition:
    """What is done with a line."""
    counted = string.digits + string.ascii_lowercase
    transform = PaddleOcrTransform(48, 3200)
    return TextRecognition(transform, characters(), counted=counted, probabilities=True, one_by_one=True)


def det() -> Model:
    """A scene to the probability of text of each pixel: [N, 3, H, W] to [N, 1, H, W], H and W multiples of 32."""
    return Model(
        build=partial(build, "det"),
        parts=(
            Part(
                inputs=(TensorSpec("x", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("fetch_name_0", "float32", ("batch", 1, "height", "width")),),
                size={"height": 320, "width": 320},
            ),
        ),
        task=finding(),
        sample=SampleData("text_scenes", 1, write_scenes, "rendered scenes of text"),
        source=SOURCE,
        licence=LICENCE,
        paper=PAPER,
        pretrained=WEIGHTS["det"],
        published=Published("hmean", 0.841, "PaddleOCR's documentation, 2,677 pictures of its own"),
        reference=ReferenceData(
            "icdar2015_toy",
            "ICDAR 2015, incidental scene text",
            LISTINGS / "icdar2015_toy.tsv",
            icdar2015_toy.arrange,
            "Apache-2.0 (the repository); ICDAR 2015: none stated there",
            10,
            other="the published figure is of pictures that are not to be had",
            terms="ICDAR 2015 Robust Reading (Computer Vision Center, Barcelona): register at its site; for research",
            rule="the ten scenes of MMOCR's tests",
        ),
        demos=FOLDER / "demos_scenes",
    )


def direction() -> Model:
    """A line of text to the probability that it is upright, or turned by 180 degrees: [N, 3, 48, 192] to [N, 2]."""
    return Model(
        build=partial(build, "direction"),
        parts=(
            Part(
                inputs=(TensorSpec("x", "float32", ("batch", 3, 48, 192)),),
                outputs=(TensorSpec("save_infer_model/scale_0.tmp_1", "float32", ("batch", len(DIRECTIONS))),),
            ),
        ),
        task=turning(),
        sample=SampleData("directions", 1, write_directions, "rendered words, upright and turned"),
        source=SOURCE,
        licence=LICENCE,
        paper=PAPER,
        pretrained=WEIGHTS["direction"],
        demos=FOLDER / "demos_directions",
    )


def rec() -> Model:
    """A picture of a word or a line to what it says: [N, 3, 48, W] to probabilities [N, W // 8, 18710]."""
    return Model(
        build=partial(build, "rec"),
        parts=(
            Part(
                inputs=(TensorSpec("x", "float32", ("batch", 3, 48, "width")),),
                outputs=(TensorSpec("fetch_name_0", "float32", ("batch", "steps", 1 + len(characters()))),),
                size={"width": 320},
            ),
        ),
        task=reading(),
        sample=SampleData("words", 1, write_words, "rendered words"),
        source=SOURCE,
        licence=LICENCE,
        paper=PAPER,
        pretrained=WEIGHTS["rec"],
        reference=IIIT5K,
    )


def read_all() -> Model:
    """A photograph to its lines of text and where they are: the three networks, one behind the other."""
    models = {"det": det(), "direction": direction(), "rec": rec()}
    return replace(
        models["det"],
        build=lambda: {name: build(name) for name in models},
        parts=tuple(replace(one.part, name=name, module=itemgetter(name)) for name, one in models.items()),
        task=TextReading(finding(), reading(), turning()),
        source=f"the graphs of PaddleOCR's networks as RapidOCR publishes them ({PACKAGE}), their weights apart",
        pretrained=replace(WEIGHTS["det"], beside=(WEIGHTS["direction"], WEIGHTS["rec"])),
        published=None,
        reference=None,
    )


MODELS = {"ppocrv6_rec": rec, "ppocrv6_det": det, "ppocr_direction": direction, "ppocrv6_read": read_all}

MODEL = Family(
    domain="ocr",
    name="ppocr",
    title="PP-OCR",
    framework="onnx",
    folder=FOLDER,
    names=tuple(MODELS),
    make=lambda variant: MODELS[variant](),
)
