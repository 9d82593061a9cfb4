"""Sentence embeddings: a text in, a vector of length 1 out."""

from __future__ import annotations

from engine.spec import TensorSpec
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.code import call
from zoo.contributing.new.description import Description
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.texts import TOKENIZER_LINE, require_folder, texts_of
from zoo.contributing.new.trial import Trial
from zoo.errors import ZooError
from zoo.part import IDS_AND_MASK


def described(source: Source, asked: Asked) -> Description:
    """Try `source` on texts. Raises ZooError if it embeds none."""
    asked.require_only("pooling")
    require_folder(source, asked.task)
    trial = Trial(source)
    texts, outputs = texts_of(source, trial)
    shapes = [one.shape for one in outputs]
    if len(shapes) != 1 or len(shapes[0]) != 2:
        raise ZooError(f"--from {source.text} gives {shapes}; one output [N, numbers] is expected. {BY_HAND}")
    words = ["TOKENIZER", f"max_length={texts.length}", f"longest={texts.longest}", f"padding={texts.padding}"]
    return Description(
        source=source,
        inputs=IDS_AND_MASK,
        outputs=(TensorSpec("embedding", "float32", ("batch", shapes[0][1])),),
        size={"length": texts.length},
        gives="embeddings of length 1",
        task=call("SentenceEmbedding", words, "task="),
        sample='SampleData("sentence_pairs", 1, write_pairs)',
        imports=(
            ("utils.datasets.samples.sentence_pairs", "write_pairs"),
            ("zoo.tasks.sentence_embedding", "SentenceEmbedding"),
        ),
        constants=TOKENIZER_LINE,
        overview=f"an embedding of {shapes[0][1]} numbers, whose length is 1",
        data="Pairs of sentences with scores from 0 to 5, as GLUE's STS-B: `DATA/dev.tsv`. `--data_path sample` is "
        "made on first use: 166 pairs that this project has written, too few for a figure to compare with others.",
    )
