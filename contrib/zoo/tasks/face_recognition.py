"""Face recognition: a face in, a vector of length 1 out; the cosine of two says whether they are one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from utils.datasets.face_gallery import QUERY, FaceGallery
from utils.datasets.face_pairs import FacePairs
from utils.datasets.five_points import read_five_points
from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.sample import Sample
from utils.metrics.face_identity import FaceIdentity
from utils.metrics.similarity import cosine
from utils.preprocess.pytorch.face_alignment import AlignedFace, CutFace, FacePhoto
from zoo.task import Run, as_list
from zoo.tasks.transformed import Transformed
from zoo_core.errors import DataError

# Two embeddings of a face agree at this cosine: an angle of 0.8 degrees.
AGREEMENT = 0.9999
_SHOWN = 4
_FEW = 5  # pictures that are compared with each other


class FaceVector(NamedTuple):
    """vector: float32 [D], of length 1."""

    vector: np.ndarray


@dataclass(frozen=True)
class FaceRecognition(Transformed):
    """A network from a face to an embedding [N, D] of any length.

    Points of a picture that a person gives stand in landmarks.txt of its folder; without them it is to be aligned. A
    data set has pairs.txt, as LFW has it, or gallery/ and query/.

    flip: whether the mirrored face is looked at too and both embeddings are added, as ArcFace's authors evaluate.
    """

    transform: AlignedFace | CutFace = field(default_factory=AlignedFace)
    flip: bool = True
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "face"

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The embedding of each face, [N, D]."""
        (run,) = parts.values()
        (vectors,) = as_list(run(arrays))
        if not self.flip:
            return [vectors]
        (other,) = as_list(run([np.ascontiguousarray(arrays[0][..., ::-1])]))
        return [vectors + other]

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[FaceVector]:
        """From embeddings [N, D] to N of length 1; DataError on NaN, infinity or zeros."""
        vectors = np.asarray(outputs[0], np.float32)
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
        if not np.isfinite(lengths).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        if not lengths.all():
            raise DataError("the network gave an embedding of zeros, which has no direction. Are the weights right?")
        return [FaceVector((one / length).astype(np.float32)) for one, length in zip(vectors, lengths, strict=True)]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return FaceGallery(root) if (Path(root) / QUERY).is_dir() else FacePairs(root)

    def metric(self) -> FaceIdentity:
        return FaceIdentity()

    def agreement(self, one: FaceVector, other: FaceVector) -> bool:
        return cosine(one.vector, other.vector) >= AGREEMENT

    def describe(self, prediction: FaceVector, topk: int) -> str:
        """The first numbers; `topk` or four of them, whichever is more."""
        numbers = ", ".join(f"{value:.4f}" for value in prediction.vector[: max(topk, _SHOWN)])
        return f"[{numbers}, …] of {len(prediction.vector)}"

    def compare(self, found: Sequence[tuple[str, FaceVector]]) -> list[str]:
        """The cosine of each two of a few faces."""
        pairs = combinations(found, 2) if len(found) <= _FEW else ()
        return [f"cosine of {a} and {b}: {cosine(one.vector, other.vector):.4f}" for (a, one), (b, other) in pairs]

    def to_json(self, prediction: FaceVector) -> dict[str, Any]:
        return {"embedding": prediction.vector.tolist()}

    def draw(self, data: Any, prediction: FaceVector) -> Any:
        from utils.draw.face import draw_embedded

        photo = data if isinstance(data, FacePhoto) else FacePhoto(data)
        return draw_embedded(self.transform.shown(photo), prediction.vector)

    def samples_in(self, path: Path) -> list[Sample]:
        """The face of a picture, with the points that landmarks.txt of its folder gives."""
        return [Sample(path.name, FacePhoto(path, read_five_points(path.parent).get(path.name)))]
