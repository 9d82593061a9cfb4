"""An episode of any environment as an animation: by the environment's own rendering, or as lines of its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from utils.datasets.episodes import Episode
from utils.draw.cartpole import Animation
from utils.environments import Rollout, pictures
from utils.notices import notice
from zoo_core.errors import DataError

MOST_FRAMES = 120
WIDTH = 480  # pixels
FRAME_MILLISECONDS, LAST_MILLISECONDS = 60, 1500
MOST_ROWS = 8  # numbers of an observation that have a line; further ones have none, and the title says so
_ROW, _TITLE, _LEFT, _RIGHT = 34, 34, 86, 70
_COLOURS = 64
PAPER, INK, FAINT, AHEAD, SEEN = (255, 255, 255), (28, 32, 38), (110, 117, 126), (214, 219, 226), (22, 119, 190)
GAINED = (46, 139, 87)


def draw_episode(episode: Episode, rollout: Rollout) -> Animation:
    """Draw an episode.

    Args:
        episode: which it is: it is played again, with the same actions, so that the environment itself can draw it.
        rollout: what was played.

    Returns:
        At most 120 frames. Where the environment cannot draw itself (a notice says why), observations that are
        pictures, uint8 or of 0 to 255, are the frames; of others each number is a line.
    """
    steps = len(rollout.actions)
    every = -(-max(steps, 1) // MOST_FRAMES)
    shown = sorted({*range(0, steps + 1, every), steps})
    seen = _seen(episode, rollout, every, shown)
    if seen:
        frames = [_captioned(one, episode, rollout, step) for one, step in zip(seen, shown, strict=True)]
    else:
        frames = list(_lines(episode, rollout, shown))
    frames = [frame.quantize(_COLOURS, dither=Image.Dither.NONE) for frame in frames]
    return Animation(frames, [FRAME_MILLISECONDS] * (len(frames) - 1) + [LAST_MILLISECONDS])


def _seen(episode: Episode, rollout: Rollout, every: int, shown: Sequence[int]) -> list[np.ndarray]:
    """Pictures of the steps, uint8 [H, W, 3]; none where there are none."""
    try:
        return pictures(episode, rollout, every)
    except DataError as error:
        notice("no drawing of their own", episode.environment, f"{error} Its numbers are drawn instead.")
    found = rollout.observations[list(shown)]
    if found.ndim not in (3, 4) or found.min() < 0 or found.max() > 255 or (found.ndim == 4 and found.shape[3] != 3):
        return []
    return list((found if found.ndim == 4 else np.repeat(found[..., None], 3, axis=3)).astype(np.uint8))


def _captioned(picture: np.ndarray, episode: Episode, rollout: Rollout, step: int) -> Image.Image:
    """A picture of the environment below the line that says where the episode is."""
    image = Image.fromarray(picture)
    height = max(round(image.height * WIDTH / image.width), 1)
    frame = Image.new("RGB", (WIDTH, height + _TITLE), PAPER)
    way = Image.Resampling.NEAREST if image.width < WIDTH else Image.Resampling.BILINEAR
    frame.paste(image.resize((WIDTH, height), way), (0, _TITLE))
    _title(ImageDraw.Draw(frame), episode, rollout, step, "")
    return frame


def _title(draw: ImageDraw.ImageDraw, episode: Episode, rollout: Rollout, step: int, more: str) -> None:
    gained = float(rollout.rewards[:step].sum())
    font = ImageFont.load_default(size=13)
    draw.text((10, 9), f"{episode.environment}   seed {episode.seed}{more}", fill=INK, font=font)
    draw.text((WIDTH - 10, 9), f"step {step}   return {gained:.6g}", fill=INK, font=font, anchor="ra")


def _lines(episode: Episode, rollout: Rollout, shown: Sequence[int]) -> Iterator[Image.Image]:
    """Frames with a line for each number, grey where the episode has not come yet."""
    rows, left_out = _rows(rollout)
    more = f"   ({left_out} more numbers)" if left_out else ""
    for step in shown:
        frame = Image.new("RGB", (WIDTH, _TITLE + _ROW * len(rows) + 8), PAPER)
        draw = ImageDraw.Draw(frame)
        _title(draw, episode, rollout, step, more)
        for place, (name, values, colour) in enumerate(rows):
            _row(draw, _TITLE + _ROW * place, name, values, colour, step)
        yield frame


def _rows(rollout: Rollout) -> tuple[list[tuple[str, np.ndarray, Any]], int]:
    """(name, a number a step, colour) of each line, and how many numbers have none."""
    seen = rollout.observations.reshape(len(rollout.observations), -1)
    one_hot = seen.shape[1] > 1 and bool(((seen == 0) | (seen == 1)).all() and (seen.sum(axis=1) == 1).all())
    seen = seen.argmax(axis=1)[:, None].astype(np.float32) if one_hot else seen
    rows = [
        ("state" if one_hot else f"observation {place}", seen[:, place], SEEN)
        for place in range(min(seen.shape[1], MOST_ROWS))
    ]
    done = rollout.actions.reshape(len(rollout.actions), -1).astype(np.float32)
    done = np.concatenate([done, done[-1:]]) if len(done) else np.zeros((1, 1), np.float32)
    kept = min(done.shape[1], MOST_ROWS // 2)
    rows += [("action" if done.shape[1] == 1 else f"action {place}", done[:, place], INK) for place in range(kept)]
    gained = np.concatenate([[0.0], np.cumsum(rollout.rewards)])
    left_out = max(seen.shape[1] - MOST_ROWS, 0) + done.shape[1] - kept
    return [*rows, ("return", gained, GAINED)], left_out


def _row(draw: ImageDraw.ImageDraw, top: int, name: str, values: np.ndarray, colour: Any, step: int) -> None:
    small = ImageFont.load_default(size=11)
    draw.text((10, top + _ROW / 2), name, fill=FAINT, font=small, anchor="lm")
    low, high = float(values.min()), float(values.max())
    x = _LEFT + np.arange(len(values)) / max(len(values) - 1, 1) * (WIDTH - _LEFT - _RIGHT)
    part = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    y = top + _ROW - 6 - part * (_ROW - 12)
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    if len(points) > 1:
        draw.line(points, fill=AHEAD, width=1)
    if step:
        draw.line(points[: step + 1], fill=colour, width=2)
    at_x, at_y = points[step]
    draw.ellipse((at_x - 3, at_y - 3, at_x + 3, at_y + 3), fill=colour)
    draw.text((WIDTH - 10, top + _ROW / 2), f"{float(values[step]):.4g}", fill=INK, font=small, anchor="rm")
