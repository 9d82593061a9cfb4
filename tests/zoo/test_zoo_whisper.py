"""Whisper writes the tokens that transformers' own generate() gives, and says which part of a recording it heard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.generation import Search
from zoo.catalogue import beside, load
from zoo.tasks.speech_recognition import SpeechRecognition, Transcript

LENGTH, WORDS, END, START, NO_TIMES = 40, 120, 100, 101, 102
NEVER, NEVER_FIRST = (1, 2, 7, START, NO_TIMES), (3, END)


@pytest.fixture(scope="module")
def network() -> Any:
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    module = beside(str(load("speech/whisper").folder / "model.py"), "network")
    torch.manual_seed(0)
    return module, module.whisper(module.Shape(WORDS, 32, 128, 2, 2, 64), END, START).eval()


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((3, 80, 3000)).astype(np.float32)


def own_tokens(network: Any, features: np.ndarray, **changes: Any) -> np.ndarray:
    import torch

    module, whole = network

    def run(part: Any) -> Any:
        def called(arrays: list[np.ndarray]) -> list[np.ndarray]:
            with torch.inference_mode():
                found = part(*(torch.from_numpy(array) for array in arrays))
            return [one.numpy() for one in (found if isinstance(found, tuple) else (found,))]

        return called

    task = load("speech/whisper").variant("tiny_en").task
    assert isinstance(task, SpeechRecognition)
    search = Search(
        START, END, END, LENGTH, ends=False, prompt=(NO_TIMES,), never=NEVER, never_first=NEVER_FIRST, **changes
    )
    parts = {"encoder": run(module.Encoder(whole)), "step": run(module.Step(whole))}
    (found,) = replace(task, search=search).run(parts, [features])
    return found


def generated(network: Any, features: np.ndarray) -> np.ndarray:
    """What generate() gives, by its own processing of the scores."""
    import torch
    from transformers import GenerationMixin

    _, whole = network
    config = whole.generation_config
    with torch.inference_mode():
        found = GenerationMixin.generate(
            whole,
            torch.from_numpy(features),
            generation_config=config,
            decoder_input_ids=torch.tensor([[START, NO_TIMES]] * len(features)),
            max_length=LENGTH,
            suppress_tokens=list(NEVER),
            begin_suppress_tokens=list(NEVER_FIRST),
            do_sample=False,
            num_beams=1,
        )
    return found.numpy()


def test_the_tokens_are_those_of_generate(network: Any, features: np.ndarray) -> None:
    found, want = own_tokens(network, features), generated(network, features)
    assert found.shape == want.shape
    assert np.array_equal(found, want)
    assert found.shape[1] > 3
    assert not np.isin(found[:, 2:], NEVER).any()


def test_a_text_that_ends_leaves_the_others_as_they_are(network: Any, features: np.ndarray) -> None:
    """The end is made likely, so that texts end at different lengths."""
    import torch

    _, whole = network
    with torch.no_grad():
        before = whole.model.decoder.layer_norm.bias.clone()
        whole.model.decoder.layer_norm.bias += 0.18 * whole.model.decoder.embed_tokens.weight[END]
    try:
        found, want = own_tokens(network, features), generated(network, features)
        assert np.array_equal(found, want)
        alone = [own_tokens(network, features[row : row + 1])[0] for row in range(len(features))]
    finally:
        with torch.no_grad():
            whole.model.decoder.layer_norm.bias.copy_(before)
    for row, single in zip(found, alone, strict=True):
        assert row[: len(single)].tolist() == single.tolist()
        assert (row[len(single) :] == END).all()


def test_what_was_not_listened_to_is_said(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros(8_000 * 31), 8_000, subtype="PCM_16")
    task = load("speech/whisper").variant("tiny_en").task
    (found,), meta = task.preprocess(path)
    assert found.shape == (80, 3000)
    assert meta == (30.0, 31.0)
    assert task.describe(Transcript("words", *meta), 1) == "words (the first 30 of 31.0 s)"
    assert task.describe(Transcript("", 1.0, 1.0), 1) == "(nothing)"


def test_the_shipped_vocabulary_is_whole() -> None:
    task = load("speech/whisper").variant("tiny_en").task
    assert isinstance(task, SpeechRecognition)
    tokens = np.array([[50257, 50362, 679, 373, 407, 13, 50256, 50256]])
    (found,) = task.postprocess([tokens], [(1.0, 1.0)])
    assert found.text == "He was not."
