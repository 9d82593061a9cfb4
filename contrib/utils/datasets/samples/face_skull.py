"""The shape of a drawn head: an ellipsoid that is turned, nods and is rolled, and what lies on its surface."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.datasets.samples.face_surroundings import Points
from utils.face_angles import turns

AXES = np.array([0.76, 1.0, 0.86])  # half the width, height and depth of a head, in half heights


class Skull:
    """Where the parts of a head fall in the picture (in pixels of the large canvas).

    Args:
        angles: (yaw, pitch, roll) in degrees, as `turns` takes them.
        centre: x and y in pixels.
        size: half the height of the head in pixels.
        axes: float64 [3], half the width, height and depth, in `size`.
    """

    def __init__(
        self, angles: tuple[float, float, float], centre: tuple[float, float], size: float, axes: np.ndarray = AXES
    ) -> None:
        self.yaw, self.pitch, self.roll = angles
        self.centre = np.array(centre)
        self.size = size
        self.axes = axes
        self.to_picture = self._matrix()
        sight = np.cross(self.to_picture[1], self.to_picture[0])
        self._sight = sight / np.linalg.norm(sight)  # towards the eye of the beholder, on the unit sphere

    def _matrix(self) -> np.ndarray:
        """[2, 3]: from the unit sphere (x right, y up, z towards us) to the picture (y down)."""
        tilt, nod, turn = turns((self.yaw, self.pitch, self.roll))
        flat = np.array([[1.0, 0, 0], [0, -1, 0]])
        return self.size * flat @ tilt @ nod @ turn * self.axes

    def at(self, longitude: Any, latitude: Any, lift: float = 1.0) -> Points:
        """Points of the surface, in degrees from the middle of the face: [N, 2] pixels.

        Those on the far side move to the outline.

        Args:
            longitude, latitude: in degrees.
            lift: 1 on the surface, more above it.
        """
        lon, lat = np.radians(np.broadcast_arrays(np.atleast_1d(longitude), np.atleast_1d(latitude)))
        on = np.stack([np.cos(lat) * np.sin(lon), np.sin(lat), np.cos(lat) * np.cos(lon)], axis=1)
        behind = np.minimum(on @ self._sight, 0)
        on = on - behind[:, None] * self._sight
        on /= np.linalg.norm(on, axis=1, keepdims=True)
        return self.centre + lift * on @ self.to_picture.T

    def outline(self, grow: float = 1.0) -> Points:
        """The edge of the head, [64, 2]."""
        angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        half = np.linalg.cholesky(self.to_picture @ self.to_picture.T)
        return self.centre + grow * np.stack([np.cos(angle), np.sin(angle)], axis=1) @ half.T

    def patch(self, longitude: float, latitude: float, wide: float, high: float, lift: float = 1.0) -> Points:
        """An oval on the surface, [20, 2]; all in degrees."""
        return self.at(*ring(longitude, latitude, wide, high), lift)


def ring(longitude: float, latitude: float, wide: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """An oval on the surface, in degrees."""
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    return longitude + wide * np.cos(angle), latitude + high * np.sin(angle)
