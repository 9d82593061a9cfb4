"""Drawn rooms with the distance of every pixel: a floor, a wall at the back, and balls that stand on the floor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.depth import DEPTHS, MILLIMETRES, PICTURES
from utils.datasets.samples.once import written_once

COUNT, WIDTH, HEIGHT = 16, 160, 120
EYE, FOCAL = 1.5, 110.0  # height of the camera in metres, focal length in pixels
BALLS = (2, 6)
LIGHT = np.array([0.4, -0.8, -0.45])  # from where it comes: right, down, forward


def draw_room(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(uint8 [HEIGHT, WIDTH, 3] RGB, float64 [HEIGHT, WIDTH] metres along the view's axis)."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    rays = np.stack([(columns - WIDTH / 2) / FOCAL, (rows - HEIGHT / 2 + 0.5) / FOCAL, np.ones((HEIGHT, WIDTH))], -1)
    wall = random.uniform(5, 9)
    with np.errstate(divide="ignore"):
        floor = np.where(rays[..., 1] > 0, EYE / rays[..., 1], np.inf)
    depth = np.minimum(floor, wall)
    places = rays * depth[..., None]
    tiles = (np.floor(places[..., 0]) + np.floor(places[..., 2])) % 2
    shade = np.where(floor < wall, 0.55 + 0.25 * tiles, 0.75 - 0.1 * np.sin(3 * places[..., 0]))
    colour = random.uniform(90, 220, 3) * shade[..., None]
    for _ in range(random.integers(*BALLS)):
        _add_ball(random, rays, depth, colour)
    noisy = colour * (1.1 - 0.04 * depth[..., None]) + random.normal(0, 2, colour.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), depth


def _add_ball(random: np.random.Generator, rays: np.ndarray, depth: np.ndarray, colour: np.ndarray) -> None:
    """Draw a ball where it is nearer than what is there."""
    radius, far = random.uniform(0.2, 0.7), random.uniform(2, 5)
    centre = np.array([random.uniform(-0.5, 0.5) * far, EYE - radius, far])
    along = (rays * centre).sum(-1) / (rays**2).sum(-1)
    missed = ((rays * along[..., None] - centre) ** 2).sum(-1)
    back = np.sqrt(np.maximum(radius**2 - missed, 0) / (rays**2).sum(-1))
    surface = along - back
    seen = (missed < radius**2) & (surface < depth)
    outwards = (rays * surface[..., None] - centre) / radius
    bright = 0.35 + 0.65 * np.maximum(-(outwards @ -LIGHT), 0)
    depth[seen] = surface[seen]
    colour[seen] = (random.uniform(60, 250, 3) * bright[..., None])[seen]


@written_once
def write_rooms(folder: Path) -> None:
    """Write <folder>/image/room_NN.png and depth/room_NN.png, of 16 bits, in millimetres.

    Raises:
        DataError: the folder cannot be written.
    """
    for name in (PICTURES, DEPTHS):
        (folder / name).mkdir()
    for number in range(COUNT):
        picture, depth = draw_room(number)
        Image.fromarray(picture).save(folder / PICTURES / f"room_{number:02}.png")
        Image.fromarray(np.rint(depth * MILLIMETRES).astype(np.uint16)).save(folder / DEPTHS / f"room_{number:02}.png")
