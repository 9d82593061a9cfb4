"""Where an interrupted validation stands, in a file."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.metrics.base import Metric
from zoo.errors import ZooError
from zoo_core.files import write_json
from zoo_core.hashing import facts_digest

_SECONDS_BETWEEN = 5.0


class Progress:
    """Counts of the first `done` samples.

    Used as a context: what was counted is written when the run ends before its end, for whatever reason, and every
    few seconds, in case the process is killed; a complete run removes the file. The file carries a digest of itself.

    Args:
        path: the file; None keeps nothing.
        identity: what must be the same when the run is continued.
        metric: counts.

    Raises:
        ZooError: the file is damaged, or belongs to another run; the message says what differs.
    """

    def __init__(self, path: Path | None, identity: dict[str, Any], metric: Metric):
        self._path = path
        self._identity = identity
        self._metric = metric
        self._written = time.monotonic()
        self._whole = True  # false while a batch is being counted, which Ctrl-C may interrupt
        self.done = 0
        if path is not None and path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            digest = said.pop("digest")
            identity, done, counts = dict(said["identity"]), said["done"], said["counts"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ZooError(f"{path} is not the progress of a validation; remove it, or name another file") from error
        if digest != facts_digest(said) or not isinstance(done, int) or done < 0:
            raise ZooError(f"{path} is damaged or was edited (its digest does not fit); remove it and begin again")
        for name, value in self._identity.items():
            if identity.get(name) != value:
                raise ZooError(
                    f"{path} belongs to another run: its {name} is {identity.get(name)}, this run's is {value}; "
                    "remove it, or name another file"
                )
        self._metric.merge(counts)
        self.done = done

    def add(self, predictions: Sequence[Any], truths: Sequence[Any]) -> None:
        """Count one batch in the metric."""
        self._whole = False
        self._metric.update(predictions, truths)
        self.done += len(truths)
        self._whole = True
        if time.monotonic() - self._written >= _SECONDS_BETWEEN:
            self._write()

    def _write(self) -> None:
        if self._path is not None and self.done and self._whole:
            state = {"identity": self._identity, "done": self.done, "counts": self._metric.state()}
            state = json.loads(json.dumps(state))  # as it will be read: tuples become lists
            write_json(self._path, state | {"digest": facts_digest(state)})
        self._written = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._write()
        elif self._path is not None:
            self._path.unlink(missing_ok=True)
