"""What is said of the new files, and how they come to their place."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.exporting.compared import Compared
from zoo.exporting.record import entry_of
from zoo.layers.rounded import plain
from zoo.manifest import manifest_path
from zoo.running.engines import framework_runner
from zoo_core.files import flush, write_json

from .candidates import Candidates, Place


def entries_of(candidates: Candidates, input_size: int | None, kept: Sequence[Place]) -> dict[str, dict[str, Any]]:
    """What the manifest says of each file.

    Args:
        candidates: that were written.
        input_size: of the export.
        kept: the nodes that were asked to stay in float32.
    """
    setting = candidates.setting
    model = setting.model
    stay = candidates.in_float32(kept)
    with framework_runner(plain(setting)) as reference:
        compared = Compared(model, reference, model.demo_folder(), input_size, 1, setting.timeout)
        return {
            part.key(candidates.kind): {
                **entry_of(
                    part.key(candidates.kind),
                    candidates.path(part),
                    compared.difference(part, candidates.judged_as, candidates.path(part)),
                ),
                **candidates.rounders[part.name].facts(),
                "in_float32": [node for name, node in stay if name == part.name],
            }
            for part in model.parts
        }


def publish(candidates: Candidates, entries: Mapping[str, Mapping[str, Any]], output: Path) -> list[Path]:
    """Rename the files into place. Until all are there, the manifest names none of them.

    Args:
        candidates: the files; int8 and float16 ones go beside the float32 ones, others are an export of their own.
        entries: what the manifest says of them.
        output: the folder.
    """
    model = candidates.setting.model
    record = copy.deepcopy(dict(candidates.record))
    others = record["files"] if candidates.kind != "dynamic" else {}
    record["files"] = {key: entry for key, entry in others.items() if key not in entries}
    record["failed"] = {key: why for key, why in record.get("failed", {}).items() if key not in entries}
    manifest = manifest_path(output, model.variant)
    write_json(manifest, record)
    paths = []
    for part in model.parts:
        path = candidates.path(part)
        flush(path)
        paths.append(output / path.name)
        os.replace(path, paths[-1])
    record["files"] |= entries
    write_json(manifest, record)
    return paths
