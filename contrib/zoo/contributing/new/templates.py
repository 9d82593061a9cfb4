"""The files of a new model's folder, as text."""

from __future__ import annotations

import textwrap

from zoo.contributing.new.source import IMAGENET_CLASSES, Source, Transform
from zoo.contributing.new.trial import Shape
from zoo.model import file_name

_MODEL = '''"""{title}, from {origin}."""

{imports}
{constants}
def build(variant: str) -> Any:
    """{takes} float32 to [N, {classes}] {gives}."""
    {build}


def model(variant: str) -> Model:
    """What is known of the network."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", {input_shape}),),
                outputs=(TensorSpec("output", "float32", ("batch", {classes})),),
                size={size},
            ),
        ),
        task=ImageClassification(transform={transform}, labels={labels}, folders={folders}{scores}),
        sample={sample},
{optional}        source="{origin}",
        licence="{licence}",
{published}    )


MODEL = Family(
    domain="{domain}",
    name="{name}",
    title="{title}",
    folder=Path(__file__).resolve().parent,
    framework="{framework}",
    names=("{variant}",),
    make=model,
)
'''

_LABELS = '''
# The names of the classes, in the order of the outputs. These stand in for the real ones: write them here.
LABELS = tuple(f"class_{{index}}" for index in range({classes}))


def write_sample(folder: Path) -> None:
    """Two photographs that stand for the first two classes: good for trying the scripts, not for a figure."""
    write_photos(folder, {{"china": LABELS[0], "flower": LABELS[1]}})

'''

_README = """# {title}

## 1. Overview
{title} as it is in {origin}; the output is scores of {classes} classes.
Say here in a few sentences what the network is.
{note}<!-- zoo: facts -->
<!-- /zoo -->

### 2.4 Get the data set
A labelled data set has one folder a class: `DATA/<class>/<image>`. `--data_path sample` is made on first use: it shows
that the scripts work, and is no measure of accuracy.
<!-- zoo: inference -->
<!-- /zoo -->
<!-- zoo: accuracy -->
<!-- /zoo -->
No figure stands here until one has been measured with the real weights on the real data set.
"""

_CASE = """
- case_name: {domain}_{name}
  run_dir: {run_dir}
"""

_TECOEXEC = """
- case_name: model.infer.async.{name}.1card.batch8.shape{side}*{side}
  model_name: {name}
  onnx_path: {run_dir}/{dynamic}
  pass_path: contrib/engine/passes/default_pass.py
  onnx_dtype: float32
  input_shapes: 1*{channels}*{side}*{side}
  batch_size: [1, 8, 64]
  iterations: 20
  warm_up: 5
  run_sync: false
  desc: "{title}"
"""


def model(domain: str, name: str, title: str, source: Source, shape: Shape) -> str:
    """model.py, in the repository's style but for line breaks."""
    imagenet = shape.classes == IMAGENET_CLASSES
    usual = source.transform == Transform() and not source.note
    side = '"height", "width"' if shape.flexible else f"{shape.side}, {shape.side}"
    constants = "" if usual else f"\n{_comment(source.note)}TRANSFORM = {_transform(source.transform)}\n"
    constants += "\n" if imagenet else _LABELS.format(classes=shape.classes)
    published = ""
    if source.published:
        value, where = source.published
        published = f'        published=Published("top1", {value}, "{where}"),\n'
    return _MODEL.format(
        **_names(domain, name, title, source, shape),
        imports=_imports(source, imagenet, usual),
        constants=constants,
        build="\n    ".join(source.build).replace("\n    \n", "\n\n"),
        framework=source.framework,
        input_shape=f'("batch", {shape.channels}, {side})',
        size=f'{{"height": {shape.side}, "width": {shape.side}}}' if shape.flexible else "{}",
        transform="IMAGENET" if usual else "TRANSFORM",
        labels="imagenet()" if imagenet else "LABELS",
        folders="imagenet_wnids()" if imagenet else "LABELS",
        gives="probabilities" if shape.probabilities else "logits",
        scores=", probabilities=True" if shape.probabilities else "",
        sample='SampleData("photos", 1, write_photos)' if imagenet else f'SampleData("photos_{name}", 1, write_sample)',
        optional=(f"        pretrained={source.pretrained},\n" if source.pretrained else "")
        + ("        built=True,\n" if shape.built else ""),
        published=published,
    )


def _comment(note: str) -> str:
    return "".join(f"# {line}\n" for line in textwrap.wrap(note, 118))


def _transform(transform: Transform) -> str:
    words = [str(transform.resize), str(transform.crop), f"mean={transform.mean}", f"std={transform.std}"]
    default = Transform()
    words += [
        f'{name}="{getattr(transform, name)}"'
        for name in ("interpolation", "mode")
        if getattr(transform, name) != getattr(default, name)
    ]
    return "ClassificationTransform(\n" + "".join(f"    {word},\n" for word in words) + ")"


def _imports(source: Source, imagenet: bool, usual: bool) -> str:
    standard = ["from functools import partial"]
    own = [
        "from engine.spec import TensorSpec",
        "from utils.datasets.samples.photos import write_photos",
        *(["from utils.postprocess.labels import imagenet, imagenet_wnids"] if imagenet else []),
        f"from utils.preprocess.{'paddle' if source.framework == 'paddle' else 'pytorch'}.classification import "
        + ("IMAGENET" if usual else "ClassificationTransform"),
        "from zoo.family import Family",
        *source.imports,
        f"from zoo.model import Model, Part, {'Published, ' if source.published else ''}SampleData",
        "from zoo.tasks.classification import ImageClassification",
    ]
    return "\n".join([*standard, "from pathlib import Path", "from typing import Any", "", *own])


def readme(domain: str, name: str, title: str, source: Source, shape: Shape) -> str:
    """README.md as far as people write it: `zoo sync` adds the rest."""
    note = "".join(f"{line}\n" for line in textwrap.wrap(source.note, 118))
    return _README.format(**_names(domain, name, title, source, shape), note=note)


def case(domain: str, name: str, title: str, source: Source, shape: Shape) -> str:
    """The model's case in model.yaml."""
    return _CASE.format(**_names(domain, name, title, source, shape))


def tecoexec_case(domain: str, name: str, title: str, source: Source, shape: Shape) -> str:
    """The model's case of limit performance."""
    return _TECOEXEC.format(**_names(domain, name, title, source, shape))


def _names(domain: str, name: str, title: str, source: Source, shape: Shape) -> dict[str, object]:
    side = "H, W" if shape.flexible else f"{shape.side}, {shape.side}"
    return {
        "domain": domain,
        "name": name,
        "title": title,
        "variant": source.variant,
        "origin": source.origin,
        "licence": source.licence,
        "classes": shape.classes,
        "channels": shape.channels,
        "side": shape.side,
        "takes": f"[N, {shape.channels}, {side}]",
        "run_dir": f"contrib/example/{domain}/{name}",
        "dynamic": file_name(source.variant),
    }
