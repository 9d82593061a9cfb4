"""What the scripts that train sample weights share. torch is needed to call it, not to import it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from utils.datasets.samples.reviews import load_split
from utils.datasets.samples.scenes import sized_scene
from utils.datasets.samples.translations import load_split as load_pairs
from utils.preprocess.text import build_vocabulary
from utils.training.boxes import varied
from utils.training.scenes import prepared
from utils.training.steps import OneCycle, round_weights, save_weights
from utils.training.text_classification import Recipe, Texts, train
from utils.training.translation import exact, filled, fit
from utils.training.words import Course, Spelling, Words, learn_words
from zoo.libraries.translator import FILLING
from zoo.model import Model
from zoo.running.reference import reference_runner
from zoo.tasks.text_recognition import TextRecognition
from zoo.tasks.translation import Translation
from zoo_core.files import write_text

_SEED = 0  # of the order of drawn scenes, and of their variations
UNKNOWN = 1  # the id of a word that a network of reviews does not know


def held_out_figures(model: Model, network: Any) -> dict[str, float]:
    """The model's metric over its sample data set, which training never saw.

    Args:
        network: the torch module, in evaluation mode. It is given one sample at a time, preprocessed as in a run, and
            gives a tensor or a tuple of them.
    """
    import torch

    def call(arrays: list[np.ndarray]) -> list[np.ndarray]:
        with torch.inference_mode():
            given = network(*map(torch.from_numpy, arrays))
        return [one.numpy() for one in (given if isinstance(given, (tuple, list)) else (given,))]

    metric = model.task.metric()
    for sample in model.task.dataset(model.data("sample")):
        arrays, meta = model.task.preprocess(sample.data)
        outputs = model.task.run({"": call}, [array[None] for array in arrays])
        metric.update(model.task.postprocess(outputs, [meta]), [sample.truth])
    return metric.compute()


def finish(model: Model, network: Any, what: str, start: float, half: bool = True) -> None:
    """Print the figures of a network that was trained, and write it as the model's sample weights.

    Args:
        network: the torch module, which is put into evaluation mode; where `half` is said, its weights are rounded
            before they are measured.
        what: the held-out samples are, for the line that is printed.
        start: what time.perf_counter() gave when the script began.
        half: whether the file holds float16; else float32.
    """
    network.eval()
    if half:
        round_weights(network)
    figures = ", ".join(f"{name} {value:.4f}" for name, value in held_out_figures(model, network).items())
    seconds, processor = time.perf_counter() - start, time.process_time()
    print(f"held-out {what}: {figures} ({seconds:.0f} s, {processor:.0f} s of processor time)")
    save_weights(network, model.sample_weights, half)


def train_on_scenes(
    model: Model,
    network: Any,
    loss_of: Callable[[Any, Any, Any], Any],
    *,
    scenes: int,
    epochs: int,
    batch: int,
    rate: float,
) -> None:
    """Train a detector of the drawn scenes, print its figures on others, and write its sample weights.

    Args:
        network: the torch module, in training mode.
        loss_of: of the network, float32 [N, 3, S, S] and the truth [N, objects, 5], as `prepared` gives it.
        scenes: how many are drawn.
        epochs: how often each is seen, with its variations.
        batch: scenes a step.
        rate: the highest learning rate.
    """
    import torch

    generator = torch.Generator().manual_seed(_SEED)
    start = time.perf_counter()
    images, targets = prepared(model.task.preprocess, [sized_scene(number) for number in range(scenes)])
    print(f"{scenes} scenes drawn, {time.perf_counter() - start:.0f} s", flush=True)
    steps = epochs * -(-scenes // batch)
    cycle = OneCycle(network.parameters(), rate, steps, decay=5e-4, rise=0.15, longest=10.0)
    for epoch in range(epochs):
        total = 0.0
        for chosen in torch.randperm(scenes, generator=generator).split(batch):
            loss = loss_of(network, *varied(images[chosen], targets[chosen], generator))
            cycle.step(loss)
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total * epochs / steps:.3f}, {time.perf_counter() - start:.0f} s", flush=True)
    finish(model, network, "scenes", start)


def train_on_text(
    model: Model,
    drawn: Callable[[np.random.RandomState], Sequence[Any]],
    varied: Callable[[Sequence[Any], np.random.RandomState], Sequence[Any]],
    loss_of: Callable[..., Any],
    *,
    epochs: int,
    rate: float,
    batch: int = 8,
) -> None:
    """Train a detector of text, print its figures on other scenes, and write its sample weights.

    Args:
        drawn: the scenes.
        varied: some of them, varied at random: a tensor of pictures [N, 3, S, S], and what `loss_of` takes.
        loss_of: of the network, its pictures and the rest: a tensor of one or more parts, which are added.
        epochs: how often each is seen.
        rate: the highest learning rate.
        batch: scenes a step.
    """
    import torch

    torch.manual_seed(_SEED)
    random = np.random.RandomState(_SEED)
    start = time.perf_counter()
    scenes = drawn(random)
    print(f"{len(scenes)} scenes rendered, {time.perf_counter() - start:.0f} s", flush=True)
    network = model.build().to(memory_format=torch.channels_last)  # a quarter faster
    total = epochs * -(-len(scenes) // batch)
    cycle = OneCycle(network.parameters(), rate, total, decay=1e-2, rise=0.15)
    for epoch in range(epochs):
        network.train()
        losses = []
        for chosen in np.array_split(random.permutation(len(scenes)), total // epochs):
            images, *rest = varied([scenes[number] for number in chosen], random)
            parts = loss_of(network, images.to(memory_format=torch.channels_last), *rest)
            cycle.step(parts.sum())
            losses.append(parts.detach().numpy())
        said = " + ".join(f"{part:.3f}" for part in np.mean(losses, axis=0))
        print(f"epoch {epoch + 1}: loss {said}, {time.perf_counter() - start:.0f} s", flush=True)
    finish(model, network, "scenes", start)


def train_on_reviews(
    model: Model, recipe: Recipe, vocabulary: Path | None = None, build: Callable[[], Any] | None = None
) -> None:
    """Train a classifier of the generated reviews, print its figures on others, and write its sample weights.

    Args:
        recipe: how.
        vocabulary: the file of its words, which is written first; None where it has a tokenizer.
        build: makes the network as training begins with it; the model's own by default.
    """
    if vocabulary is not None:
        words = build_vocabulary([review.sentence for review in load_split()[0]])
        write_text(vocabulary, "\n".join(words) + "\n")
    task = model.task
    texts = Texts(task.preprocess, task.postprocess, task.padding or (), UNKNOWN)
    train(build or model.build, texts, model.sample_weights, recipe)


def train_on_words(
    model: Model,
    courses: Sequence[Course],
    drawn: Callable[[Callable[[Any], np.ndarray], Course, np.random.RandomState], Words],
    channels_last: bool = False,
    begin: Callable[[Any], None] | None = None,
) -> None:
    """Train a network that reads words by CTC, print its figures on others, and write its sample weights.

    Args:
        courses: one after the other; the figures are printed after each.
        drawn: makes the words of a course, as `utils.training.words.rendered` does.
        channels_last: whether its weights lie so, with which processors convolve faster; sums are another's then.
        begin: what is done with the new network before the first course.
    """
    import torch

    torch.manual_seed(_SEED)
    start = time.perf_counter()
    task, network = cast(TextRecognition, model.task), model.build()
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
    if begin is not None:
        begin(network)
    blank = len(task.alphabet) if task.blank_last else 0
    steps = None if task.filling is None else lambda width: width // task.stride + task.more
    spelling = Spelling(task.alphabet, blank, steps, task.filling)
    for course in courses:
        random = np.random.RandomState(course.seed)
        words = drawn(lambda picture: task.preprocess(picture)[0][0], course, random)
        print(f"{len(words)} words drawn, {time.perf_counter() - start:.0f} s", flush=True)
        learn_words(network, words, course, random, spelling)
        figures = ", ".join(f"{name} {value:.4f}" for name, value in held_out_figures(model, network).items())
        seconds, processor = time.perf_counter() - start, time.process_time()
        print(f"held-out words: {figures} ({seconds:.0f} s, {processor:.0f} s of processor time)", flush=True)
    save_weights(network, model.sample_weights)


def train_translator(
    model: Model,
    network: Any,
    logits_of: Callable[[Any, Any, Any], Any],
    *,
    epochs: int,
    rate: float,
) -> None:
    """Train a translator of the drawn sentences, print how many it translates exactly that it never saw, and write its
    sample weights.

    Args:
        network: the torch module. The file of its tokenizer is written already.
        logits_of, epochs, rate: as `utils.training.translation.fit` takes them.
    """

    def encoded(texts: list[str], task: Any = model.task) -> np.ndarray:
        return filled([task.preprocess(text)[0][0] for text in texts], FILLING)

    learnt, held_out = load_pairs()
    bare = replace(cast(Translation, model.task), prefix="")  # nothing stands before a translation
    fit(
        network,
        logits_of,
        (encoded([pair.source for pair in learnt]), encoded([pair.target for pair in learnt], bare)),
        FILLING,
        epochs=epochs,
        rate=rate,
    )
    with reference_runner(model, network) as runner:

        def translate(texts: list[str]) -> list[str]:
            ids = encoded(texts)
            metas = [model.task.preprocess(text)[1] for text in texts]
            return [one.text for one in model.task.postprocess(runner([ids, (ids != FILLING).astype(np.int64)]), metas)]

        print(f"{len(held_out)} held-out sentences: exact match {exact(translate, held_out):.4f}")
    save_weights(network, model.sample_weights)
