"""TextCNN on short reviews."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.datasets.references import LISTINGS, trec
from utils.datasets.samples.questions import write_questions
from utils.preprocess.text import read_vocabulary
from utils.preprocess.tokenizer import open_tokenizer
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.review_classifier import LABELS, review_classifier
from zoo.model import Model, Published, ReferenceData, SampleData

FOLDER = Path(__file__).resolve().parent
VOCABULARY = FOLDER / "vocabulary.txt"
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
    common: dict[str, Any] = {
        "build": partial(build, variant),
        "source": "written for this repository after the paper",
        "paper": "Kim, Convolutional Neural Networks for Sentence Classification, 2014",
        "published": PUBLISHED.get(variant),
    }
    if variant != "textcnn_trec":
        return review_classifier(VOCABULARY, **common)
    return review_classifier(
        TREC_TOKENIZER,
        trec.LABELS,
        sample=SampleData("questions", 1, write_questions, "questions written for this project"),
        calibration=None,
        reference=TREC,
        demos=FOLDER / "demos_trec",
        **common,
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
