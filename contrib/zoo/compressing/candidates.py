"""Rounded files of all parts of a network, in a folder of their own, which an engine opens like an export."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.exporting.compared import dtype_of
from zoo.manifest import kind_name, manifest_path
from zoo.model import Part
from zoo.running.setting import Setting
from zoo_core.files import write_json
from zoo_core.hashing import sha256

from .rounder import Rounder

# A node of a part: the part's name, and the node's
Place = tuple[str, str]


@dataclass(frozen=True)
class Candidates:
    """Writes files with ever other nodes in float32.

    Args:
        setting: of the export, on the target that judges.
        rounders: by the name of the part.
        kind: of file that is written: "int8", "float16", or "dynamic" where the arithmetic stays float32.
        record: the manifest of the export.
        folder: that the files are written to.
    """

    setting: Setting
    rounders: Mapping[str, Rounder]
    kind: str
    record: Mapping[str, Any]
    folder: Path

    @property
    def rounded(self) -> Setting:
        """What runs the files."""
        return self.setting.but(folder=self.folder, ckpt=None, dtype=dtype_of(self.kind))

    @property
    def judged_as(self) -> str:
        """The dtype by whose limits outputs are judged. That of weights which are rounded alone is int8 too."""
        return "float16" if self.kind == "float16" else "int8"

    def path(self, part: Part) -> Path:
        """The file of a part."""
        return self.folder / kind_name(part.stem(self.setting.model.variant), self.kind)

    def places(self) -> list[Place]:
        """Every node that may be rounded."""
        return [(part, node) for part, rounder in self.rounders.items() for node in rounder.nodes()]

    def in_float32(self, keep: Sequence[Place]) -> list[Place]:
        """Of these nodes and of what cannot be rounded without them, those that could be rounded."""
        return [
            (part, node)
            for part, rounder in self.rounders.items()
            for kept in [rounder.kept([node for name, node in keep if name == part])]
            for node in rounder.nodes()
            if node in kept
        ]

    def write(self, keep: Sequence[Place]) -> None:
        """The files with these nodes in float32, and a manifest that names them. Raises ZooError."""
        model = self.setting.model
        said = copy.deepcopy(dict(self.record))
        said["files"] = {}
        for part in model.parts:
            path = self.path(part)
            self.rounders[part.name].write(path, [node for name, node in keep if name == part.name])
            said["files"][part.key(self.kind)] = {"name": path.name, "sha256": sha256(path)}
        write_json(manifest_path(self.folder, model.variant), said)
