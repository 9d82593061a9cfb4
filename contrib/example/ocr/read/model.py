"""Reading a photograph with a detector of text and a recogniser of the zoo, one behind the other."""

from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, cast

from utils.datasets.samples.text_scenes import write_scenes
from zoo import catalogue
from zoo.errors import ZooError
from zoo.family import Family
from zoo.frameworks.torch_file import read_state
from zoo.model import Model, Part, SampleData
from zoo.tasks.text_detection import TextDetection
from zoo.tasks.text_reading import TextReading
from zoo.tasks.text_recognition import TextRecognition

DETECTORS = ("dbnet", "psenet", "advanced_east", "ctpn")
RECOGNISERS = ("crnn", "cnnctc")
JOINT = "_"
PAIRS = {f"{one}{JOINT}{other}": (one, other) for one, other in product(DETECTORS, RECOGNISERS)}
LEAST = 0.1  # of a reading: the probability of the whole path, which falls with the length of a word


def chain(variant: str) -> dict[str, Model]:
    """The two models, each of its folder's default variant."""
    names = zip(("det", "rec"), PAIRS[variant], strict=True)
    return {part: catalogue.load(f"ocr/{name}").variant() for part, name in names}


def build(variant: str) -> Any:
    """Both networks with their sample weights, by the names of the parts."""
    from torch import nn

    return nn.ModuleDict({name: trained(model) for name, model in chain(variant).items()})


def trained(model: Model) -> Any:
    """A network with the sample weights of its folder."""
    if not model.sample_weights.is_file():
        raise ZooError(f"{model.id} has no sample weights, {model.sample_weights.name}; take its folder whole")
    network = model.build()
    network.load_state_dict(read_state(model.sample_weights))
    return network


def part_of(name: str, part: Part) -> Part:
    """The part of a model as one of several. Words have widths of their own, so that one of a fixed width is no use."""
    return replace(part, name=name, module=lambda network: part.of(network[name]), static=name == "det")


def model(variant: str) -> Model:
    """What is known of a pair."""
    models = chain(variant)
    finding, reading = (one.task for one in models.values())
    return Model(
        build=partial(build, variant),
        parts=tuple(part_of(name, one.part) for name, one in models.items()),
        task=TextReading(cast(TextDetection, finding), cast(TextRecognition, reading), least=LEAST, sure=LEAST),
        sample=SampleData("text_scenes", 1, write_scenes, "rendered scenes of text"),
        source=f"the networks of {' and '.join(one.id for one in models.values())}",
        licence="BSD-3-Clause; samples lettered in Aileron (CC0) and Caladea (Apache-2.0)",
        paper="; ".join(one.paper for one in models.values()),
        built=True,
        demos=models["det"].demo_folder(),
    )


MODEL = Family(
    domain="ocr",
    name="read",
    title="Reading a scene",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(PAIRS),
    make=model,
    built=True,
)
