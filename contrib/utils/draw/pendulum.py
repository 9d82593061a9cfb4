"""An episode of Pendulum as an animation, drawn from its observations: no display and no game library is needed."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from utils.draw.cartpole import Animation

SIDE = 240  # pixels
STEP_SECONDS = 0.05  # of Pendulum's simulation
EVERY = 2  # steps a frame: ten frames a second, as fast as it happened
LAST_SECONDS = 1.5
TORQUE = 2.0  # the largest

PAPER, INK, FAINT, ROD, PULL = (255, 255, 255), (28, 32, 38), (110, 117, 126), (22, 119, 190), (214, 120, 60)
_OVER = 2  # drawn so many times larger, for smooth edges
_ROD = 76 * _OVER
_COLOURS = 32


def draw_pendulum(states: np.ndarray, torques: np.ndarray, rewards: np.ndarray) -> Animation:
    """Draw an episode.

    Args:
        states: float [steps + 1, 3]: cosine and sine of the rod's angle, 0 upwards, and its speed.
        torques: float [steps], from -2 to 2, positive to the left, as the angle is.
        rewards: float [steps]; what was gained so far is written into the frames.

    Returns:
        240 x 240 pixels, every second step and the last one, in real time.
    """
    gained = np.concatenate([[0.0], np.cumsum(rewards)])
    pulled = np.append(torques, 0.0)
    steps = sorted({*range(0, len(states), EVERY), len(states) - 1})
    frames, times = [], []
    for place, step in enumerate(steps):
        figures = f"step {step}   return {gained[step]:.0f}"
        frame = _frame(states[step], float(pulled[step]), figures)
        frames.append(frame.quantize(_COLOURS, dither=Image.Dither.NONE))
        until = steps[place + 1] - step if place + 1 < len(steps) else LAST_SECONDS / STEP_SECONDS
        times.append(round(until * STEP_SECONDS * 1000))
    return Animation(frames, times)


def _frame(state: np.ndarray, torque: float, figures: str) -> Image.Image:
    large = Image.new("RGB", (SIDE * _OVER, SIDE * _OVER), PAPER)
    draw = ImageDraw.Draw(large)
    middle = (SIDE * _OVER / 2, (SIDE + 16) * _OVER / 2)
    tip = (middle[0] - float(state[1]) * _ROD, middle[1] - float(state[0]) * _ROD)
    draw.line((*middle, *tip), fill=ROD, width=14 * _OVER)
    for x, y in (middle, tip):
        draw.ellipse((x - 7 * _OVER, y - 7 * _OVER, x + 7 * _OVER, y + 7 * _OVER), fill=ROD)
    draw.ellipse((middle[0] - 3 * _OVER, middle[1] - 3 * _OVER, middle[0] + 3 * _OVER, middle[1] + 3 * _OVER), fill=INK)
    _arc(draw, middle, torque)
    frame = large.reduce(_OVER)
    small = ImageDraw.Draw(frame)
    small.text((10, 8), figures, fill=INK, font=ImageFont.load_default(size=13))
    small.text((10, SIDE - 20), f"torque {torque:+.2f}", fill=FAINT, font=ImageFont.load_default(size=12))
    return frame


def _arc(draw: ImageDraw.ImageDraw, middle: tuple[float, float], torque: float) -> None:
    """An arc beside the axle, the longer the stronger the torque is, with a head to the side that it turns to."""
    angle = torque / TORQUE * pi * 0.75
    if abs(angle) < 0.05:
        return
    radius = 24 * _OVER
    places = [(middle[0] - sin(a) * radius, middle[1] - cos(a) * radius) for a in np.linspace(0, angle, 24)]
    draw.line(places, fill=PULL, width=3 * _OVER)
    (x, y), size = places[-1], 4 * _OVER
    draw.ellipse((x - size, y - size, x + size, y + size), fill=PULL)
