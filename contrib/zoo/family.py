"""`Family`: what a model.py defines, as MODEL. It names its variants, and makes a `Model` when one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zoo_core.errors import ZooCoreError

from .errors import ZooError
from .model import Framework, Model
from .task import Task

_NEAR = 5


@dataclass(frozen=True)
class Family:
    """Networks that share a folder and a task.

    Args:
        domain, name: the folder below example/.
        title: for people.
        folder: the model's folder.
        framework: what the networks are defined in.
        names: the variants; a function where they come from a library, which must be cheap and import nothing heavy.
        make: gives the description of a variant; called when one is asked for.
        default: the variant that is meant where none is named; the first one by default.
        offline: the variant that checks and tests take where the default one's weights have to be fetched: its own lie
            in the folder, or it is so small that random ones do. The default one by default.
        library: whether it is a whole library: the name of a variant alone then means that of another family, where one
            has it.
        built: whether what its models build is trained already (`Model.built`).
        made_of: the ids of families, such as "ocr/*", whose variants its own are made of.
        explain: says of a name that no variant has what is wrong with it; near names are shown by default.
    """

    domain: str
    name: str
    title: str
    folder: Path
    framework: Framework
    names: Sequence[str] | Callable[[], Sequence[str]]
    make: Callable[[str], Model]
    default: str = ""
    offline: str = ""
    library: bool = False
    built: bool = False
    made_of: Sequence[str] = ()
    explain: Callable[[str], str] | None = None

    @property
    def id(self) -> str:
        """domain/name."""
        return f"{self.domain}/{self.name}"

    @property
    def default_variant(self) -> str:
        """The variant that is meant where none is named."""
        return self.default or self.variants[0]

    @property
    def offline_variant(self) -> str:
        """The variant that needs nothing from elsewhere, where there is one."""
        return self.offline or self.default_variant

    @property
    def default_weights(self) -> str:
        """What --weights is for the default variant where it is not given."""
        if self.built:
            return "built"
        return "sample" if (self.folder / "sample.safetensors").is_file() else "pretrained"

    @property
    def variants(self) -> Sequence[str]:
        """The names of all variants; may be a thousand. Raises ZooError where a library cannot say them."""
        if not callable(self.names):
            return self.names
        try:
            return self.names()
        except (Exception, SystemExit) as error:
            # a contributor's own code, which may need a library that is not installed
            raise ZooError(f"{self.id} cannot name its variants: {type(error).__name__}: {error}") from error

    @property
    def task(self) -> Task:
        """What is done with a sample of the default variant."""
        return self.variant().task

    def build(self, variant: str) -> Any:
        """The framework's network of a variant, with its own random initialisation."""
        return self.variant(variant).build()

    def variant(self, name: str | None = None) -> Model:
        """The model of a variant.

        Args:
            name: which; None stands for the default.

        Raises:
            ZooError: there is no such variant, and the message names near ones; or its description fails.
        """
        chosen = name or self.default_variant
        if chosen not in self.variants:
            raise ZooError(f"{self.id} has no variant '{chosen}'; {self._near(chosen)}")
        made = self._made(chosen)
        return replace(
            made,
            domain=self.domain,
            name=self.name,
            variant=chosen,
            folder=self.folder,
            framework=self._framework(made),
            default=chosen == self.default_variant,
            offline=self.offline,
            title=made.title or self.title,
        )

    def _framework(self, made: Model) -> Framework:
        """That of the family; of a model that is put together of others, theirs."""
        own = {one.framework for one in made.members.values()}
        if len(own) > 1:
            return "mixed"
        return own.pop() if own else self.framework

    def _made(self, variant: str) -> Model:
        try:
            return self.make(variant)
        except (ZooCoreError, ModuleNotFoundError):
            raise
        except Exception as error:
            # a contributor's own code, which may raise anything
            raise ZooError(f"{self.id} cannot describe '{variant}': {type(error).__name__}: {error}") from error

    def _near(self, asked: str) -> str:
        if self.explain is not None:
            return self.explain(asked)
        known = self.variants
        if len(known) <= _NEAR:
            return f"it has: {', '.join(known)}"
        import difflib  # for what was mistyped alone

        near = difflib.get_close_matches(asked, known, n=_NEAR)
        return f"did you mean {', '.join(near)}?" if near else f"it has {len(known)}, see `zoo info {self.id}`"
