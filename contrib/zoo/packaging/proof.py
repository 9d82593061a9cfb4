"""That a file with pre- and postprocessing inside says what the zoo says, on the model's own demos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.base import Engine
from utils.datasets.folder import files_in
from utils.datasets.sample import Sample
from utils.postprocess.pytorch.classification import Ranking
from utils.postprocess.pytorch.segmentation import Segments
from utils.preprocess.image import load_rgb
from zoo.errors import CheckFailedError
from zoo.running.engines import open_runner
from zoo.running.pipeline import Stages, predictions
from zoo.running.setting import Setting
from zoo.task import as_list

LIMIT = 1 / 255
_MOST_DEMOS = 4


def prove(setting: Setting, file: Path) -> str:
    """Run demos through the zoo and through the file.

    Args:
        setting: of the export that the file was made of.
        file: what `inside.with_processing` made.

    Returns:
        How near they were, in a line.

    Raises:
        CheckFailedError: they differ by more than a 255th, in the probability of a class, or the value of a pixel; or,
            in masks, two predictions are not the same to the task.
    """
    demos = files_in(setting.model.demo_folder(), setting.model.task.suffixes)[:_MOST_DEMOS]
    task = setting.task()
    samples = [Sample(path.name, path) for path in demos]
    worst = 0.0
    with open_runner(setting.but(target="onnx", batch_size=1)) as runner, Engine(file) as engine:
        for some, found in predictions(task, runner, samples, 1, Stages()):
            outputs = as_list(engine([np.array(load_rgb(some[0].data))]))
            apart = difference(found[0], outputs)
            if apart > LIMIT or not _agree(task, found[0], outputs):
                raise CheckFailedError(
                    f"the file with the processing inside says something else than the zoo of {some[0].id}: they "
                    f"differ by {apart:.4g}, and {LIMIT:.4g} (1/255) is allowed"
                )
            worst = max(worst, apart)
    what = "share of pixels that differ" if isinstance(found[0], Segments) else "largest difference"
    return f"equal to the zoo on {len(samples)} demos ({what} {worst:.3g}, {LIMIT:.3g} allowed)"


def difference(prediction: Any, outputs: list[np.ndarray]) -> float:
    """How far the zoo's prediction is from what a file with everything inside gave, from 0 to 1.

    Args:
        prediction: of the task.
        outputs: of the file: classes and scores, or one picture.

    Returns:
        The largest difference of the probability at a rank, or of a pixel's value of 0 to 1; of masks, the share of
        pixels that differ. 1 where the shapes do.
    """
    if isinstance(prediction, Ranking):
        if len(prediction.scores) != len(outputs[1]):
            return 1.0
        return float(np.abs(np.asarray(prediction.scores) - outputs[1]).max())
    picture = prediction.mask if isinstance(prediction, Segments) else prediction
    if picture.shape != outputs[0].shape:
        return 1.0
    if isinstance(prediction, Segments):
        return float((picture != outputs[0]).mean())
    return float(np.abs(picture.astype(np.float64) - outputs[0]).max() / 255)


def _agree(task: Any, prediction: Any, outputs: list[np.ndarray]) -> bool:
    """Whether the best class is the same, or as good as equal to the zoo's; of pictures, the difference has said it."""
    if not isinstance(prediction, Ranking):
        return True
    best = int(outputs[0][0])
    ranked = dict(zip(prediction.classes, prediction.scores, strict=True))
    return best in ranked and ranked[best] >= prediction.scores[0] - LIMIT
