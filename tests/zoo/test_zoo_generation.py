"""The translator generates the tokens that transformers' own generate() gives, and its cache stays bounded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.generation import Search
from zoo.catalogue import load
from zoo.errors import ZooError
from zoo.model import Model
from zoo.running.network import recorded
from zoo.running.padding import stacked
from zoo.running.reference import build, reference_runner
from zoo.weights import find_weights
from zoo_core.errors import DataError

TEXTS = (
    "The small dog sees the old houses.",
    "Do the friendly women always know a quiet child?",
    "Men love books.",
    "A strange red bird does not find the long bridge tomorrow, and nobody knows why it needs a new table so often.",
)
LENGTH = 24


KINDS = [
    ("marian_sample", "random"),
    ("marian_sample", "sample"),
    ("mass_sample", "random"),
    ("mass_sample", "sample"),
    ("t5_sample", "random"),
    ("t5_sample", "sample"),
]


@pytest.fixture(scope="module", params=KINDS, ids="-".join)
def known(request: pytest.FixtureRequest) -> tuple[Model, Any]:
    variant, weights = request.param
    model = load("nlp/transformer").variant(variant)
    return model, build(model, find_weights(model, weights), None)


@pytest.fixture(scope="module")
def model(known: tuple[Model, Any]) -> Model:
    return known[0]


@pytest.fixture(scope="module")
def network(known: tuple[Model, Any]) -> Any:
    return known[1]


@pytest.fixture(scope="module")
def arrays(model: Model) -> list[np.ndarray]:
    return stacked([model.task.preprocess(text)[0] for text in TEXTS], model.task.padding or ())


def searched(model: Model, **changes: Any) -> Any:
    task = model.task
    return replace(task, search=replace(task.search, most=LENGTH, **changes))  # type: ignore[type-var,attr-defined]


def own_generate(network: Any, arrays: list[np.ndarray], **options: Any) -> np.ndarray:
    import torch

    ids, mask = (torch.from_numpy(array) for array in arrays)
    with torch.inference_mode():
        found = network.generate(
            input_ids=ids,
            attention_mask=mask,
            max_length=LENGTH,
            bad_words_ids=[[0]],
            forced_eos_token_id=2,
            do_sample=False,
            **options,
        )
    return found.numpy()


def until_end(rows: np.ndarray, end: int) -> list[list[int]]:
    return [row[: row.index(end, 1) + 1] if end in row[1:] else row for row in rows.tolist()]


CASES: list[dict[str, Any]] = [
    {"beams": 1},
    {"beams": 4},
    {"beams": 4, "length_penalty": 2.0},
    {"beams": 4, "length_penalty": -1.0},
    {"beams": 3, "early_stopping": True},
    {"beams": 4, "early_stopping": "never"},
]


# Every case with Marian, greedy and one beam search with the others
PAIRS = [(kind, case) for kind in KINDS for case in CASES[: None if kind[0] == "marian_sample" else 2]]


@pytest.mark.parametrize(("known", "case"), PAIRS, ids=str, indirect=["known"])
def test_the_tokens_are_those_of_generate(
    model: Model, network: Any, arrays: list[np.ndarray], case: dict[str, Any]
) -> None:
    task = searched(model, **case)
    with reference_runner(replace(model, task=task), network) as runner:
        (found,) = runner(arrays)
    options = {"num_beams": case["beams"]} | {name: value for name, value in case.items() if name != "beams"}
    wanted = own_generate(network, arrays, **options)
    assert until_end(found, 2) == until_end(wanted, 2)


def test_texts_of_a_batch_say_what_each_says_alone(model: Model, network: Any, arrays: list[np.ndarray]) -> None:
    with reference_runner(model, network) as runner:
        together = until_end(runner(arrays)[0], 2)
        alone = [
            until_end(runner([array[None] for array in model.task.preprocess(text)[0]])[0], 2)[0] for text in TEXTS
        ]
    assert together == alone


def test_a_record_of_a_long_loop_keeps_a_few_calls(model: Model, network: Any, arrays: list[np.ndarray]) -> None:
    with reference_runner(model, network) as runner:
        calls = recorded(searched(model), runner, arrays)[1]
    steps = [call for call in calls if call.part == "step"]
    lengths = [call.inputs[3].shape[3] for call in steps]
    assert lengths[:3] == [0, 1, 3]
    assert len(steps) <= 2 + int(np.log2(LENGTH))
    assert all(call.inputs[3].dtype == call.outputs[1].dtype for call in steps)


def test_of_tied_tensors_a_file_has_one(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    model = load("nlp/transformer").variant("marian_sample")
    kept = load_file(str(model.sample_weights))
    network = model.build()
    tied = [
        name for name, tensor in network.state_dict().items() if tensor.data_ptr() == network.lm_head.weight.data_ptr()
    ]
    assert len(tied) == 4
    (name,) = set(tied) & set(kept)
    build(model, find_weights(model, None), None)
    del kept[name]
    save_file(kept, str(tmp_path / "without.safetensors"))
    with pytest.raises(ZooError, match=r"missing \(4\)"):
        build(model, find_weights(model, str(tmp_path / "without.safetensors")), None)


def test_t5_finds_its_prefix_before_every_text(tmp_path: Path) -> None:
    task: Any = load("nlp/transformer").variant("t5_sample").task
    bare = replace(task, prefix="")
    (tmp_path / "a.txt").write_text(TEXTS[0])
    for data in (TEXTS[0], tmp_path / "a.txt"):
        ids = task.preprocess(data)[0][0]
        assert ids.tolist() == bare.preprocess(f"translate English to German: {TEXTS[0]}")[0][0].tolist()
        assert task.length(data) == len(ids)
    assert 1 not in ids  # nothing of it is unknown
    assert "translate English to German" in task.source_identity
    with pytest.raises(DataError, match="the text is empty"):
        task.preprocess(" ")


@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_the_buckets_of_distances_are_the_librarys(side: str) -> None:
    import torch
    from transformers.models.t5.modeling_t5 import T5Attention

    network = getattr(load("nlp/transformer").variant("t5_sample").build(), side)
    bucket = network.block[0].layer[0].SelfAttention._relative_position_bucket
    distances = torch.arange(-300, 301)[None]
    said: dict[str, Any] = {"bidirectional": side == "encoder", "num_buckets": 32, "max_distance": 128}
    assert (bucket(distances, **said) == T5Attention._relative_position_bucket(distances, **said)).all()


class Chain:
    """Says that behind each token comes the next one, and remembers how wide its calls were."""

    def __init__(self, words: int) -> None:
        self.words = words
        self.rows: list[int] = []

    def __call__(self, tokens: np.ndarray, origins: np.ndarray | None) -> np.ndarray:
        self.rows.append(len(tokens))
        return np.eye(self.words, dtype=np.float32)[(tokens + 1) % self.words] * 5


@pytest.mark.parametrize("beams", [1, 2])
def test_a_text_ends_at_its_end(beams: int) -> None:
    chain = Chain(8)
    found = Search(start=2, end=5, filling=0, most=20, beams=beams)(chain, 3)
    assert until_end(found, 5) == [[2, 3, 4, 5]] * 3
    assert set(chain.rows) == {3 * beams}


@pytest.mark.parametrize("beams", [1, 2])
def test_a_text_without_an_end_is_given_one_at_the_limit(beams: int) -> None:
    found = Search(start=2, end=1, filling=0, most=5, beams=beams)(Chain(1000), 1)
    assert found.shape == (1, 5)
    assert found[0, -1] == 1


@pytest.mark.parametrize("beams", [1, 2])
def test_logits_that_are_not_finite_are_said(beams: int) -> None:
    with pytest.raises(DataError, match="NaN or infinity"):
        Search(start=2, end=1, filling=0, most=5, beams=beams)(lambda tokens, _: np.full((len(tokens), 4), np.nan), 1)
