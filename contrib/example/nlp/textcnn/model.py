"""TextCNN on short reviews."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS, trec
from utils.datasets.samples.questions import write_questions
from utils.datasets.samples.reviews import load_split, write_reviews
from utils.preprocess.text import read_vocabulary
from utils.preprocess.tokenizer import open_tokenizer
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Published, ReferenceData, SampleData
from zoo.tasks.text_classification import TextClassification

FOLDER = Path(__file__).resolve().parent
VOCABULARY = FOLDER / "vocabulary.txt"
LABELS = ("negative", "positive")
LENGTH = 128
TREC_TOKENIZER = FOLDER / "tokenizer_trec.json"
TREC = ReferenceData(
    "trec", "TREC questions, test", LISTINGS / "trec.tsv", trec.arrange, "none stated (repository: MIT)", 500
)


def build(variant: str) -> Any:
    """int64 [N, length] word ids to [N, 2] logits: negative, positive; of TREC to [N, 6]."""
    if variant == "textcnn_trec":
        words = open_tokenizer(TREC_TOKENIZER).get_vocab_size()
        return beside(__file__, "network").TextCNN(words, len(trec.LABELS))
    return beside(__file__, "network").TextCNN(len(read_vocabulary(VOCABULARY)), len(LABELS))


def calibration() -> list[str]:
    """Sentences of the training part, for int8."""
    return [review.sentence for review in load_split()[0][:256]]


PUBLISHED = {
    "textcnn": Published("accuracy", 0.827, "the paper, CNN-rand on SST-2, not these sentences"),
    "textcnn_trec": Published(
        "accuracy",
        0.912,
        "the paper, CNN-rand on TREC",
        decimals=3,
        spread=0.01,
        spread_of="by which trainings from other random numbers differ; the weights were trained here",
    ),
}


def model(variant: str) -> Model:
    """What is known of a variant: reviews, or the questions of TREC."""
    of_trec = variant == "textcnn_trec"
    labels = trec.LABELS if of_trec else LABELS
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input_ids", "int64", ("batch", "length")),),
                outputs=(TensorSpec("logits", "float32", ("batch", len(labels))),),
                size={"length": LENGTH},
            ),
        ),
        task=TextClassification(TREC_TOKENIZER if of_trec else VOCABULARY, labels=labels, max_length=LENGTH),
        sample=SampleData("questions", 1, write_questions, "questions written for this project")
        if of_trec
        else SampleData("reviews", 1, write_reviews, "generated reviews"),
        source="written for this repository after the paper",
        licence="BSD-3-Clause, the sentences too",
        calibration=None if of_trec else calibration,
        paper="Kim, Convolutional Neural Networks for Sentence Classification, 2014",
        published=PUBLISHED.get(variant),
        reference=TREC if of_trec else None,
        demos=FOLDER / "demos_trec" if of_trec else None,
    )


MODEL = Family(
    domain="nlp",
    name="textcnn",
    title="TextCNN",
    framework="pytorch",
    folder=FOLDER,
    names=("textcnn", "textcnn_trec"),
    make=model,
)
