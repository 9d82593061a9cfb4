"""TextCNN on short reviews, defined in MindSpore."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.reviews import load_split, write_reviews
from utils.preprocess.text import read_vocabulary
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.text_classification import TextClassification

FOLDER = Path(__file__).resolve().parent
VOCABULARY = FOLDER / "vocabulary.txt"
LABELS = ("negative", "positive")
LENGTH = 128


def build(variant: str) -> Any:
    """int64 [N, length] word ids to [N, 2] logits: negative, positive."""
    return beside(__file__, "network").TextCNN(len(read_vocabulary(VOCABULARY)), len(LABELS))


def calibration() -> list[str]:
    """Sentences of the training part, for int8."""
    return [review.sentence for review in load_split()[0][:256]]


PUBLISHED = {"textcnn": Published("accuracy", 0.827, "the paper, CNN-rand on SST-2, not these sentences")}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input_ids", "int64", ("batch", "length")),),
                outputs=(TensorSpec("logits", "float32", ("batch", len(LABELS))),),
                size={"length": LENGTH},
            ),
        ),
        task=TextClassification(VOCABULARY, labels=LABELS, max_length=LENGTH),
        sample=SampleData("reviews", 1, write_reviews, "generated reviews"),
        source="written for this repository after the paper; the weights are those of nlp/textcnn",
        licence="BSD-3-Clause, the sentences too",
        calibration=calibration,
        paper="Kim, Convolutional Neural Networks for Sentence Classification, 2014",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="nlp",
    name="textcnn_mindspore",
    title="TextCNN (MindSpore)",
    framework="mindspore",
    folder=FOLDER,
    names=("textcnn",),
    make=model,
)
