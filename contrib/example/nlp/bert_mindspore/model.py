"""A small BERT on short reviews, defined in MindSpore."""

from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.reviews import write_reviews
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.review_classifier import LABELS, LENGTH, calibration
from zoo.libraries.transformers_config import read_config
from zoo.model import Model, Part, SampleData
from zoo.part import IDS_AND_MASK
from zoo.tasks.text_classification import TextClassification

FOLDER = Path(__file__).resolve().parent
CONFIG = FOLDER / "bert_sample.json"


def build() -> Any:
    """int64 [N, length] ids and attention mask to [N, 2] logits: negative, positive."""
    return beside(__file__, "network").Classifier(read_config(CONFIG), len(LABELS))


def model(variant: str) -> Model:
    """What is known of the only variant."""
    return Model(
        build=build,
        parts=(
            Part(
                inputs=IDS_AND_MASK,
                outputs=(TensorSpec("logits", "float32", ("batch", len(LABELS))),),
                size={"length": LENGTH},
            ),
        ),
        task=TextClassification(
            FOLDER / "tokenizer.json",
            LABELS,
            max_length=LENGTH,
            longest=read_config(CONFIG)["max_position_embeddings"],
            padding=(0.0, 0.0),
            masked=True,
        ),
        sample=SampleData("reviews", 1, write_reviews, "generated reviews"),
        calibration=calibration,
        source="written for this repository after the paper; the weights are those of nlp/bert",
        licence="BSD-3-Clause, the sentences too",
        paper="Devlin et al., BERT, 2018",
    )


MODEL = Family(
    domain="nlp",
    name="bert_mindspore",
    title="BERT (MindSpore)",
    framework="mindspore",
    folder=FOLDER,
    names=("bert_sample",),
    make=model,
)
