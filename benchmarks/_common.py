"""What the benchmarks share: pictures, networks, and measuring in turns."""

from __future__ import annotations

import math
import os
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "contrib"))
sys.path.insert(0, str(ROOT))

from tecoexec.host import Load  # noqa: E402
from zoo.catalogue import load  # noqa: E402
from zoo.compressing.compress import CompressOptions, compress  # noqa: E402
from zoo.exporting.export import ExportOptions, export  # noqa: E402
from zoo.exporting.int8 import PORTABLE_BITS  # noqa: E402
from zoo.model import Model  # noqa: E402
from zoo.running.setting import Setting  # noqa: E402
from zoo_core.errors import ZooCoreError, first_line  # noqa: E402
from zoo_core.machine import cores, products_overflow  # noqa: E402

PICTURES, SIZE, QUALITY = 260, (500, 375), 90
DISTURBED = 0.15  # cores that other processes may use in a round that counts as quiet
CLASSES = {"china": "n03877845", "flower": "n11939491"}


def write_pictures(folder: Path, count: int = PICTURES) -> Path:
    """`count` JPEGs of 500 x 375 pixels in two class folders: windows of two photographs, every one another window.

    Beyond 260, names repeat the same content by hard links.
    """
    from PIL import Image
    from sklearn.datasets import load_sample_images

    data = load_sample_images()
    originals = {
        Path(name).stem: Image.fromarray(image) for name, image in zip(data.filenames, data.images, strict=True)
    }
    for number in range(count):
        name = list(CLASSES)[number % 2]
        path = folder / CLASSES[name] / f"{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number >= PICTURES:
            first = number % PICTURES
            os.link(folder / CLASSES[name] / f"{first:05d}.jpg", path)
            continue
        picture = originals[name]
        left, top = number * 7 % 140, number * 3 % 52
        picture.crop((left, top, left + 500, top + 375)).save(path, quality=QUALITY)
    return folder


def network(name: str, folder: Path) -> tuple[Model, Path]:
    """A torchvision classifier with random, but lively weights as a model of the zoo, and its dynamic ONNX file."""

    def build() -> Any:
        import torchvision

        return getattr(torchvision.models, name)(weights=None)

    model = replace(load("classification/resnet").variant(), variant=name, build=build)
    return model, export(model, folder, ExportOptions("random")).dynamic


def add_int8(model: Model, folder: Path, targets: Sequence[str]) -> list[str]:
    """Have `zoo compress` put an int8 file beside an export, as near to whole as there is a way.

    Of two ways to find ranges, the one that leaves fewer nodes in float32 is kept. The file holds on all targets, where
    there is such a one, else on the first. Weights have 8 bits where the processor's sums bear that.

    Returns:
        What could not be made, and why; a sentence each.
    """
    bits, missing = PORTABLE_BITS if products_overflow() else 8, []
    for judges in dict.fromkeys([tuple(targets), tuple(targets[:1])]):
        kept: dict[str, int] = {}
        setting = Setting(model, folder=folder, target=judges[0])
        ways = {
            method: CompressOptions(calibration=method, weight_bits=bits, also=judges[1:])
            for method in ("percentile", "minmax")
        }
        for method, options in ways.items():
            try:
                kept[method] = len(compress(setting, options).kept)
            except ZooCoreError as error:
                missing.append(f"int8 ({method}) for {', '.join(judges)}: {first_line(error)}")
            if kept.get(method) == 0:
                return missing
        if kept:
            best, last = min(kept, key=kept.__getitem__), list(kept)[-1]
            if kept[best] < kept[last]:  # whose file is there now
                compress(setting, ways[best])
            return missing
    return missing


@dataclass
class Turns:
    """The figures of every job, a round each, and how many cores others used in that time, and nobody did."""

    figures: dict[str, list[float]]
    others: dict[str, list[float]]
    idle: dict[str, list[float]]

    def ratios(self, over: str, under: str, *, quiet: bool = False) -> list[float]:
        """One job's figure over another's, a round each; only the rounds that nobody else disturbed when `quiet`."""
        pairs = zip(self.figures[over], self.figures[under], strict=True)
        busy = [max(both) > DISTURBED for both in zip(self.others[over], self.others[under], strict=True)]
        return [one / other for (one, other), bad in zip(pairs, busy, strict=True) if not (quiet and bad)]

    def show(self, unit: str) -> None:
        """The medians, one a line."""
        for name, values in self.figures.items():
            print(
                f"  {name}: {statistics.median(values):.4g} {unit} (from {min(values):.4g} to {max(values):.4g}); "
                f"others used {statistics.median(self.others[name]):.2f} cores, "
                f"{statistics.median(self.idle[name]):.2f} were idle"
            )


def in_turns(rounds: int, jobs: Mapping[str, Callable[[], float]]) -> Turns:
    """Every job once a round, in changing order."""
    found = Turns({name: [] for name in jobs}, {name: [] for name in jobs}, {name: [] for name in jobs})
    for number in range(rounds):
        for name in list(jobs) if number % 2 == 0 else list(jobs)[::-1]:
            with Load() as load:
                found.figures[name].append(jobs[name]())
            found.others[name].append(load.others_cores or 0.0)
            found.idle[name].append(load.idle_cores or 0.0)
    return found


def claim(
    found: Turns, over: str, under: str, *, low: float = 0.0, high: float = math.inf, share: float = 1.0, name: str = ""
) -> bool:
    """Print the median ratio of two jobs, times `share`, and whether it lies between `low` and `high`.

    Where at least three rounds were undisturbed, these decide; else all of them do, and the line says so.
    """
    everything, quiet = (found.ratios(over, under, quiet=only) for only in (False, True))
    decides = quiet if len(quiet) >= 3 else everything
    value = statistics.median(decides) * share
    which = (
        f"{len(quiet)} quiet rounds" if decides is quiet else f"{len(everything)} rounds, {len(quiet)} of them quiet"
    )
    wanted = f"at least {low:g}" if high == math.inf else f"{low:g} to {high:g}" if low else f"at most {high:g}"
    holds = low <= value <= high
    text = name or f"{over} / {under}"
    print(f"  {text}: {value:.3f} over {which} (claim: {wanted}): {'holds' if holds else 'DOES NOT HOLD'}")
    return holds


def by_processor_time(rates: list[float], bounds: list[float]) -> None:
    """Print one rate over another, both in images a second of processor time, which others cannot take away.

    It says how much a core's time is worth, and not whether all cores were used.
    """
    value = statistics.median(rates) / statistics.median(bounds)
    print(f"  the same by processor time, which others cannot take away: {value:.3f}")


def machine() -> None:
    """One line about the circumstances."""
    print(f"{cores()} cores, load average {os.getloadavg()[0]:.1f} before the run")
