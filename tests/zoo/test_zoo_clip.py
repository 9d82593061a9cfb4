"""CLIP in two parts says what transformers says, of the sentences that somebody types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from utils.datasets.folder import files_in
from utils.preprocess.image import load_rgb
from zoo.catalogue import load
from zoo.commands.predict import multi, single
from zoo.errors import ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.running.reference import build, demo_batch, reference_runner
from zoo.weights import find_weights

transformers = pytest.importorskip("transformers")
CLIP = load("vision_language/clip")
WORDS = ("a dahlia", "roofs of a palace in the morning", "two cats")


@pytest.fixture(scope="module")
def network() -> Any:
    model = CLIP.variant()
    return build(model, find_weights(model, "random"), None)


def test_logits_are_those_of_the_whole_network(network: Any) -> None:
    import torch

    model = CLIP.variant()
    task: Any = model.task.worded(WORDS)
    arrays = demo_batch(model, model.demo_folder())
    with reference_runner(model, network) as runner, torch.inference_mode():
        logits = task.run(dict(runner.engines), arrays)[0]  # type: ignore[union-attr]
        wanted = network(pixel_values=torch.from_numpy(arrays[0]), input_ids=torch.from_numpy(task.ids))
    assert logits.shape == (len(arrays[0]), len(WORDS))
    assert np.abs(logits - wanted.logits_per_image.numpy()).max() < 1e-5


def test_what_a_sentence_is_filled_up_with_changes_nothing(network: Any) -> None:
    import torch

    task: Any = CLIP.variant().task.worded(WORDS)
    ids = task.ids
    end = ids.max()
    with torch.inference_mode():
        whole = network.get_text_features(input_ids=torch.from_numpy(ids)).pooler_output
        for row, vector in zip(ids, whole, strict=True):
            short = row[: int((row == end).argmax()) + 1]
            alone = network.get_text_features(input_ids=torch.from_numpy(short[None])).pooler_output[0]
            assert torch.allclose(alone, vector, atol=1e-5)


def test_pixels_are_those_of_the_authors_transform() -> None:
    """As their repository puts it together of torchvision's steps."""
    from torchvision import transforms as steps

    task: Any = CLIP.variant().task
    library = transformers.CLIPImageProcessor
    side = task.transform.crop
    own = steps.Compose(
        [
            steps.Resize(side, interpolation=steps.InterpolationMode.BICUBIC),
            steps.CenterCrop(side),
            steps.ToTensor(),
            steps.Normalize(library.image_mean, library.image_std),
        ]
    )
    for path in files_in(CLIP.variant().demo_folder(), task.suffixes):
        (array,), _ = task.preprocess(path)
        assert (array == own(load_rgb(path)).numpy()).all()


def test_the_tokenizer_begins_and_ends_a_sentence_as_clip_does() -> None:
    task: Any = CLIP.variant().task.worded(("A Palace!", "a palace !"))
    ids = task.ids
    assert (ids[0] == ids[1]).all()
    assert (ids[0, 0], ids[0, -1]) == (1022, 1023)
    assert ids.shape == (2, 32)


def test_sentences_that_are_too_few_are_refused() -> None:
    task = CLIP.variant().task
    for words in ((), ("a cat",), ("a cat", "a cat")):
        with pytest.raises(ZooError, match="at least twice"):
            task.worded(words)


def test_somebody_s_own_sentences_are_ranked(tmp_path: Any, capsys: Any) -> None:
    model = CLIP.variant()
    export(model, tmp_path, ExportOptions(weights="random"))
    manifest = str(tmp_path / f"{model.variant}.export.json")
    typed = [flag for word in WORDS for flag in ("--text", word)]
    assert single(CLIP, ["--ckpt", manifest, "--topk", "3", *typed]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in WORDS)
    assert multi(CLIP, ["--ckpt", manifest, *typed, "--json", str(tmp_path / "all.json")]) == 0
    assert any(word in (tmp_path / "all.json").read_text(encoding="utf-8") for word in WORDS)
    assert single(CLIP, ["--ckpt", manifest, "--text", "a cat"]) == 2
    assert "at least twice" in capsys.readouterr().err
    assert single(CLIP, ["--ckpt", manifest, "--topk", "2"]) == 0
    assert "palace" in capsys.readouterr().out
