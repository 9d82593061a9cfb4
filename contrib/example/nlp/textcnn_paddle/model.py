"""TextCNN on short reviews, defined in Paddle."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.preprocess.text import read_vocabulary
from zoo.catalogue import beside
from zoo.family import Family
from zoo.frameworks.paddle_state import paddle_state
from zoo.libraries.review_classifier import LABELS, review_classifier
from zoo.model import Model, Published

FOLDER = Path(__file__).resolve().parent
VOCABULARY = FOLDER / "vocabulary.txt"


def build(variant: str) -> Any:
    """int64 [N, length] word ids to [N, 2] logits: negative, positive."""
    return beside(__file__, "network").TextCNN(len(read_vocabulary(VOCABULARY)), len(LABELS))


PUBLISHED = {"textcnn": Published("accuracy", 0.827, "the paper, CNN-rand on SST-2, not these sentences")}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return review_classifier(
        VOCABULARY,
        build=partial(build, variant),
        sample_convert=partial(paddle_state, build=partial(build, variant)),
        source="written for this repository after the paper; the weights are those of nlp/textcnn",
        paper="Kim, Convolutional Neural Networks for Sentence Classification, 2014",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="nlp",
    name="textcnn_paddle",
    title="TextCNN (PaddlePaddle)",
    framework="paddle",
    folder=FOLDER,
    names=("textcnn",),
    make=model,
)
