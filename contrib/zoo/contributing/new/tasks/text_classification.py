"""Text classifiers: a text in, scores of classes out."""

from __future__ import annotations

from engine.spec import TensorSpec
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.classes import classes_of
from zoo.contributing.new.code import call
from zoo.contributing.new.description import Description
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.texts import TOKENIZER_LINE, require_folder, texts_of
from zoo.contributing.new.trial import Trial
from zoo.errors import ZooError
from zoo.part import IDS_AND_MASK


def described(source: Source, asked: Asked) -> Description:
    """Try `source` on texts. Raises ZooError if it is no classifier of them."""
    asked.require_only("labels")
    require_folder(source, asked.task)
    trial = Trial(source)
    texts, outputs = texts_of(source, trial)
    shapes = [one.shape for one in outputs]
    if len(shapes) != 1 or len(shapes[0]) != 2 or shapes[0][1] < 2:
        raise ZooError(f"--from {source.text} gives {shapes}; one output [N, classes] is expected. {BY_HAND}")
    classes = shapes[0][1]
    named = classes_of(source, asked, classes)
    words = ["TOKENIZER", "LABELS", f"max_length={texts.length}", f"longest={texts.longest}"]
    words += [f"padding={texts.padding}", "masked=True"]
    return Description(
        source=source,
        inputs=IDS_AND_MASK,
        outputs=(TensorSpec("logits", "float32", ("batch", classes)),),
        size={"length": texts.length},
        gives="logits",
        task=call("TextClassification", words, "task="),
        sample='SampleData("reviews", 1, write_reviews, "generated reviews")',
        imports=(
            ("utils.datasets.samples.reviews", "write_reviews"),
            ("zoo.tasks.text_classification", "TextClassification"),
            *named.imports,
        ),
        constants=f"{TOKENIZER_LINE}\n{named.constants}",
        overview=f"scores of {classes} classes",
        data="A table `sentence<TAB>label` with a header, the label as a number, as GLUE's SST-2: `DATA/dev.tsv`. "
        "`--data_path sample` is generated on first use, with labels 0 and 1: it shows that the scripts work, and is "
        "no measure of accuracy.",
        files=named.files,
        left=named.left,
    )
