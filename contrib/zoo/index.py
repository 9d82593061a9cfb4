"""What a line of `zoo list` says of each family, kept between starts: reading a hundred model.py files takes seconds.

An entry is taken over as long as the content of everything that it is made of is the same: the Python files of the
model's folder, those of `zoo` that describe models and libraries, and, of a family whose variants are made of those of
others, the files of theirs. Nothing is remembered by name, size or time.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo_core.errors import DataError
from zoo_core.files import read_json, write_json
from zoo_core.hashing import text_digest
from zoo_core.home import home

if TYPE_CHECKING:
    from zoo.family import Family

_log = logging.getLogger(__name__)
_ZOO = Path(__file__).resolve().parent
EXAMPLES = _ZOO.parent / "example"
DEMOS = _ZOO.parent / "utils" / "demos"  # pictures that several models are shown on, a folder a kind


@dataclass(frozen=True)
class Entry:
    """One family.

    Attributes:
        library: whether it is a whole library.
        real: whether its default weights are trained ones: published, or trained here on the public data of its figure.
        made_of: the ids of other families, as patterns, whose variants its own are made of.
        others: the digest of their files.
        error: why it cannot be loaded; all else is empty then.
    """

    id: str
    framework: str = ""
    title: str = ""
    default_variant: str = ""
    default_weights: str = ""
    variants: Sequence[str] = ()
    library: bool = False
    real: bool = False
    made_of: Sequence[str] = ()
    others: str = ""
    error: str = ""


def ids(examples: Path = EXAMPLES) -> list[str]:
    """domain/name of every model, sorted; looks at folders only."""
    return sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in examples.glob("*/*/model.py"))


def entries(examples: Path = EXAMPLES) -> list[Entry]:
    """An entry for every family, sorted by id. Families that have changed are loaded, and remembered."""
    from zoo_core.guarded import guarded  # whoever names one model loads that one

    file = home() / "index.json"
    known = read_json(file)
    known = known if isinstance(known, dict) else {}
    shared = _shared_digest()
    keys = {
        one: _digest(sorted((examples / one).glob("*.py")), shared + _sample_weights(examples / one))
        for one in ids(examples)
    }
    found = {one: _read(known.get(key), one, keys) for one, key in keys.items()}
    new = [one for one, entry in found.items() if entry is None]
    # what a contributor's file does while it is loaded is its own: it may exit, or never end
    for outcome in guarded(lambda one: asdict(_loaded(one, examples)), new):
        failed = Entry(outcome.item, error=f"{outcome.item}: {outcome.fault}")
        loaded = failed if outcome.fault else Entry(**outcome.value)
        found[outcome.item] = replace(loaded, others=_others(loaded.made_of, keys))
    whole = [entry for entry in found.values() if entry is not None]
    kept = {keys[entry.id]: asdict(entry) for entry in whole if not entry.error}
    if kept != known:
        try:
            write_json(file, kept)
        except DataError as error:
            _log.debug("the list of models is not kept: %s", error)
    return whole


def _read(said: Any, wanted: str, keys: Mapping[str, str]) -> Entry | None:
    """The entry that was kept; None where there is none, or not of this model, or others that it is made of changed."""
    try:
        entry = Entry(**said)
    except TypeError:
        return None
    texts = (entry.framework, entry.title, entry.default_variant, entry.default_weights, entry.error)
    lists = (entry.variants, entry.made_of)
    if not all(isinstance(one, (list, tuple)) for one in lists):
        return None
    whole = all(isinstance(one, str) for one in (*texts, *(text for one in lists for text in one)))
    if not whole or entry.id != wanted or entry.error:
        return None
    return entry if entry.others == _others(entry.made_of, keys) else None


def _others(made_of: Sequence[str], keys: Mapping[str, str]) -> str:
    """The digest of what the families that these patterns name are made of; "" where none are named."""
    meant = [key for one, key in keys.items() if any(fnmatchcase(one, pattern) for pattern in made_of)]
    return text_digest(" ".join(meant)) if made_of else ""


def _loaded(model_id: str, examples: Path) -> Entry:
    """The entry of a family, from its model.py."""
    from .errors import ZooError
    from .loading import load_file

    try:
        family = load_file(examples / model_id / "model.py")
        variants = list(family.variants)
        default = family.default_variant
    except ZooError as error:
        return Entry(model_id, error=str(error))
    except Exception as error:
        # the names of variants come from a contributor's own code
        return Entry(model_id, error=f"{model_id}: its variants cannot be listed: {type(error).__name__}: {error}")
    weights, real = family.default_weights, _real(family)
    made_of = list(family.made_of)
    return Entry(model_id, family.framework, family.title, default, weights, variants, family.library, real, made_of)


def _real(family: Family) -> bool:
    """Whether the default variant has trained weights; what it cannot say of itself, `zoo info` tells."""
    from .errors import ZooError

    try:
        model = family.variant()
    except ZooError:
        return False
    return model.trained_here or (model.default_weights == "pretrained" and model.pretrained is not None)


def _shared_digest() -> str:
    """Of the files that describe models: a change of any makes every entry anew."""
    files = [_ZOO / name for name in ("family.py", "model.py", "index.py")]
    return _digest([*files, *sorted(path for path in (_ZOO / "libraries").rglob("*") if path.is_file())], "")


def _sample_weights(folder: Path) -> str:
    """Which sample weights there are: they decide what the default weights are."""
    return ",".join(sorted(path.name for path in folder.glob("sample*.safetensors")))


def _digest(files: Sequence[Path], also: str) -> str:
    digest = hashlib.sha256(also.encode())
    for file in files:
        if file.suffix != ".pyc":
            digest.update(f"\n{file.parent.name}/{file.name}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
