"""The files of a new model's folder, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from engine.spec import TensorSpec
from zoo.contributing.new.code import WIDTH, argument, call, imports, quoted
from zoo.contributing.new.description import Description
from zoo.contributing.new.kinds.folder import SAMPLE
from zoo.model import file_name

_MODEL = '''"""{headline}"""

{imports}

{constants}
def build(variant: str) -> Any:
    """{network}."""
    {build}


def model(variant: str) -> Model:
    """What is known of the network."""
    return Model(
        build=partial(build, variant),
        parts={parts},
        task={task},
        sample={sample},
{optional}        {source},
        {licence},
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

_PART = """(
            Part(
                inputs=({inputs}),
                outputs=({outputs}),
                size={size},
{static}            ),
        )"""

_README = """# {title}

## 1. Overview
{overview}
{note}<!-- zoo: facts -->
<!-- /zoo -->

### 2.4 Get the data set
{data}
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
- case_name: model.infer.async.{name}.1card.batch8.shape{sides}
  model_name: {name}
  onnx_path: {run_dir}/{dynamic}
  pass_path: contrib/engine/passes/default_pass.py
  onnx_dtype: float32
  input_shapes: {shapes}
  batch_size: [1, 8, 64]
  iterations: 20
  warm_up: 5
  run_sync: false
  desc: "{title}"
"""

_STANDARD = "from functools import partial\nfrom pathlib import Path\nfrom typing import Any"
_LETTERS = {"batch": "N", "height": "H", "width": "W"}


@dataclass(frozen=True)
class Page:
    """A model as its files name it. about: what it is, in people's words; "" where nobody has said it."""

    domain: str
    name: str
    title: str
    about: str
    licence: str

    @property
    def run_dir(self) -> str:
        """Its folder in the repository."""
        return f"contrib/example/{self.domain}/{self.name}"


def model(page: Page, known: Description) -> str:
    """model.py, in the repository's style."""
    source = known.source
    headline = f"{page.title}, from {source.origin}.".replace("\\", "/").replace('"', "'")
    constants = source.constants + known.constants
    return _MODEL.format(
        headline=headline if len(headline) < WIDTH - 6 else f"{page.title}.",
        imports=f"{_STANDARD}\n\n{imports(_imported(known))}",
        constants=constants + ("\n" if constants else ""),
        network=network(known),
        build="\n    ".join(_build(known)).replace("\n    \n", "\n\n"),
        parts=known.parts or _part(known),
        task=known.task,
        sample=known.sample,
        optional=_optional(known),
        source=argument("source", source.origin),
        licence=argument("licence", page.licence),
        published=_published(known),
        domain=page.domain,
        name=page.name,
        title=page.title,
        framework=source.framework,
        variant=source.variant,
    )


def _part(known: Description) -> str:
    return _PART.format(
        inputs=_specs(known.inputs),
        outputs=_specs(known.outputs),
        size="{" + ", ".join(f'"{name}": {size}' for name, size in known.size.items()) + "}",
        static="" if known.static else f"{' ' * 16}static=False,\n",
    )


def network(known: Description) -> str:
    """What the network takes and gives, in a line: "[N, 3, H, W] float32 to [N, 7] logits"."""
    takes = " and ".join(f"{_axes(one)} {one.dtype}" for one in known.inputs)
    return f"{takes} to {_axes(known.outputs[0])} {known.gives}"


def _imported(known: Description) -> list[tuple[str, str]]:
    weights = known.source.weights
    return [
        *([] if known.parts else [("engine.spec", "TensorSpec"), ("zoo.model", "Part")]),
        ("zoo.family", "Family"),
        ("zoo.model", "Model"),
        ("zoo.model", "SampleData"),
        *known.source.imports,
        *known.imports,
        *(weights.imports if weights else ()),
        *([("zoo.model", "Published")] if weights and weights.metric else []),
    ]


def _build(known: Description) -> list[str]:
    """The body of `build`. Where one of several outputs is meant, a hook gives it, which renames no weights."""
    *before, expression = known.source.code
    if not known.source.taken:
        return [*before, f"return {expression}"]
    return [
        *before,
        f"network = {expression}",
        f"network.register_forward_hook(lambda module, inputs, output: output{known.source.taken})",
        "return network",
    ]


def _optional(known: Description) -> str:
    weights = known.source.weights
    lines = [
        f"pretrained={weights.code}" if weights else "",
        "given=True" if SAMPLE in known.source.files else "",
        "built=True" if known.built else "",
        f"restore={known.source.restore}" if known.source.restore else "",
    ]
    return "".join(f"        {line},\n" for line in lines if line)


def _published(known: Description) -> str:
    weights = known.source.weights
    if weights is None or not weights.metric:
        return ""
    words = [quoted(weights.metric), str(weights.value), quoted(weights.where)]
    return f"        published={call('Published', words, 'published=')},\n"


def _specs(specs: Sequence[TensorSpec]) -> str:
    """One in the line of its brackets, several in a line each."""
    if len(specs) == 1:
        return f"{_spec(specs[0])},"
    return "".join(f"\n{' ' * 20}{_spec(one)}," for one in specs) + f"\n{' ' * 16}"


def _spec(one: TensorSpec) -> str:
    axes = ", ".join(f'"{axis}"' if isinstance(axis, str) else str(axis) for axis in one.shape)
    return f'TensorSpec("{one.name}", "{one.dtype}", ({axes}))'


def _axes(one: TensorSpec) -> str:
    return f"[{', '.join(_LETTERS.get(axis, axis) if isinstance(axis, str) else str(axis) for axis in one.shape)}]"


def readme(page: Page, known: Description) -> str:
    """README.md as far as people write it: `zoo sync` adds the rest."""
    origin = f"{page.title} as it is in {known.source.origin}; the output is {known.overview}."
    return _README.format(
        title=page.title,
        overview=_wrapped(f"{page.about} {origin}" if page.about else origin),
        note="".join(f"{line}\n" for line in textwrap.wrap(known.note, WIDTH - 2)),
        data=_wrapped(known.data),
    )


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))


def case(page: Page) -> str:
    """The model's case in model.yaml."""
    return _CASE.format(domain=page.domain, name=page.name, run_dir=page.run_dir)


def tecoexec_case(page: Page, known: Description) -> str:
    """The model's case of limit performance."""
    return _TECOEXEC.format(
        name=page.name,
        title=page.title,
        run_dir=page.run_dir,
        dynamic=file_name(known.source.variant),
        sides="*".join(map(str, known.shapes[0][2:] or known.shapes[0][1:])),
        shapes=",".join("*".join(map(str, shape)) for shape in known.shapes),
    )
