"""Published figures come back with the source's own weights and data, where a mirror has them.

A few, drawn by the commit; TEST_MODELS=all measures all of them, and so does `make reproduce`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.scripts.choice import ALL, commit, shuffled
from zoo import catalogue
from zoo.accuracy.reproduce import ELSEWHERE, REPRODUCED, measured_weights, reproduce
from zoo.exporting.export import ExportOptions, export
from zoo.fetching.mirror import VARIABLE
from zoo.running.setting import Setting

MIRROR = os.environ.get(VARIABLE) or next(
    (str(one / "shared/real") for one in Path(__file__).resolve().parents if (one / "shared/real").is_dir()), ""
)
# variant, and the figure to four places that was measured when it was taken up
FIGURES = {
    "dqn_cartpole": 500.0,
    "ppo_mountain_car": -111.12,
    "a2c_acrobot": -84.13,
    "gcn_cora": 0.817,
    "gcn_citeseer": 0.712,
    "gat_cora": 0.822,
    "gat_cora_authors": 0.844,
    "ds_cnn_s_arm": 0.825,
    "ds_cnn_m_arm": 0.925,
    "ds_cnn_l_arm": 0.925,
    "neumf": 0.671,
    "textcnn_trec": 0.912,
    "g2pm": 0.9731,
    "silero_vad_16k_op15": 0.9955,
    "g2p_en": 0.1012,
    "crepe_tiny": 0.992,
    "lid_176": 0.986,
    "lprnet": 0.894,
    "basic_pitch": 0.7614,
}
FEW = 2


def drawn() -> list[str]:
    """The variants that are measured."""
    return list(FIGURES) if os.environ.get("TEST_MODELS") == ALL else shuffled(FIGURES, commit())[:FEW]


@pytest.mark.skipif(not MIRROR, reason="neither a folder shared/real nor TECO_ZOO_MIRROR has the weights and data")
@pytest.mark.parametrize("variant", drawn())
def test_the_figure_comes_back(variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, MIRROR)
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    family, name = catalogue.find(variant)
    model = family.variant(name)
    export(model, tmp_path, ExportOptions(weights=measured_weights(model)))
    found = reproduce(Setting(model, folder=tmp_path), accept_terms=True)
    assert model.reference
    assert found.verdict.word == (ELSEWHERE if model.reference.other else REPRODUCED)
    for figure in found.figures.values():
        assert figure == pytest.approx(FIGURES[variant], abs=5e-5)
