"""LPRNet reads number plates."""

from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS, lpr_plates
from utils.datasets.samples.plates import write_plates
from utils.preprocess.pytorch.license_plate import PlateTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.text_recognition import TextRecognition

PROVINCES = "京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"
ALPHABET = PROVINCES + "0123456789ABCDEFGHJKLMNPQRSTUVWXYZIO"
CLASSES = len(ALPHABET) + 1
REPOSITORY = "https://raw.githubusercontent.com/sirius-ai/LPRNet_Pytorch/7c976664b3f3879efabeaff59c7a117e49d5f29e"


def build() -> Any:
    """[N, 3, 24, 94] to scores [N, 18, 68], the last class CTC's blank; see network.py."""
    return beside(__file__, "network").build(CLASSES)


def model(variant: str) -> Model:
    """What is known of the only variant."""
    return Model(
        build=build,
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, 24, 94)),),
                outputs=(TensorSpec("output", "float32", ("batch", 18, CLASSES)),),
            ),
        ),
        task=TextRecognition(PlateTransform(), ALPHABET, blank_last=True, counted=ALPHABET.lower()),
        sample=SampleData("plates", 1, write_plates, "drawn plates without the sign of a province"),
        source="written for this repository after the paper; names of the weights in LPRNet_Pytorch",
        licence="BSD-3-Clause; the weights: Apache-2.0; sample lettered in Aileron (CC0)",
        paper="Zherzdev, Gruzdev: LPRNet: License Plate Recognition via Deep Neural Networks, 2018",
        pretrained=Pretrained(
            f"{REPOSITORY}/weights/Final_LPRNet_model.pth",
            1.8,
            "d1ca22ca7a251a90702a166c8ad8ce7f05acb39f5ef8055139a33d462716d1ad",
        ),
        published=Published("word_accuracy", 0.96, "the authors' readme, 27,320 plates of their own"),
        reference=ReferenceData(
            "lpr_plates",
            "plates of LPRNet_Pytorch",
            LISTINGS / "lpr_plates.tsv",
            lpr_plates.arrange,
            "Apache-2.0 (the repository); whose photographs they are is not stated",
            1000,
            other="the published figure is of plates that are not to be had",
            terms="plates of real cars in photographs of unclear origin: for measuring only, not to be passed on",
        ),
    )


MODEL = Family(
    domain="ocr",
    name="lprnet",
    title="LPRNet",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("lprnet",),
    make=model,
)
