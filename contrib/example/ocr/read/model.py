"""Reading a photograph: a detector of text and a recogniser of the zoo, one behind the other, and between them, where
it is asked for, a network that turns round what stands on its head."""

from fnmatch import fnmatchcase
from functools import cache
from itertools import product
from pathlib import Path
from typing import cast

from utils.datasets.samples.directions import DIRECTIONS
from utils.datasets.samples.text_scenes import write_scenes
from zoo import catalogue
from zoo.errors import ZooError
from zoo.family import Family
from zoo.index import DEMOS
from zoo.libraries.chain import chained
from zoo.model import Model, SampleData
from zoo.task import Task
from zoo.tasks.classification import ImageClassification
from zoo.tasks.text_detection import FoundTexts
from zoo.tasks.text_reading import FIND, READ, TURN, TextReading
from zoo.tasks.text_recognition import TextRecognition

FOLDER = Path(__file__).resolve().parent
JOINT = "+"
KINDS = {FIND: "detector", TURN: "network that tells a direction", READ: "recogniser"}
# The networks of eight pairs that have sample weights, by short names
FINDING = {
    "dbnet": "dbnet_resnet18_narrow",
    "psenet": "psenet_resnet18_narrow",
    "advanced_east": "advanced_east_narrow",
    "ctpn": "ctpn_narrow",
}
READING = {"crnn": "crnn_narrow", "cnnctc": "cnnctc_narrow"}
SHORT = {f"{one}_{other}": (FINDING[one], READING[other]) for one, other in product(FINDING, READING)}
# Of a reading. Where its score is the mean of the characters' probabilities, as with PP-OCR; and where it is the
# probability of the whole path, which falls with the length of a word
LEAST, SURE = 0.5, 0.9
LEAST_OF_PATH = 0.1


def networks() -> dict[str, dict[str, Family]]:
    """The variants of the zoo that can be in a chain, and their families: by what they do there, and by name."""
    return _found()[0]


@cache
def _found() -> tuple[dict[str, dict[str, Family]], dict[str, str]]:
    """The networks, and by their ids the families that cannot be described, and why. Raises ZooError where two
    networks have one name."""
    broken: dict[str, str] = {}
    found: dict[str, dict[str, Family]] = {kind: {} for kind in KINDS}
    for one in catalogue.ids():
        if one == MODEL.id or not any(fnmatchcase(one, pattern) for pattern in MODEL.made_of):
            continue
        try:
            family = catalogue.load(one)
            kinds = {name: _kind(family.variant(name).task) for name in family.variants}
        except (ZooError, ModuleNotFoundError) as error:
            broken[one] = str(error)  # said where somebody asks for a chain that there is not (`explain`)
            continue
        for name, kind in kinds.items():
            if not kind:
                continue
            if name in found[kind]:
                raise ZooError(
                    f"{found[kind][name].id} and {one} both have a {KINDS[kind]} '{name}', and a chain names networks "
                    "by their variants alone; give one of them another name"
                )
            found[kind][name] = family
    return found, broken


def _kind(task: Task) -> str:
    """What a network can do in a chain; "" for nothing."""
    if isinstance(task, FoundTexts):
        return FIND
    if isinstance(task, TextRecognition):
        return READ
    return TURN if isinstance(task, ImageClassification) and task.labels == DIRECTIONS else ""


@cache
def chains() -> dict[str, dict[str, str]]:
    """The variants: for each name the networks, by what they do."""
    find, turn, read = (networks()[kind] for kind in (FIND, TURN, READ))
    short = {name: pair for name, pair in SHORT.items() if pair[0] in find and pair[1] in read}
    pairs = [*short.values(), *product(find, read)]
    names = [*short, *(JOINT.join(pair) for pair in product(find, read))]
    found = {name: {FIND: one, READ: other} for name, (one, other) in zip(names, pairs, strict=True)}
    for one, way, other in product(find, turn, read):
        found[JOINT.join((one, way, other))] = {FIND: one, TURN: way, READ: other}
    return found


def names() -> tuple[str, ...]:
    """The names of all variants."""
    return tuple(chains())


def explain(asked: str) -> str:
    """What is wrong with a name that no variant has."""
    missing = "".join(f"; {one} could not be described: {why}" for one, why in _found()[1].items())
    return _wrong(asked) + missing


def _wrong(asked: str) -> str:
    halves = SHORT.get(asked, tuple(asked.split(JOINT)))
    kinds = {2: (FIND, READ), 3: (FIND, TURN, READ)}.get(len(halves))
    if kinds is None:
        return (
            f"a variant is DETECTOR{JOINT}RECOGNISER or DETECTOR{JOINT}DIRECTION{JOINT}RECOGNISER, each a variant of "
            f"the zoo, such as ppocrv6_det{JOINT}english_g2; `zoo info {MODEL.id} --variants` shows all"
        )
    wrong = [(half, kind) for half, kind in zip(halves, kinds, strict=True) if half not in networks()[kind]]
    return "; ".join(
        f"'{half}' is no {KINDS[kind]} that can be in a chain: these are {', '.join(networks()[kind])}"
        for half, kind in wrong
    )


def model(variant: str) -> Model:
    """What is known of a chain."""
    members = {kind: networks()[kind][name].variant(name) for kind, name in chains()[variant].items()}
    reads = cast(TextRecognition, members[READ].task)
    mean = reads.probabilities
    return chained(
        members,
        task=TextReading(
            cast(FoundTexts, members[FIND].task),
            reads,
            cast(ImageClassification, members[TURN].task) if TURN in members else None,
            least=LEAST if mean else LEAST_OF_PATH,
            sure=SURE if mean else LEAST_OF_PATH,
        ),
        sample=SampleData("text_scenes", 1, write_scenes, "rendered scenes of text"),
        demos=DEMOS / "texts",
    )


MODEL = Family(
    domain="ocr",
    name="read",
    title="Reading a scene",
    framework="pytorch",
    folder=FOLDER,
    names=names,
    make=model,
    default="dbnet_crnn",
    built=True,
    made_of=("ocr/*", "classification/cnn_direction"),
    explain=explain,
)
