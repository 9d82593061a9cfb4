"""TextCNN on short reviews."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.datasets.references import LISTINGS, sent_conv, sentence_polarity
from utils.datasets.samples.questions import write_questions
from utils.preprocess.text import read_vocabulary
from utils.preprocess.tokenizer import open_tokenizer
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.review_classifier import LABELS, review_classifier
from zoo.model import Model, Published, ReferenceData, SampleData

FOLDER = Path(__file__).resolve().parent
VOCABULARY = FOLDER / "vocabulary.txt"
# What the paper measures on: its tokenizer and classes, made by train_published.py, and its data
PAPER = {
    "textcnn_trec": (FOLDER / "tokenizer_trec.json", sent_conv.TREC_LABELS),
    "textcnn_sst2": (FOLDER / "tokenizer_sst2.json", LABELS),
    "textcnn_mr": (FOLDER / "tokenizer_mr.json", LABELS),
}
LICENCE = "none stated (repository: MIT)"
REFERENCES = {
    "textcnn_trec": ReferenceData(
        "trec",
        "TREC questions, test",
        LISTINGS / "trec.tsv",
        partial(sent_conv.arrange, parts=sent_conv.TREC, classes=len(sent_conv.TREC_LABELS)),
        LICENCE,
        500,
    ),
    "textcnn_sst2": ReferenceData(
        "sst2",
        "SST-2 sentences, test",
        LISTINGS / "sst2.tsv",
        partial(sent_conv.arrange, parts=sent_conv.SST2, classes=len(LABELS)),
        LICENCE,
        1821,
        other="the published network learnt from phrases of the sentences too, which these files do not have",
    ),
    "textcnn_mr": ReferenceData(
        "mr",
        "MR, sentences of film reviews, one fold of ten",
        LISTINGS / "mr.tsv",
        sentence_polarity.arrange,
        "CC BY 4.0 (as NLTK's corpora have it)",
        1068,
    ),
}
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
    "textcnn_sst2": Published(
        "accuracy", 0.827, "the paper, CNN-rand on SST-2, which learnt from phrases of the sentences too", decimals=3
    ),
    "textcnn_mr": Published(
        "accuracy",
        0.761,
        "the paper, CNN-rand on MR, the mean of ten folds",
        decimals=3,
        spread=0.026,
        spread_of="two standard deviations of a share of 1,068 sentences; this is one fold of the ten, trained here",
    ),
}


def build(variant: str) -> Any:
    """int64 [N, length] word ids to [N, 2] logits: negative, positive; of TREC to [N, 6]."""
    if variant in PAPER:
        tokenizer, labels = PAPER[variant]
        return beside(__file__, "network").TextCNN(open_tokenizer(tokenizer).get_vocab_size(), len(labels))
    return beside(__file__, "network").TextCNN(len(read_vocabulary(VOCABULARY)), len(LABELS))


def _samples(variant: str) -> dict[str, Any]:
    """Questions for TREC; reviews, the same as those of `textcnn`, else."""
    if variant != "textcnn_trec":
        return {}
    return {
        "sample": SampleData("questions", 1, write_questions, "questions written for this project"),
        "demos": FOLDER / "demos_trec",
    }


def model(variant: str) -> Model:
    """What is known of a variant: generated reviews, the questions of TREC, or the sentences of SST-2."""
    common: dict[str, Any] = {
        "build": partial(build, variant),
        "source": "written for this repository after the paper",
        "paper": "Kim, Convolutional Neural Networks for Sentence Classification, 2014",
        "published": PUBLISHED.get(variant),
    }
    if variant not in PAPER:
        return review_classifier(VOCABULARY, **common)
    tokenizer, labels = PAPER[variant]
    return review_classifier(
        tokenizer, labels, calibration=None, reference=REFERENCES[variant], **_samples(variant), **common
    )


MODEL = Family(
    domain="nlp",
    name="textcnn",
    title="TextCNN",
    framework="pytorch",
    folder=FOLDER,
    names=("textcnn", *PAPER),
    make=model,
)
