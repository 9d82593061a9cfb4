"""How a head is turned: yaw, pitch and roll as matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def turns(angles: Sequence[float] | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(roll, pitch, yaw), float64 [3, 3] each: their product leads from the head's own axes to the picture's.

    Axes are to the picture's right, up, and towards us.

    Args:
        angles: yaw, pitch and roll in degrees: the nose goes to the picture's right, down, and against the clock.
    """
    yaw, pitch, roll = np.radians(np.asarray(angles, np.float64))
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    nod = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    tilt = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return tilt, nod, turn
