"""Real-ESRGAN: the authors' count and names of parameters, and random weights that draw something."""

from __future__ import annotations

import pytest
from PIL import Image

from zoo import catalogue
from zoo_core.errors import DataError

torch = pytest.importorskip("torch")
FAMILY = catalogue.load("super_resolution/real_esrgan")


def test_the_network_has_as_many_parameters_as_published() -> None:
    assert sum(one.numel() for one in FAMILY.build("real_esrgan_x4plus").parameters()) == 16_697_987


@pytest.mark.parametrize(("name", "scale"), [("real_esrgan_x4_tiny", 4), ("real_esrgan_x2plus", 2)])
def test_the_output_is_larger_by_the_scale(name: str, scale: int) -> None:
    with torch.inference_mode():
        assert FAMILY.build(name).eval()(torch.rand(1, 3, 6, 8)).shape == (1, 3, 6 * scale, 8 * scale)


@pytest.mark.parametrize("size", [(7, 8), (8, 7)])
def test_a_picture_with_an_odd_side_is_told_where_pixels_become_channels(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size)
    (array,), _ = FAMILY.variant("real_esrgan_x4_tiny").task.preprocess(picture)
    assert array.shape == (3, *size[::-1])
    with pytest.raises(DataError, match="multiples of 2"):
        FAMILY.variant("real_esrgan_x2plus").task.preprocess(picture)


def test_random_weights_draw_something() -> None:
    torch.manual_seed(0)
    with torch.inference_mode():
        drawn = FAMILY.build("real_esrgan_x4_tiny").eval()(torch.rand(1, 3, 16, 16))
    assert ((drawn > 0) & (drawn < 1)).float().mean() > 0.5
    assert drawn.std() > 0.02


def test_real_esrgan_has_the_names_of_the_authors_files() -> None:
    names = set(FAMILY.build("real_esrgan_x4_tiny").state_dict())
    ends = {"conv_first", "conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last"}
    steps = {f"body.{block}.rdb{dense}.conv{step}" for block in (0, 1) for dense in (1, 2, 3) for step in range(1, 6)}
    assert names == {f"{name}.{kind}" for name in ends | steps for kind in ("weight", "bias")}
