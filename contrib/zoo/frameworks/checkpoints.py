"""What people's training scripts put around a network's tensors, and into their names.

No framework is imported here: both PyTorch's and Paddle's files are unwrapped by it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.frameworks.weight_files import HOW

# Keys below which scripts put the weights that training changes, and the words in those of their running average
_RAW = ("state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params")
_AVERAGED = frozenset({"ema", "swa", "avg", "average", "averaged", "shadow"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_DEPTH = 4
# What torch.compile and FSDP put somewhere in a name, and what averaging (torch.optim.swa_utils) counts with
_COUNTERS = ("n_averaged",)
_WRAPPERS = re.compile(r"(?:(?<=\.)|^)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
_log = logging.getLogger(__name__)


def unwrapped(
    content: Any, path: Path, key: str, is_tensor: Callable[[Any], bool], kind: Callable[[Any], str]
) -> dict[str, Any]:
    """The names and tensors in what a checkpoint holds.

    Where raw and averaged (EMA) weights lie side by side, the averaged ones are taken, and that is said.

    Args:
        content: what the file holds.
        key: where in it the tensors are: names of dicts with dots between, or what the names of the tensors begin with;
            "" to find them.
        is_tensor, kind: whether a value is a tensor, and what a message calls it.

    Raises:
        ZooError: there are no weights at `key`, or none, or several that may be meant.
    """
    state = _at(content, path, key, is_tensor) if key else content
    for _ in range(_DEPTH):
        inner = _inner(state, path, is_tensor)
        if inner is None:
            break
        state = state[inner]
    return _checked(state, path, is_tensor, kind)


def _inner(state: Any, path: Path, is_tensor: Callable[[Any], bool]) -> str | None:
    """The key below which the weights lie; None where `state` holds them itself, or nothing that looks like weights."""
    if not isinstance(state, Mapping) or _is_state(state, is_tensor):
        return None
    holding = [name for name, value in state.items() if isinstance(name, str) and _holds(value, is_tensor)]
    averaged = [name for name in holding if _is_averaged(name)]
    others = [name for name in holding if name not in averaged]
    raw = [name for name in _RAW if name in others]
    if len(averaged) == 1 and (raw or len(others) <= 1):
        if others:
            chosen = (raw or others)[0]
            _log.info(
                "%s holds the weights (%s) and their running average (%s): the average is taken; --weights_key %s "
                "takes the weights themselves", path.name, chosen, averaged[0], chosen,
            )  # fmt: skip
        return averaged[0]
    if len(raw) == 1 and not averaged:
        _say_what_is_left(state, path, raw[0], others, is_tensor)
        return raw[0]
    if len(holding) == 1 and not any(is_tensor(value) for value in state.values()):
        return holding[0]
    if len(holding) > 1:
        raise ZooError(
            f"{path} holds weights under {' and '.join(repr(name) for name in holding)}: choose with --weights_key "
            f"{(raw or holding)[0]}"
        )
    # a known key whose value is of another kind is told by what it is
    return next((name for name in _RAW if name in state), None)


def _is_averaged(name: str) -> bool:
    """Whether a key says so; an optimiser's own averages are no weights."""
    return "exp_avg" not in name and any(word.lower() in _AVERAGED for word in _WORD.findall(name))


def _say_what_is_left(
    state: Mapping[Any, Any], path: Path, taken: str, holding: list[str], is_tensor: Callable[[Any], bool]
) -> None:
    """Say which weights a file has beside those at the key `taken`."""
    averages = list(_averages({name: value for name, value in state.items() if name != taken}, is_tensor))
    around = {name.partition(".")[0] for name in averages}
    others = [name for name in holding if name not in around | {taken}]
    if others or averages:
        _log.info(
            "%s holds weights at %s; those at %s are taken: --weights_key chooses",
            path.name, " and ".join([taken, *others, *averages]), taken,
        )  # fmt: skip
    unread = [
        name
        for name, value in state.items()
        if isinstance(name, str) and _is_averaged(name) and value and isinstance(value, (Mapping, list, tuple))
    ]
    if unread and not averages:
        _log.info(
            "%s holds an average (%s) in a form that is not read; the weights themselves (%s) are taken",
            path.name, unread[0], taken,
        )  # fmt: skip


def _averages(state: Any, is_tensor: Callable[[Any], bool], depth: int = _DEPTH) -> Iterator[str]:
    """Where deeper in a file averaged weights lie, such as those that callbacks keep: keys with dots between."""
    for name, value in state.items() if isinstance(state, Mapping) and depth else ():
        if not isinstance(name, str) or not isinstance(value, Mapping) or _is_state(value, is_tensor):
            continue
        for inner, one in value.items():
            if isinstance(inner, str) and _is_averaged(inner) and _holds(one, is_tensor, depth=1):
                yield f"{name}.{inner}"
        yield from (f"{name}.{inner}" for inner in _averages(value, is_tensor, depth - 1))


def _is_state(value: Any, is_tensor: Callable[[Any], bool]) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(is_tensor(one) for one in value.values())


def _holds(value: Any, is_tensor: Callable[[Any], bool], depth: int = _DEPTH) -> bool:
    """Whether these are names and mostly tensors, or something known around them."""
    if not isinstance(value, Mapping) or not depth or not all(isinstance(name, str) for name in value):
        return False
    if 2 * sum(is_tensor(one) for one in value.values()) > len(value):
        return True
    around = (one for name, one in value.items() if name in _RAW or _is_averaged(name))
    return any(_holds(one, is_tensor, depth - 1) for one in around)


def _at(content: Any, path: Path, key: str, is_tensor: Callable[[Any], bool]) -> Any:
    """What lies at `key`, the user's choice."""
    rest = key.rstrip(".")
    while isinstance(content, Mapping) and rest:
        found = next((name for name in _starts(rest) if isinstance(content.get(name), Mapping)), None)
        if found is None:
            begin = f"{rest}."
            inner = _inner(content, path, is_tensor) if not _named(content, begin) else None
            below = content[inner] if inner is not None else content
            chosen = {name.removeprefix(begin): value for name, value in below.items() if str(name).startswith(begin)}
            if chosen:
                return chosen
            names = ", ".join(map(repr, list(content)[:8]))
            raise ZooError(f"{path} has no weights at --weights_key {key}; it holds {names}")
        content, rest = content[found], rest[len(found) + 1 :]
    return content


def _starts(key: str) -> list[str]:
    """a.b.c, a.b, a."""
    words = key.split(".")
    return [".".join(words[:count]) for count in range(len(words), 0, -1)]


def _named(content: Mapping[Any, Any], begin: str) -> bool:
    return any(isinstance(name, str) and name.startswith(begin) for name in content)


def _checked(state: Any, path: Path, is_tensor: Callable[[Any], bool], kind: Callable[[Any], str]) -> dict[str, Any]:
    if not isinstance(state, Mapping):
        raise ZooError(f"{path} does not hold a state dict (names to tensors): it is {kind(state)}; {HOW}")
    if not state:
        raise ZooError(f"{path} does not hold a state dict (names to tensors): it is empty")
    for name, value in state.items():
        if not isinstance(name, str) or not is_tensor(value):
            raise ZooError(f"{path} does not hold a state dict (names to tensors): {name!r} is {kind(value)}; {HOW}")
    return dict(state)


def with_names_of(state: dict[str, Any], own: Collection[str]) -> dict[str, Any]:
    """`state` without what wrappers put before and into the names, as far as that brings them nearer to `own`.

    A network may have a part called "model" or "module" itself: its names stay.
    """
    plain = {name: value for name, value in state.items() if name not in _COUNTERS or name in own}
    best, count = plain, _shared(plain, own)
    tried = [plain]
    for _ in range(_DEPTH):
        tried = [shorter for one in tried for shorter in _shorter(one)]
        for candidate in tried:
            if _shared(candidate, own) > count:
                best, count = candidate, _shared(candidate, own)
    return best


def _shorter(state: dict[str, Any]) -> list[dict[str, Any]]:
    """`state` without the wrappers in its names, and without the first word of them where all have the same one."""
    names = [[_WRAPPERS.sub("", name) for name in state]]
    words = {name.partition(".")[0] for name in state}
    if len(words) == 1:
        names.append([name.partition(".")[2] for name in state])
    made = [dict(zip(renamed, state.values(), strict=True)) for renamed in names if renamed != list(state)]
    return [one for one in made if len(one) == len(state)]


def _shared(state: Mapping[str, Any], own: Collection[str]) -> int:
    return sum(name in own for name in state)


def misfits(state: Mapping[str, Any], own: Mapping[str, tuple[Sequence[int], str]]) -> list[str]:
    """What keeps arrays from being a network's tensors, a word each: another shape, or whole numbers for
    floating-point ones or the other way round.

    Args:
        state: numpy arrays by name.
        own: shape and dtype ("float32") of each of the network's tensors.
    """
    both = [(name, state[name], *said) for name, said in own.items() if name in state]
    shapes = [f"{name} {list(got.shape)} for {list(shape)}" for name, got, shape, _ in both if [*got.shape] != [*shape]]
    return shapes + [
        f"{name} {got.dtype.name} for {dtype}"
        for name, got, _, dtype in both
        if ("float" in dtype) != ("float" in got.dtype.name)  # bfloat16 is no kind "f" of numpy's
    ]


def way_on(state: Mapping[str, Any], own: Collection[str]) -> str:
    """What to do where names do not fit, but all of the network's lie behind another word; "" where they do not."""
    needed = [name for name in own if not name.endswith("num_batches_tracked")]
    begins = {name.removesuffix(needed[0]) for name in state if needed and name.endswith(f".{needed[0]}")}
    keys = sorted(begin.rstrip(".") for begin in begins if all(begin + name in state for name in needed))
    if not keys:
        return ""
    return f" All its names lie behind {' and behind '.join(map(repr, keys))}: take them with --weights_key {keys[0]}"
