"""Language models write the tokens that transformers' generate() writes, and find texts as likely as it does."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.passages import Passage
from utils.datasets.samples.stories import load_split
from zoo.catalogue import load
from zoo.commands.stream import Stream
from zoo.libraries.transformers_config import class_of, read_config, settings_of
from zoo.model import Model
from zoo.running.padding import stacked
from zoo.running.reference import build, reference_runner
from zoo.tasks.decoding import CHUNK
from zoo.weights import find_weights
from zoo_core.errors import DataError

TEXTS = (
    "Anna was a",
    "A little bear called Felix lived near the sea. Every winter he sang a song. Then Felix",
    "Grace",
    # longer than a piece that is read at once
    "A shy frog called Felix lived on a hill. Every day he sang a song. Then Felix saw a green drum. Emma, his friend, "
    'asked: "May I play with the drum?" "Yes," said the frog, and',
)
NEW = 24
NETWORKS = [("llama_stories", "sample"), ("qwen2_stories", "random")]


@pytest.fixture(scope="module", params=NETWORKS, ids="-".join)
def known(request: pytest.FixtureRequest) -> tuple[Model, Any, Any]:
    """The model, its network as it is exported, and the library's own one with the same weights."""
    variant, weights = request.param
    model = load("nlp/causal_lm").variant(variant)
    network = build(model, find_weights(model, weights), None)
    config = model.folder / f"{variant.partition('_')[0]}.json"
    own = class_of(config)(settings_of(config)).eval()
    own.load_state_dict(network.state_dict())
    return model, network, own


def arrays_of(task: Any, texts: tuple[Any, ...]) -> list[np.ndarray]:
    return stacked([task.preprocess(text)[0] for text in texts], task.padding)


def written(model: Model, network: Any, texts: tuple[Any, ...], **asked: Any) -> list[list[int]]:
    """The tokens of each text up to its end."""
    task: Any = model.task
    task = task.writing(max_new_tokens=NEW, **asked)
    with reference_runner(replace(model, task=task), network) as runner:
        return [until_end(row) for row in runner(arrays_of(task, texts))[0].tolist()]


def until_end(row: list[int], end: int = 1) -> list[int]:
    return row[: row.index(end)] if end in row else row


def generated(model: Model, own: Any, texts: tuple[str, ...], **options: Any) -> list[list[int]]:
    """What generate() of the library writes, for all texts at once, filled up in front."""
    import torch

    task: Any = model.task
    rows = [task.preprocess(text)[0][0] for text in texts]
    longest = max(map(len, rows))
    ids = torch.tensor([[1] * (longest - len(row)) + row.tolist() for row in rows])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    with torch.inference_mode():
        found = own.generate(
            input_ids=ids, attention_mask=mask, max_new_tokens=NEW, do_sample=False, pad_token_id=1, **options
        )
    return [until_end(row) for row in found[:, longest:].tolist()]


@pytest.mark.parametrize("beams", [1, 3])
def test_the_tokens_are_those_of_generate(known: tuple[Model, Any, Any], beams: int) -> None:
    model, network, own = known
    assert written(model, network, TEXTS, beams=beams) == generated(model, own, TEXTS, num_beams=beams)


def test_texts_of_a_batch_say_what_each_says_alone(known: tuple[Model, Any, Any]) -> None:
    model, network, _ = known
    for asked in ({}, {"temperature": 1.5, "seed": 3}, {"beams": 2}):
        together = written(model, network, TEXTS, **asked)
        assert together == [written(model, network, (text,), **asked)[0] for text in TEXTS]


def test_drawn_texts_hang_on_the_seed(known: tuple[Model, Any, Any]) -> None:
    model, network, _ = known
    one, same, other = (written(model, network, TEXTS, temperature=2.0, seed=seed) for seed in (1, 1, 2))
    assert one == same != other
    likeliest = written(model, network, TEXTS, top_k=1)
    assert likeliest == written(model, network, TEXTS)


def test_probabilities_are_those_of_the_library(known: tuple[Model, Any, Any], tmp_path: Path) -> None:
    """Windows of a text, as the library's guide to perplexity goes through it."""
    import torch

    model, network, own = known
    text = " ".join(one.text for one in load_split()[1][:12])
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    task: Any = model.task
    with reference_runner(model, network) as runner:
        samples = task.dataset(tmp_path)
        metas = [task.preprocess(one.data) for one in samples]
        outputs = runner(stacked([arrays for arrays, _ in metas], task.padding))
        found = task.postprocess(outputs, [meta for _, meta in metas])
    ids = torch.tensor(task._encoder.encoding(text).ids)
    window, done, nats = task.room, 0, 0.0
    for begin in range(0, len(ids), window // 2):
        end = min(begin + window, len(ids))
        labels = ids[begin:end].clone()
        labels[: len(labels) - (end - done)] = -100
        with torch.inference_mode():
            counted = int((labels[1:] != -100).sum())
            nats += own(input_ids=ids[None, begin:end], labels=labels[None]).loss.item() * counted
        done = end
        if end == len(ids):
            break
    assert len(samples) > 3
    assert sum(one.counted for one in found) == len(ids) - 1
    assert sum(one.nats for one in found) == pytest.approx(nats, rel=1e-4)
    assert sum(one.truth for one in samples) == len(text)
    metric = task.metric()
    metric.update(found, [one.truth for one in samples])
    figures = metric.compute()
    assert figures["perplexity"] == pytest.approx(math.exp(nats / (len(ids) - 1)), rel=1e-4)
    assert figures["bits_per_byte"] == pytest.approx(nats / math.log(2) / len(text), rel=1e-4)


def test_the_sample_is_near_what_no_network_can_beat() -> None:
    model = load("nlp/causal_lm").variant()
    task: Any = model.task
    stories = load_split()[1]
    samples = task.dataset(model.data("sample"))
    with reference_runner(model, build(model, find_weights(model, "sample"), None)) as runner:
        metas = [task.preprocess(one.data) for one in samples]
        found = task.postprocess(
            runner(stacked([arrays for arrays, _ in metas], task.padding)), [meta for _, meta in metas]
        )
    assert len(samples) == len(stories)  # a window each
    assert sum(one.nats for one in found) < 1.1 * sum(one.nats for one in stories)
    assert max(len(one.data.ids) for one in samples) > CHUNK


def test_the_cache_holds_what_was_read_and_written_and_no_more() -> None:
    model = load("nlp/causal_lm").variant("qwen2_stories")
    task: Any = model.task
    task = task.writing(max_new_tokens=NEW, beams=2)
    tensors, heads, size = task.cache
    shapes: list[tuple[int, ...]] = []

    def network(given: list[np.ndarray]) -> list[np.ndarray]:
        ids, seen, cache = given
        shapes.append(cache.shape)
        assert seen.shape == (len(ids), cache.shape[3])
        logits = np.zeros((*ids.shape, 512), np.float32)
        logits[..., 7] = 9  # no text ends
        return [logits, np.zeros((len(ids), tensors, heads, ids.shape[1], size), np.float16)]

    arrays = arrays_of(task, TEXTS)
    task.run({"": network}, arrays)
    assert max(shape[3] for shape in shapes) == arrays[0].shape[1] + NEW - 2
    assert {shape[0] for shape in shapes} == {len(TEXTS), 2 * len(TEXTS)}


def test_a_text_is_told_as_it_comes(capsys: Any) -> None:
    model = load("nlp/causal_lm").variant()
    pieces: list[str] = []
    task: Any = model.task
    task = task.writing(max_new_tokens=12, told=pieces.append)
    arrays, meta = task.preprocess(TEXTS[1])
    with reference_runner(replace(model, task=task), build(model, find_weights(model, "random"), None)) as runner:
        (found,) = task.postprocess(runner([array[None] for array in arrays]), [meta])
    assert len(pieces) > 6
    assert "".join(pieces) == task.describe(found, 1) == found.prompt + found.text
    stream = Stream("text 1")
    for piece in pieces:
        stream(piece)
    stream.finish(task.describe(found, 1))
    assert capsys.readouterr().out == f"text 1: {found.prompt}{found.text}\n"


def test_what_was_told_otherwise_is_told_again(capsys: Any) -> None:
    stream = Stream("a")
    stream("no")
    stream.finish("yes")
    Stream("b").finish("all")
    assert capsys.readouterr().out == "a: no\na: yes\nb: all\n"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"beams": 2, "temperature": 1.0}, "--beams looks for the likeliest text, and --temperature draws one"),
        ({"beams": 2, "seed": 0}, "and --seed draws one"),
        ({"temperature": 0.0}, "a temperature is above 0, got 0"),
        ({"temperature": math.nan}, "a temperature is above 0, got nan"),
        ({"top_p": 1.5}, "top_p is above 0 and up to 1, got 1.5"),
        ({"seed": -1}, "seed are at least 0"),
    ],
)
def test_what_cannot_be_asked_for(asked: dict[str, Any], said: str) -> None:
    task: Any = load("nlp/causal_lm").variant().task
    with pytest.raises(DataError, match=said):
        task.writing(**asked)


def test_a_text_that_leaves_no_room_is_refused_and_not_cut() -> None:
    task: Any = load("nlp/causal_lm").variant().task
    with pytest.raises(DataError, match=r"there is room for 256 together. Give a shorter text"):
        task.preprocess(TEXTS[3] * 4)
    with pytest.raises(DataError, match="64 that are to be written: there is room for 65 together"):
        task.adapted(65, 1).preprocess(TEXTS[0])
    with pytest.raises(DataError, match="the text is empty"):
        task.preprocess(" \n")


def test_windows_of_other_sizes_count_every_token_once(tmp_path: Path) -> None:
    task: Any = load("nlp/causal_lm").variant().task
    text = "Größe und Straße – für Anna und Emma. " * 9
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    (tmp_path / "b.txt").write_text(" ", encoding="utf-8")
    total = len(task._encoder.encoding(text.strip()).ids)
    for size in (2, 3, 7, 64, 128):
        samples = task.adapted(size, 1).dataset(tmp_path)
        assert all(isinstance(one.data, Passage) and len(one.data.ids) <= size for one in samples)
        assert sum(len(one.data.ids) - one.data.counted for one in samples) == total - 1
        assert sum(one.truth for one in samples) == len(text.strip().encode())


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfea\0", "UTF-16"), (b"caf\xe9", "not UTF-8"), (b"  \n", "no text of two tokens or more")],
)
def test_texts_that_cannot_be_measured(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    task: Any = load("nlp/causal_lm").variant().task
    for root in (tmp_path, tmp_path / "a.txt"):
        with pytest.raises(DataError, match=said):
            task.dataset(root)


def test_files_that_are_no_texts_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("a\tb\n")
    task: Any = load("nlp/causal_lm").variant().task
    with pytest.raises(DataError, match=r"texts end with \.txt"):
        task.dataset(tmp_path / "a.tsv")
    with pytest.raises(DataError, match=r"no file below this folder ends with \.txt"):
        task.dataset(tmp_path)


def test_both_architectures_are_what_their_files_say() -> None:
    family = load("nlp/causal_lm")
    kinds = [read_config(family.folder / f"{name.partition('_')[0]}.json")["architectures"] for name in family.variants]
    assert kinds == [["LlamaForCausalLM"], ["Qwen2ForCausalLM"]]
