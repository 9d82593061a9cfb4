"""What bottom-up pose networks give, maps of points and of limbs, to people in the picture's own pixels.

A limb's part affinity field (Cao et al., Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields, 2017) is
a vector in each cell: where the limb lies, it shows from its first point to its second one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.postprocess.pytorch.anchored import require_finite
from utils.postprocess.pytorch.pose import Pose
from utils.preprocess.pytorch.detection import Placed
from zoo_core.errors import DataError

_MOST = 64  # places that are looked at of a kind of point, the surest ones
_STEPS = 10  # places on a limb at which its field is looked at
_FLAT = 1e-3  # least value that a parabola is laid through


class Peaks(NamedTuple):
    """Where points of one kind may be, the surest one first.

    Attributes:
        places: float32 [n, 2], x and y in cells.
        scores: float32 [n].
    """

    places: np.ndarray
    scores: np.ndarray


class Link(NamedTuple):
    """Two points that a limb joins.

    Attributes:
        score: how well its field shows from one to the other, 1 at best.
        one, other: (kind of point, number among the peaks of that kind).
        spare: whether it joins only what others have left apart.
    """

    score: float
    one: tuple[int, int]
    other: tuple[int, int]
    spare: bool = False


@dataclass(frozen=True)
class PartFieldDecoder:
    """Points are where maps are highest; limbs join them to people.

    Attributes:
        points: what the network's maps of points are called; one of the background may follow them.
        limbs: the two points of each limb, in the order of the fields.
        names: of a person's points as they are given; what the network does not know of them stays away.
        spare: limbs that join only what others have left apart: with them, limbs would lie in a ring.
        background: whether there is a map of it.
        enlarge: by what the maps are enlarged first, cubic, where their cells are large.
        least_point: above it, a map says that there may be a point.
        least_field, share: how far a field has to show along a limb (1: as the trained one), and at how many of ten
            places.
        least_points, least_score: of a person: how many points, and their mean score.
    """

    points: tuple[str, ...]
    limbs: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    spare: tuple[tuple[str, str], ...] = ()
    background: bool = True
    enlarge: int = 1
    least_point: float = 0.1
    least_field: float = 0.05
    share: float = 0.8
    least_points: int = 3
    least_score: float = 0.2

    @property
    def channels(self) -> int:
        """How many maps there are."""
        return len(self.points) + int(self.background) + 2 * len(self.limbs)

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Placed]) -> list[list[Pose]]:
        """Decode a batch.

        Args:
            outputs: any float [N, points, background, x and y of each limb, H, W], one array.
            metas: where each of the N pictures lies in its input.

        Returns:
            For each sample its people, the surest one first; points [K, 3] as `names` has them, all 0 where one was not
            found. Computed in float32.

        Raises:
            DataError: the output does not fit, or holds NaN or infinity.
        """
        (maps,) = outputs
        if maps.ndim != 4 or maps.shape[:2] != (len(metas), self.channels):
            raise DataError(
                f"the network gave an output of {list(maps.shape)}, expected [{len(metas)}, {self.channels}, H, W]. Is "
                "this the checkpoint of another variant?"
            )
        require_finite(maps)
        return [self._people(one.astype(np.float32), meta) for one, meta in zip(maps, metas, strict=True)]

    def _people(self, maps: np.ndarray, meta: Placed) -> list[Pose]:
        stride = meta.input[0] / maps.shape[1]  # pixels of the input from a cell to the next
        if self.enlarge > 1:
            maps = _enlarged(maps, self.enlarge)
            stride /= self.enlarge
        first = len(self.points) + int(self.background)
        peaks = [peaks_of(one, self.least_point) for one in maps[: len(self.points)]]
        links = []
        for number, (one, other) in enumerate(self.limbs):
            ends = self.points.index(one), self.points.index(other)
            field = maps[first + 2 * number : first + 2 * number + 2]
            found = joined(field, peaks, ends, self.least_field, self.share)
            links += [link._replace(spare=(one, other) in self.spare) for link in found]
        people = [self._pose(person, peaks, stride, meta) for person in grouped(links)]
        kept = [one for one in people if one is not None]
        return sorted(kept, key=lambda one: -one.score)

    def _pose(self, person: dict[int, int], peaks: list[Peaks], stride: float, meta: Placed) -> Pose | None:
        """None where too little of a person was found."""
        scores = [float(peaks[kind].scores[number]) for kind, number in person.items()]
        if len(scores) < self.least_points or np.mean(scores) < self.least_score:
            return None
        table = np.zeros((len(self.names), 3), np.float32)
        for (kind, number), score in zip(person.items(), scores, strict=True):
            if self.points[kind] in self.names:
                place = peaks[kind].places[number] * np.float32(stride) + np.float32((stride - 1) / 2)
                table[self.names.index(self.points[kind])] = (*meta.to_original(place), score)
        found = table[table[:, 2] > 0, :2]
        if not len(found):
            return None
        (left, top), (right, bottom) = found.min(axis=0).tolist(), found.max(axis=0).tolist()
        box = (left, top, right, bottom)
        return Pose(table, sum(scores) / len(self.points), box, float(stride / meta.scale))


def peaks_of(heat: np.ndarray, least: float) -> Peaks:
    """The cells [H, W] above `least` that no neighbour of eight exceeds; of equal ones beside each other the first one.

    A place lies between cells: at the top of a parabola through the logarithms of the cell and its two neighbours, in
    x and in y, which is exact for a bell.
    """
    wide = np.pad(heat, 1, constant_values=-np.inf)
    height, width = heat.shape
    top = heat > least
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            beside = wide[1 + down : 1 + down + height, 1 + across : 1 + across + width]
            if (down, across) != (0, 0):
                top &= heat > beside if (down, across) < (0, 0) else heat >= beside
    rows, columns = np.nonzero(top)
    scores = heat[rows, columns]
    best = np.argsort(-scores, kind="stable")[:_MOST]
    rows, columns, scores = rows[best], columns[best], scores[best]
    logs = np.log(np.maximum(np.pad(heat, 1, mode="edge"), _FLAT))
    middle = logs[rows + 1, columns + 1]
    across_by = _between(logs[rows + 1, columns], middle, logs[rows + 1, columns + 2])
    down_by = _between(logs[rows, columns + 1], middle, logs[rows + 2, columns + 1])
    return Peaks(np.stack([columns + across_by, rows + down_by], axis=1).astype(np.float32), scores)


def _between(before: np.ndarray, middle: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """By how many cells, half of one at most, a parabola's top lies behind the middle one of three values."""
    curve = 2 * middle - before - behind
    steps = 0.5 * (behind - before) / np.where(curve > 0, curve, 1)
    return np.clip(np.where(curve > 0, steps, 0), -0.5, 0.5)


def joined(field: np.ndarray, peaks: Sequence[Peaks], ends: tuple[int, int], least: float, share: float) -> list[Link]:
    """The limbs of one kind: the best one first, and no point in two of them.

    A limb counts where the field shows along it (by more than `least`) at a `share` of the places between its ends, in
    the cells next to them. Its score is the mean there; what is longer than half the map's height loses by that.

    Args:
        field: float32 [2, H, W], x and y.
        peaks: of all kinds of points.
        ends: the kinds of points that the limb joins.
    """
    one, other = (peaks[kind] for kind in ends)
    way = other.places[None, :, :] - one.places[:, None, :]
    length = np.linalg.norm(way, axis=2)
    unit = way / np.maximum(length, 1e-9)[..., None]
    parts = np.linspace(0, 1, _STEPS, dtype=np.float32)
    places = one.places[:, None, None, :] + way[:, :, None, :] * parts[:, None]
    columns = np.clip(np.rint(places[..., 0]).astype(int), 0, field.shape[2] - 1)
    rows = np.clip(np.rint(places[..., 1]).astype(int), 0, field.shape[1] - 1)
    shown = field[0, rows, columns] * unit[..., None, 0] + field[1, rows, columns] * unit[..., None, 1]
    passed = shown > least
    count = passed.sum(axis=2)
    scores = (shown * passed).sum(axis=2) / np.maximum(count, 1)
    scores += np.minimum(field.shape[1] / 2 / np.maximum(length, 1e-9) - 1, 0)
    good = (count >= share * _STEPS) & (scores > 0) & (length > 0)
    links, taken = [], (set[int](), set[int]())
    rows_of, columns_of = np.nonzero(good)
    for place in np.argsort(-scores[rows_of, columns_of], kind="stable"):
        first, second = int(rows_of[place]), int(columns_of[place])
        if first not in taken[0] and second not in taken[1]:
            taken[0].add(first)
            taken[1].add(second)
            links.append(Link(float(scores[first, second]), (ends[0], first), (ends[1], second)))
    return links


def grouped(links: Sequence[Link]) -> list[dict[int, int]]:
    """People: the surest limb first, spare ones last, each joins what its two points belong to, unless both have a
    point of one kind.

    Returns:
        For each person the number of the peak of each kind of point.
    """
    people: dict[tuple[int, int], dict[int, int]] = {}  # what each point belongs to
    for link in sorted(links, key=lambda link: (link.spare, -link.score)):
        one, other = (people.get(point, dict([point])) for point in (link.one, link.other))
        if one is other or one.keys() & other.keys():
            continue
        both = one | other
        people |= dict.fromkeys(both.items(), both)
    return list({id(person): person for person in people.values()}.values())


def _enlarged(maps: np.ndarray, factor: int) -> np.ndarray:
    """Maps [K, H, W] at `factor` times their height and width, cubic by OpenCV."""
    import cv2

    height, width = maps.shape[1:]
    size = (width * factor, height * factor)
    return np.stack([cv2.resize(one, size, interpolation=cv2.INTER_CUBIC) for one in maps])
