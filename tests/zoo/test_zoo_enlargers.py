"""Networks that enlarge pictures: their sizes, and the names of the authors' weights."""

from __future__ import annotations

import pytest

from zoo import catalogue

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("family", "name", "parameters"),
    [
        # counted by hand from the papers' tables of layers
        # d 56, s 12, m 4 and the scale make 12,464 weights in the paper; biases and PReLUs are beside them
        ("fsrcnn", "fsrcnn_x3", 12_464 + 2 * (56 + 12 + 4 * 12 + 56) + 1),
        # the authors' own counts, and what the two shifts of colour hold
        ("edsr", "edsr_baseline_x2", 1_369_859 + 24),
        ("edsr", "edsr_x4", 43_089_923 + 24),
    ],
)
def test_networks_have_as_many_parameters_as_published(family: str, name: str, parameters: int) -> None:
    with torch.device("meta") if family != "edsr" else torch.device("cpu"):
        network = catalogue.load(f"super_resolution/{family}").build(name)
    assert sum(one.numel() for one in network.parameters()) == parameters


@pytest.mark.parametrize("name", ["fsrcnn_x2", "fsrcnn_x3", "fsrcnn_x4"])
def test_the_output_is_larger_by_the_scale(name: str) -> None:
    scale = int(name[-1])
    network = catalogue.load(f"super_resolution/{name[:-3]}").build(name).eval()
    assert network(torch.rand(2, 1, 7, 9)).shape == (2, 1, 7 * scale, 9 * scale)


def test_edsr_takes_the_mean_colour_off_and_puts_it_on_again() -> None:
    """With a body that says nothing, what is left is the path of the colours."""
    network = catalogue.load("super_resolution/edsr").build("edsr_tiny_x2").eval()
    mean = torch.tensor([0.4488, 0.4371, 0.4040])[None, :, None, None]
    shifted = network.sub_mean(mean * 255)
    assert shifted.abs().max() < 1e-4
    assert torch.allclose(network.add_mean(shifted) / 255, mean)
    assert {"sub_mean.weight", "head.0.weight", "body.0.body.2.bias", "tail.0.0.weight", "tail.1.bias"} <= set(
        network.state_dict()
    )
