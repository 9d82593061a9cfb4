"""What the scripts that train sample weights share. torch is needed to call it, not to import it."""

from __future__ import annotations

from typing import Any

from zoo.model import Model


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
