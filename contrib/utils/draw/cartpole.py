"""An episode of CartPole as an animation, drawn from its states: no display and no game library is needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi, sin
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 400, 240  # pixels
STEP_SECONDS = 0.02  # of CartPole's simulation
EVERY = 2  # steps a frame: 25 frames a second, as fast as it happened
LAST_SECONDS = 1.5
TRACK = 2.4  # metres from the middle, where the episode ends
POLE = 1.0  # metres, twice what the simulation calls its length

PAPER, INK, FAINT, RAIL = (255, 255, 255), (28, 32, 38), (110, 117, 126), (200, 206, 213)
CART, STICK, AXLE, FALLEN = (22, 119, 190), (214, 158, 92), (90, 70, 45), (200, 60, 50)
_OVER = 3  # drawn so many times larger, for smooth edges
_METRE = (WIDTH - 40) / (2 * TRACK) * _OVER
_GROUND = 175 * _OVER


@dataclass(frozen=True)
class Animation:
    """Frames that are shown one after the other, again and again; milliseconds: how long each stays."""

    frames: list[Image.Image]
    milliseconds: list[int]

    def save(self, path: str | Path, format: str = "GIF") -> None:
        """Write an animated picture, in a format of Pillow's that has several frames."""
        first, *others = self.frames
        first.save(
            path, format=format, save_all=True, append_images=others, duration=self.milliseconds, loop=0, disposal=1
        )


def draw_cartpole(states: np.ndarray, rewards: np.ndarray, limited: bool, title: str = "CartPole-v1") -> Animation:
    """Draw an episode.

    Args:
        states: float [steps + 1, 4]: the cart's position (metres) and speed, the pole's angle (radians, positive to the
            right) and its speed.
        rewards: float [steps]; what was gained so far is written into the frames.
        limited: whether the time limit ended the episode; otherwise the last frame shows it in red.
        title: written at the top.

    Returns:
        400 x 240 pixels, every second step and the last one, in real time.
    """
    gained = np.concatenate([[0.0], np.cumsum(rewards)])
    steps = sorted({*range(0, len(states), EVERY), len(states) - 1})
    palette = _palette()
    frames, times = [], []
    for place, step in enumerate(steps):
        lost = step == len(states) - 1 and not limited
        frame = _frame(states[step], title, f"step {step}   return {gained[step]:g}", lost)
        frames.append(frame.quantize(palette=palette, dither=Image.Dither.NONE))
        until = steps[place + 1] - step if place + 1 < len(steps) else LAST_SECONDS / STEP_SECONDS
        times.append(round(until * STEP_SECONDS * 1000))
    return Animation(frames, times)


def _frame(state: np.ndarray, title: str, figures: str, lost: bool) -> Image.Image:
    large = Image.new("RGB", (WIDTH * _OVER, HEIGHT * _OVER), PAPER)
    draw = ImageDraw.Draw(large)
    middle = WIDTH * _OVER / 2
    left, right = middle - TRACK * _METRE, middle + TRACK * _METRE
    draw.line((left, _GROUND, right, _GROUND), fill=RAIL, width=2 * _OVER)
    for metre in (-2, -1, 0, 1, 2):
        x = middle + metre * _METRE
        draw.line((x, _GROUND, x, _GROUND + 6 * _OVER), fill=RAIL, width=_OVER)
    for end in (left, right):
        draw.line((end, _GROUND - 14 * _OVER, end, _GROUND + 6 * _OVER), fill=FALLEN, width=2 * _OVER)
    _cart(draw, middle + float(state[0]) * _METRE, float(state[2]), FALLEN if lost else CART)
    frame = large.reduce(_OVER)
    small = ImageDraw.Draw(frame)
    font = ImageFont.load_default(size=13)
    small.text((14, 10), title, fill=INK, font=font)
    small.text((WIDTH - 14, 10), figures, fill=FALLEN if lost else INK, font=font, anchor="ra")
    small.text((14, HEIGHT - 24), f"cart {state[0]:+.2f} m   pole {state[2] * 180 / pi:+.1f}°", fill=FAINT, font=font)
    for metre in (-2, -1, 0, 1, 2):
        x = WIDTH / 2 + metre * _METRE / _OVER
        small.text(
            (x, _GROUND / _OVER + 9), f"{metre:g}", fill=FAINT, font=ImageFont.load_default(size=11), anchor="ma"
        )
    return frame


def _cart(draw: ImageDraw.ImageDraw, x: float, angle: float, colour: tuple[int, int, int]) -> None:
    """The cart at `x`, and its pole."""
    wide, high, wheel = 56 * _OVER / 2, 24 * _OVER, 5 * _OVER
    bottom = _GROUND - wheel
    for side in (-0.55, 0.55):
        centre = x + side * wide
        draw.ellipse((centre - wheel, _GROUND - 2 * wheel, centre + wheel, _GROUND), fill=INK)
    draw.rounded_rectangle((x - wide, bottom - high, x + wide, bottom), 4 * _OVER, fill=colour)
    axle = bottom - high
    tip = (x + sin(angle) * POLE * _METRE, axle - cos(angle) * POLE * _METRE)
    thick = 4 * _OVER
    across = (cos(angle) * thick, sin(angle) * thick)
    base = (x, axle)
    draw.polygon(
        [
            (base[0] - across[0], base[1] - across[1]),
            (tip[0] - across[0], tip[1] - across[1]),
            (tip[0] + across[0], tip[1] + across[1]),
            (base[0] + across[0], base[1] + across[1]),
        ],
        fill=STICK,
    )
    draw.ellipse((tip[0] - thick, tip[1] - thick, tip[0] + thick, tip[1] + thick), fill=STICK)
    draw.ellipse((x - thick, axle - thick, x + thick, axle + thick), fill=AXLE)


def _palette() -> Image.Image:
    """One palette for all frames: each colour, and its mixtures with what it touches."""
    colours = list(_mixtures())
    image = Image.new("P", (1, 1))
    image.putpalette([value for colour in colours for value in colour])
    return image


def _mixtures() -> Iterator[tuple[int, int, int]]:
    pairs = [(one, PAPER) for one in (INK, FAINT, RAIL, CART, STICK, AXLE, FALLEN)]
    pairs += [(STICK, CART), (AXLE, CART), (AXLE, STICK), (FALLEN, STICK), (INK, CART), (INK, RAIL)]
    for one, other in pairs:
        for share in range(8):
            red, green, blue = (round(a + (b - a) * share / 8) for a, b in zip(one, other, strict=True))
            yield red, green, blue
    yield PAPER
