"""The choice of a target: `--target auto` takes the fastest one that passes the acceptance standard here."""

from __future__ import annotations

import logging
import platform
from dataclasses import asdict, dataclass

from engine import backends
from engine.base import EngineError
from zoo import frameworks
from zoo.errors import CheckFailedError
from zoo.provenance import cards, cpu_name
from zoo.running.engines import manifest_of
from zoo.running.setting import AUTO, Setting
from zoo_core.files import read_json, write_json
from zoo_core.hashing import facts_digest
from zoo_core.home import home

_SAMPLES = 32
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """The chosen target; `reason` is a sentence, `measured` the samples a second of every target that passed."""

    target: str
    reason: str
    measured: dict[str, float]


def choose_target(setting: Setting) -> Setting:
    """`setting` with what its target "auto" stands for: measured once for a variant and a host, and remembered.

    Raises:
        ZooError: there are no exported files to compare.
        CheckFailedError: no target passes.
    """
    if setting.target != AUTO:
        return setting
    candidates = _candidates(setting.dtype)
    facts = {
        "model": setting.model.id,
        "variant": setting.model.variant,
        "dtype": setting.dtype,
        "batch_size": setting.batch_size,
        "input_size": setting.input_size,
        "exported": manifest_of(setting.but(target="onnx"))["files"],
        "host": [platform.node(), cpu_name(), *cards()],
        "targets": {name: backends.targets()[name].availability().detail for name in candidates},
    }
    key = facts_digest(facts)[:16]
    memory = home() / "auto" / setting.model.place / f"{key}.json"
    choice = _remembered(read_json(memory), candidates)
    if choice is None:
        choice = _measured(setting, candidates)
        write_json(memory, {"facts": facts, "choice": asdict(choice)})
    _log.info("target auto: %s", choice.reason)
    return setting.but(target=choice.target)


def _candidates(dtype: str) -> list[str]:
    return [
        name
        for name, backend in backends.targets().items()
        if name not in frameworks.TARGETS.values()
        and backend.suffix == ".onnx"
        and dtype in backend.dtypes
        and backend.availability().usable
    ]


def _remembered(said: object, candidates: list[str]) -> Choice | None:
    """What was chosen before; None where the file does not say it."""
    choice = said.get("choice") if isinstance(said, dict) else None
    if not isinstance(choice, dict) or choice.get("target") not in candidates:
        return None
    try:
        return Choice(choice["target"], str(choice["reason"]), dict(choice["measured"]))
    except (KeyError, TypeError, ValueError):
        return None


def _measured(setting: Setting, candidates: list[str]) -> Choice:
    """Verify every candidate on a few samples; those that pass are compared by speed."""
    from .verify import VerifyOptions, verify  # which few runs need

    speeds: dict[str, float] = {}
    refused: dict[str, str] = {}
    options = VerifyOptions([setting.dtype], limit=max(_SAMPLES, setting.batch_size))
    for name in candidates:
        try:
            done = verify(setting.but(target=name, devices=None, replicas=None), options)
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
        raise CheckFailedError(
            f"no target passes the acceptance standard for {setting.model.id} in {setting.dtype}: {why}"
        )
    best = max(speeds, key=lambda name: speeds[name])
    others = ", ".join(f"{name} {speed:.0f}" for name, speed in sorted(speeds.items()) if name != best)
    reason = (
        f"{best} is the fastest that passes the acceptance standard in {setting.dtype}: {speeds[best]:.0f} samples/s"
    )
    reason += f" ({others})" if others else ""
    reason += "".join(f"; not {name}: {why}" for name, why in refused.items())
    return Choice(best, reason, speeds)
