"""Preprocessing of image classifiers, equal to paddle.vision.transforms, without paddle.

Resize (shorter side) → CenterCrop → ToTensor → Normalize, as on the PyTorch side; only an image that is
smaller than the crop is placed differently.
"""

from collections.abc import Sequence

import numpy as np

from utils.preprocess.image import ImageSource
from utils.preprocess.pytorch import classification as pytorch


class ClassificationTransform(pytorch.ClassificationTransform):
    """One image to the array that a classifier takes, as paddle.vision does it.

    Attributes, call and errors are those of the PyTorch side's ClassificationTransform.
    """

    @staticmethod
    def _start(length: int, size: int) -> int:
        """First pixel of the crop; Paddle rounds half to even also where black is added (3 short: -2)."""
        return round((length - size) / 2)


IMAGENET = ClassificationTransform(256, 224, mean=pytorch.IMAGENET.mean, std=pytorch.IMAGENET.std)


def preprocess(
    image_path: ImageSource | Sequence[ImageSource],
    dtype: str = "float16",
    resize_shape: int = 256,
    crop_shape: int = 224,
) -> np.ndarray:
    """One image or several to the batch that an ImageNet classifier of Paddle takes: [N, 3, crop_shape,
    crop_shape].

    Arguments and errors are those of the PyTorch side's `preprocess`.
    """
    return pytorch.run_batch(IMAGENET, image_path, dtype, resize_shape, crop_shape)
