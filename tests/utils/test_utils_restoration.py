"""Restored pictures: how they are read, and PSNR and SSIM against the definitions, written out here once more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.datasets.restoration import Noisy, RestorationPairs, noisy
from utils.datasets.samples.photo_pairs import write_photo_pairs
from utils.metrics.restoration import RestorationQuality, psnr, ssim
from zoo_core.errors import DataError


def picture(path: Path, height: int = 20, width: int = 24, seed: int = 0) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


def plain_ssim(one: np.ndarray, other: np.ndarray) -> float:
    """The definition, window by window."""
    places = np.arange(-5, 6)
    window = np.exp(-(places[:, None] ** 2 + places[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    found = []
    for top in range(one.shape[0] - 10):
        for left in range(one.shape[1] - 10):
            a, b = (plane[top : top + 11, left : left + 11] for plane in (one, other))
            mean_a, mean_b = (window * a).sum(), (window * b).sum()
            var_a, var_b = (window * (a - mean_a) ** 2).sum(), (window * (b - mean_b) ** 2).sum()
            cov = (window * (a - mean_a) * (b - mean_b)).sum()
            c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
            above = (2 * mean_a * mean_b + c1) * (2 * cov + c2)
            found.append(above / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)))
    return float(np.mean(found))


def test_psnr_of_a_constant_difference_is_known() -> None:
    one = np.full((12, 12), 100.0)
    assert psnr(one, one + 5) == pytest.approx(20 * np.log10(255 / 5))
    assert psnr(one, one) == 100.0


def test_two_runtimes_that_agree_are_counted_in_plain_numbers() -> None:
    """What numpy compares is a numpy bool, and their sum is no number that JSON knows."""
    assert type(psnr(np.zeros((2, 2)), np.ones((2, 2)))) is float


def test_ssim_is_that_of_the_definition() -> None:
    random = np.random.default_rng(3)
    one = random.uniform(0, 255, (17, 14))
    other = np.clip(one + random.normal(0, 20, one.shape), 0, 255)
    assert ssim(one, other) == pytest.approx(plain_ssim(one, other), abs=1e-12)
    assert ssim(one, one) == pytest.approx(1.0)


def test_colour_is_compared_by_its_luma_without_the_border(tmp_path: Path) -> None:
    true = picture(tmp_path / "a.png")
    restored = true.copy()
    restored[:2] = restored[-2:] = 0  # the border does not count
    restored[:, :2] = restored[:, -2:] = 0
    restored[5, 5] = (255, 0, 0)
    metric = RestorationQuality(border=2)
    metric.update([restored], [tmp_path / "a.png"])

    def luma(rgb: np.ndarray) -> np.ndarray:
        red, green, blue = (rgb[..., channel] / 255 for channel in range(3))
        return (16 + 65.481 * red + 128.553 * green + 24.966 * blue)[2:-2, 2:-2]

    error = np.mean((luma(restored) - luma(true)) ** 2)
    assert metric.compute()["psnr"] == pytest.approx(10 * np.log10(255**2 / error))


def test_a_true_picture_whose_sides_the_scale_does_not_divide_is_cut(tmp_path: Path) -> None:
    true = picture(tmp_path / "a.png", 21, 25)
    metric = RestorationQuality()
    metric.update([true[:20, :24]], [tmp_path / "a.png"])
    assert metric.compute() == {"psnr": 100.0, "ssim": pytest.approx(1.0)}


def test_counts_of_two_processes_are_joined(tmp_path: Path) -> None:
    paths = [tmp_path / f"{seed}.png" for seed in range(3)]
    restored = [np.clip(picture(path, seed=seed), 10, 200) for seed, path in enumerate(paths)]
    together, one, other = (RestorationQuality() for _ in range(3))
    together.update(restored, paths)
    one.update(restored[:1], paths[:1])
    other.update(restored[1:], paths[1:])
    one.merge(other.state())
    assert one.compute() == pytest.approx(together.compute())


@pytest.mark.parametrize("shape", [(24, 20, 3), (20, 24), (22, 24, 3)])
def test_a_picture_of_another_size_is_named_and_nothing_counted(tmp_path: Path, shape: tuple[int, ...]) -> None:
    true = picture(tmp_path / "a.png")
    metric = RestorationQuality()
    with pytest.raises(DataError, match=r"a\.png"):
        metric.update([true, np.zeros(shape, np.uint8)], [tmp_path / "a.png"] * 2)
    with pytest.raises(DataError, match="no picture was counted"):
        metric.compute()


def test_a_picture_smaller_than_the_window_is_a_sentence(tmp_path: Path) -> None:
    true = picture(tmp_path / "a.png", 13, 13)
    with pytest.raises(DataError, match="too few for a window"):
        RestorationQuality(border=2).update([true], [tmp_path / "a.png"])


def test_pairs_are_sorted_by_name(tmp_path: Path) -> None:
    for name in ("b", "a"):
        picture(tmp_path / "HR" / f"{name}.png")
        picture(tmp_path / "LR" / f"{name}.bmp", 10, 12)
    samples = RestorationPairs(tmp_path)
    assert [(one.id, one.data.name, one.truth.name) for one in samples[:]] == [
        ("a.png", "a.bmp", "a.png"),
        ("b.png", "b.bmp", "b.png"),
    ]


def test_without_a_recipe_there_has_to_be_a_counterpart_of_each(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder HR"):
        RestorationPairs(tmp_path)
    picture(tmp_path / "HR" / "a.png")
    with pytest.raises(DataError, match="no folder LR"):
        RestorationPairs(tmp_path)
    picture(tmp_path / "LR" / "b.png")
    with pytest.raises(DataError, match="a is in one of the folders"):
        RestorationPairs(tmp_path)


def test_noise_comes_from_the_seed_and_is_not_clipped(tmp_path: Path) -> None:
    picture(tmp_path / "HR" / "a.png")
    assert RestorationPairs(tmp_path, sigma=25.0)[0].data == Noisy(tmp_path / "HR" / "a.png", 25.0)
    grey = np.zeros((64, 64), np.uint8)
    made = noisy(grey, 25.0, 0)
    assert made.dtype == np.float32
    assert np.array_equal(made, np.random.default_rng(0).normal(0, 25, (64, 64)).astype(np.float32))
    assert made.min() < 0


def test_two_files_that_differ_in_their_suffix_only_are_refused(tmp_path: Path) -> None:
    picture(tmp_path / "HR" / "a.png")
    picture(tmp_path / "HR" / "a.bmp")
    with pytest.raises(DataError, match="one truth cannot be of both"):
        RestorationPairs(tmp_path, sigma=1.0)


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_sample_pairs_fit_their_scale(tmp_path: Path, scale: int) -> None:
    write_photo_pairs(tmp_path / "made", scale)
    samples = RestorationPairs(tmp_path / "made", sigma=1.0 if scale == 1 else None)
    assert len(samples) == 8
    for sample in samples:
        true = Image.open(sample.truth)
        seen = Image.open(sample.data.path if scale == 1 else sample.data)
        assert true.size == (seen.width * scale, seen.height * scale)
