"""What the repository of a detector has of its own."""

import numpy as np


def scaled(image, side):
    rows = np.arange(side) * image.shape[0] // side
    columns = np.arange(side) * image.shape[1] // side
    return np.ascontiguousarray(image[rows][:, columns].transpose(2, 0, 1)[None], dtype=np.float32) / 255


def non_max(prediction, conf_thres):
    rows = prediction[0].T
    return rows[rows[:, 4:].max(axis=1) > conf_thres]
