"""How far generated pictures are from real ones: the Fréchet distance of their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_count
from zoo_core.errors import DataError

_SIDES = ("generated", "real")


class Generated(Protocol):
    """images: uint8 [n, H, W]."""

    @property
    def images(self) -> np.ndarray: ...


class PixelDistance:
    """frechet_distance: of two normal distributions, one with mean m and covariance C of the generated pictures' pixels
    (0 to 1), one with those of real pictures: |m - m'|² + tr(C + C' - 2 (C C')^½) (Dowson and Landau, 1982).

    It is what FID computes of a network's features, on the pixels themselves: for small pictures, and without weights
    from elsewhere. 0 for pictures that are distributed alike as far as means and covariances go; since covariances are
    estimated, two halves of one set of pictures are not quite 0 apart either. Not comparable with any FID.
    """

    infos = (MetricInfo("frechet_distance", "squared pixel values", 0.0, float("inf"), False),)

    def __init__(self) -> None:
        self._count = 0
        self._sums: dict[str, np.ndarray] = {}
        self._products: dict[str, np.ndarray] = {}

    def update(self, predictions: Sequence[Generated], truths: Sequence[np.ndarray]) -> None:
        """Count a batch: of each prediction as many pictures as there are real ones beside it, uint8 [n, H, W].

        Raises:
            DataError: different lengths, fewer generated than real pictures, or other sizes. Nothing of the batch has
                been counted then.
        """
        require_as_many(predictions, truths)
        rows: dict[str, list[np.ndarray]] = {side: [] for side in _SIDES}
        for prediction, real in zip(predictions, truths, strict=True):
            made = prediction.images[: len(real)]
            if made.shape != real.shape:
                raise DataError(f"generated are {list(made.shape)} pictures, and the real ones are {list(real.shape)}.")
            for side, images in zip(_SIDES, (made, real), strict=True):
                rows[side].append(images.reshape(len(images), -1) / 255.0)
        if truths:
            self._add({side: np.concatenate(found) for side, found in rows.items()})

    def compute(self) -> dict[str, float]:
        """{"frechet_distance": …}; DataError for fewer than two pictures."""
        if self._count < 2:
            raise DataError("fewer than two pictures were counted, so there is no distance. Is the data set empty?")
        (mean, one), (other_mean, other) = (self._moments(side) for side in _SIDES)
        root = _root(one)
        both = np.sqrt(np.clip(np.linalg.eigvalsh(root @ other @ root), 0, None)).sum()
        apart = float(((mean - other_mean) ** 2).sum() + np.trace(one) + np.trace(other) - 2 * both)
        return {"frechet_distance": max(apart, 0.0)}

    def state(self) -> dict[str, Any]:
        """Pictures, and of both kinds the sums of pixels and of their products."""
        of_each = {
            side: {"sums": self._sums[side].tolist(), "products": self._products[side].tolist()} for side in self._sums
        }
        return {"pictures": self._count, **of_each}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        empty = isinstance(state, dict) and state.get("pictures") == 0
        fields = fields_of(state, ("pictures", *(() if empty else _SIDES)), "a pixel distance")
        count = fields["pictures"]
        if not is_count(count):
            raise foreign("a pixel distance", state)
        if not count:
            return
        found = {side: _moments_of(fields[side], count) for side in _SIDES}
        sizes = {None if both is None else len(both[0]) for both in found.values()}
        if self._count:
            sizes.add(len(self._sums[_SIDES[0]]))
        if None in sizes or len(sizes) > 1:
            raise foreign("a pixel distance", state)
        self._join(count, {side: both for side, both in found.items() if both is not None})

    def _add(self, rows: dict[str, np.ndarray]) -> None:
        found = {side: (each.sum(axis=0), each.T @ each) for side, each in rows.items()}
        if self._count and len(self._sums[_SIDES[0]]) != len(found[_SIDES[0]][0]):
            raise DataError("pictures of different sizes cannot be counted together.")
        self._join(len(rows[_SIDES[0]]), found)

    def _join(self, count: int, found: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
        self._count += count
        for side, (sums, products) in found.items():
            self._sums[side] = self._sums.get(side, 0) + sums
            self._products[side] = self._products.get(side, 0) + products

    def _moments(self, side: str) -> tuple[np.ndarray, np.ndarray]:
        """(mean, covariance), as numpy.cov divides it."""
        mean = self._sums[side] / self._count
        return mean, (self._products[side] - self._count * np.outer(mean, mean)) / (self._count - 1)


def _moments_of(said: Any, count: int) -> tuple[np.ndarray, np.ndarray] | None:
    """(sums of pixels, [n]; of their products, [n, n]) over `count` pictures, as a state holds them; None otherwise."""
    if not isinstance(said, dict) or set(said) != {"sums", "products"}:
        return None
    try:
        sums, products = (np.array(said[name]) for name in ("sums", "products"))
    except (ValueError, OverflowError):  # rows of different lengths, or numbers without end
        return None
    numbers = sums.dtype.kind in "iuf" and products.dtype.kind in "iuf"
    if not numbers or sums.ndim != 1 or not len(sums) or products.shape != (len(sums), len(sums)):
        return None
    # pixels are 0 to 1, so that no product is more than either of its factors
    most = np.minimum(sums[:, None], sums) + 1e-6 * count
    inside = (sums >= 0).all() and (sums <= count * (1 + 1e-6)).all() and (products >= 0).all()
    if not inside or not (products <= most).all() or not np.allclose(products, products.T):
        return None
    return sums.astype(np.float64), products.astype(np.float64)


def _root(covariance: np.ndarray) -> np.ndarray:
    """The square root of a symmetrical matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
