"""Keyword spotting: a recording of a second in, scores of words out."""

from __future__ import annotations

from engine.spec import TensorSpec
from utils.datasets.samples.spoken_words import WORDS
from utils.datasets.speech_commands import SILENCE, UNKNOWN
from utils.preprocess.audio import MelSpectrogram
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.classes import classes_of
from zoo.contributing.new.code import call
from zoo.contributing.new.description import Description
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.trial import Trial, noise
from zoo.errors import ZooError

_COEFFICIENTS = (10, 40)  # of a frame: the usual numbers of MFCC
_USUAL = (SILENCE, UNKNOWN, *WORDS)


def described(source: Source, asked: Asked) -> Description:
    """Try `source` on noise. Raises ZooError if it spots no keywords in MFCC of a second."""
    asked.require_only("labels")
    trial = Trial(source)
    mel = MelSpectrogram()
    frames = mel.frames(mel.rate)
    shapes = {count: (2, 1, frames, count) for count in _COEFFICIENTS}
    taken = [count for count, shape in shapes.items() if not isinstance(trial.run([noise(*shape)]), Exception)]
    if not taken:
        wanted = " or ".join(str(["N", *shape[1:]]).replace("'", "") for shape in shapes.values())
        trial.require(
            [noise(*shapes[_COEFFICIENTS[0]])], f"keyword networks take MFCC of a second, {wanted}. {BY_HAND}"
        )
    given = shapes[taken[0]]
    outputs = trial.require([noise(*given)], BY_HAND)
    found = [one.shape for one in outputs]
    if len(found) != 1 or len(found[0]) != 2 or found[0][1] <= len((SILENCE, UNKNOWN)):
        raise ZooError(f"{source.variant} gives {found}; one output [N, classes] is expected. {BY_HAND}")
    trial.require_no_sigmoid(given)
    classes = found[0][1]
    _require_words(source, asked, classes)
    named = classes_of(source, asked, classes) if asked.labels else None
    words = "WORDS" if named is None else "LABELS[2:]"
    features = f"Mfcc(MelSpectrogram(), {given[3]})"
    return Description(
        source=trial.source,
        inputs=(TensorSpec("input", "float32", ("batch", *given[1:])),),
        outputs=(TensorSpec("output", "float32", ("batch", classes)),),
        gives="logits",
        task=call("KeywordSpotting", [f"words={words}", f"features={features}"], "task="),
        sample='SampleData("spoken_words", 1, write_spoken_words, "words that a program speaks")',
        imports=(
            ("utils.datasets.samples.spoken_words", "write_spoken_words"),
            *([("utils.datasets.samples.spoken_words", "WORDS")] if named is None else named.imports),
            ("utils.preprocess.audio", "MelSpectrogram"),
            ("utils.preprocess.audio", "Mfcc"),
            ("zoo.tasks.keyword_spotting", "KeywordSpotting"),
        ),
        constants=named.constants if named else "",
        built=trial.is_built(),
        overview=f"scores of {classes} classes: silence, another word, and {classes - 2} words",
        data="The layout of Speech Commands: `DATA/<word>/<recording>.wav` and `DATA/_background_noise_`. "
        "`--data_path sample` is spoken by a program on first use: it shows that the scripts work, and is no measure "
        "of accuracy.",
        files=named.files if named else {},
        left=(f"{given[3]} coefficients of {frames} frames are taken for granted: compare with the source's own",),
    )


def _require_words(source: Source, asked: Asked, classes: int) -> None:
    """Raise ZooError where the names of the classes are not known, or are not those of keywords."""
    beginning = f"{SILENCE} and {UNKNOWN}"
    if asked.labels is None and classes != len(_USUAL):
        raise ZooError(
            f"--from {source.text} tells {classes} classes apart: give --labels FILE with {beginning} in its first "
            f"lines and then the words (without it, the {len(_USUAL)} of Speech Commands are meant)"
        )
    if asked.labels is not None and asked.labels[:2] != (SILENCE, UNKNOWN):
        raise ZooError(f"--labels begins with {' and '.join(asked.labels[:2])}; {beginning} are expected, then words")
    if asked.labels is not None and not set(asked.labels) & set(WORDS):
        raise ZooError(f"--labels has none of the words that sample data are spoken of: {', '.join(WORDS)}. {BY_HAND}")
