"""Target torch with torch.compile in front."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.base import Engine

from .conformance.nets import LINE, write_torch


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled(tmp_path: Path) -> None:
    with Engine(write_torch(LINE, tmp_path), target="torch", options={"compile": True}) as engine:
        for rows in (2, 5):
            arrays = LINE.arrays(rows)
            np.testing.assert_allclose(engine(arrays), arrays[0] * 2 + 1, rtol=1e-6)
