"""The choice of a target: `--target auto` takes the fastest one that passes the acceptance standard here."""

from __future__ import annotations

import hashlib
import json
import logging
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine import backends
from engine.base import EngineError
from zoo import frameworks
from zoo.commands import console
from zoo.commands.env import cpu_name
from zoo.commands.flags import AUTO
from zoo.errors import CheckFailedError, ZooError
from zoo.model import Model
from zoo_core.home import home

_SAMPLES = 32
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """The chosen target; `reason` is a sentence, `measured` the samples a second of every target that passed."""

    target: str
    reason: str
    measured: dict[str, float]


def resolve(
    target: str, model: Model, folder: Path, variant: str, dtype: str, batch_size: int, input_size: int | None
) -> str:
    """`target`, or what `auto` stands for: measured once for a model and a host, and remembered."""
    if target != AUTO:
        return target
    candidates = _candidates(dtype)
    facts = {
        "model": model.id,
        "variant": variant,
        "dtype": dtype,
        "batch_size": batch_size,
        "input_size": input_size,
        "exported": _exported(folder, variant),
        "host": [platform.node(), cpu_name()],
        "targets": {name: backends.targets()[name].availability().detail for name in candidates},
    }
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    memory = home() / "auto" / f"{model.domain}-{model.name}-{variant}-{key}.json"
    choice = _remembered(memory)
    if choice is None:
        choice = _measured(model, folder, variant, dtype, batch_size, input_size, candidates)
        console.write_json(memory, {"facts": facts, "choice": asdict(choice)})
    _log.info("target auto: %s", choice.reason)
    return choice.target


def _candidates(dtype: str) -> list[str]:
    return [
        name
        for name, backend in backends.targets().items()
        if name not in frameworks.TARGETS.values()
        and backend.suffix == ".onnx"
        and dtype in backend.dtypes
        and backend.availability().usable
    ]


def _exported(folder: Path, variant: str) -> str:
    manifest = folder / f"{variant}.export.json"
    if not manifest.is_file():
        raise ZooError(f"--target auto compares exported files, and there is no {manifest}; export first")
    return hashlib.sha256(manifest.read_bytes()).hexdigest()


def _remembered(memory: Path) -> Choice | None:
    try:
        return Choice(**json.loads(memory.read_text(encoding="utf-8"))["choice"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _measured(
    model: Model,
    folder: Path,
    variant: str,
    dtype: str,
    batch_size: int,
    input_size: int | None,
    candidates: list[str],
) -> Choice:
    """Verify every candidate on a few samples; those that pass are compared by speed."""
    from zoo.accuracy.verify import verify

    speeds: dict[str, float] = {}
    refused: dict[str, str] = {}
    for name in candidates:
        sizes: dict[str, Any] = {"batch_size": batch_size, "input_size": input_size, "limit": max(_SAMPLES, batch_size)}
        try:
            done = verify(model, folder, variant=variant, target=name, dtypes=[dtype], **sizes)
        except (EngineError, CheckFailedError) as error:
            refused[name] = str(error).splitlines()[0]
            continue
        contender = done.contenders[-1]
        if done.passed():
            speeds[name] = contender.rows / sum(contender.seconds)
        else:
            refused[name] = "does not pass the acceptance standard"
    if not speeds:
        why = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
        raise CheckFailedError(f"no target passes the acceptance standard for {model.id} in {dtype}: {why}")
    best = max(speeds, key=lambda name: speeds[name])
    others = ", ".join(f"{name} {speed:.0f}" for name, speed in sorted(speeds.items()) if name != best)
    reason = f"{best} is the fastest that passes the acceptance standard in {dtype}: {speeds[best]:.0f} samples/s"
    reason += f" ({others})" if others else ""
    reason += "".join(f"; not {name}: {why}" for name, why in refused.items())
    return Choice(best, reason, speeds)
