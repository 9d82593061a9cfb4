"""What a detector with queries gives, to objects: each query is an object or nothing, so that nothing is suppressed.

As transformers' `post_process_object_detection` of DETR, and of RT-DETR and D-FINE.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.boxes import from_centres
from utils.postprocess.pytorch.anchored import require_finite, sigmoid, softmax
from utils.postprocess.pytorch.detection import Detections
from utils.preprocess.pytorch.scaled import Scaled
from zoo_core.errors import DataError


@dataclass(frozen=True)
class QueryDecoder:
    """Logits and boxes of queries to objects, best first.

    Attributes:
        classes: the index of each of the network's classes in the data set's; -1: the data set does not have it.
        exclusive: whether a query is one of the classes or, by a last logit, nothing (softmax; one object a query);
            else each class of a query is a candidate by itself (sigmoid), and as many as there are queries are kept.
    """

    classes: tuple[int, ...]
    exclusive: bool

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Scaled]) -> list[Detections]:
        """Decode a batch.

        Args:
            outputs: any float [N, queries, classes], one more where `exclusive`; any float [N, queries, 4], centre x
                and y, width and height in fractions of the picture.
            metas: where each of the N pictures lies in its input.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the outputs do not fit the classes or the metas, or hold NaN or infinity.
        """
        logits, boxes = outputs
        wide = len(self.classes) + self.exclusive
        if logits.ndim != 3 or logits.shape[::2] != (len(metas), wide) or boxes.shape != (*logits.shape[:2], 4):
            raise DataError(
                f"the network gave {list(logits.shape)} and {list(boxes.shape)}, expected [{len(metas)}, queries, "
                f"{wide}] and [{len(metas)}, queries, 4]. Is this the checkpoint of another variant?"
            )
        require_finite(logits)
        require_finite(boxes)
        rows = zip(logits.astype(np.float32), boxes.astype(np.float32), metas, strict=True)
        return [self._one(*row) for row in rows]

    def _one(self, logits: np.ndarray, boxes: np.ndarray, meta: Scaled) -> Detections:
        if self.exclusive:
            probabilities = softmax(logits)[:, :-1]
            labels = probabilities.argmax(axis=1)
            queries = np.arange(len(labels))
        else:
            probabilities = sigmoid(logits)
            best = np.argsort(-probabilities, axis=None, kind="stable")[: len(probabilities)]
            queries, labels = np.divmod(best, len(self.classes))
        scores, known = probabilities[queries, labels], np.array(self.classes, np.int64)[labels]
        kept = np.argsort(-scores, kind="stable")
        kept = kept[known[kept] >= 0]
        corners = from_centres(boxes[queries[kept]]) * np.array([*meta.size, *meta.size], np.float32)
        return Detections(corners, scores[kept], known[kept], meta.size)
