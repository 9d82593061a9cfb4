"""What the scripts that train sample weights share. torch is needed to call it, not to import it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from utils.datasets.samples.reviews import load_split
from utils.preprocess.text import build_vocabulary
from utils.training.steps import round_weights, save_weights
from utils.training.text_classification import Recipe, Texts, train
from zoo.model import Model
from zoo_core.files import write_text

UNKNOWN = 1  # the id of a word that a network of reviews does not know


def held_out_figures(model: Model, network: Any) -> dict[str, float]:
    """The model's metric over its sample data set, which training never saw.

    Args:
        network: the torch module, in evaluation mode. It is given one sample at a time, preprocessed as in a run, and
            gives a tensor or a tuple of them.
    """
    import torch

    metric = model.task.metric()
    for sample in model.task.dataset(model.data("sample")):
        arrays, meta = model.task.preprocess(sample.data)
        with torch.inference_mode():
            given = network(*(torch.from_numpy(array[None]) for array in arrays))
        outputs = [one.numpy() for one in (given if isinstance(given, (tuple, list)) else (given,))]
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


def train_on_reviews(model: Model, recipe: Recipe, vocabulary: Path | None = None) -> None:
    """Train a classifier of the generated reviews, print its figures on others, and write its sample weights.

    Args:
        recipe: how.
        vocabulary: the file of its words, which is written first; None where it has a tokenizer.
    """
    if vocabulary is not None:
        words = build_vocabulary([review.sentence for review in load_split()[0]])
        write_text(vocabulary, "\n".join(words) + "\n")
    task = model.task
    texts = Texts(task.preprocess, task.postprocess, task.padding or (), UNKNOWN)
    train(model.build, texts, model.sample_weights, recipe)
