"""LeNet-5 on handwritten digits."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.datasets.references import LISTINGS, mnist
from zoo.family import Family
from zoo.frameworks.torch_file import read_state
from zoo.libraries.digit_reader import digit_reader
from zoo.loading import beside
from zoo.model import Model, Pretrained, Published, ReferenceData


def build(variant: str) -> Any:
    """[N, 1, 32, 32] float32 to [N, 10] logits: the layers of LeNet-5, with ReLU and maximum pooling."""
    from collections import OrderedDict

    from torch import nn

    if variant == "lenet_binary":
        return beside(__file__, "binary").network()
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 6, 5),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(6, 16, 5),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(16 * 5 * 5, 120),
            relu3=nn.ReLU(),
            fc2=nn.Linear(120, 84),
            relu4=nn.ReLU(),
            fc3=nn.Linear(84, 10),
        )
    )


def convert(path: Path) -> dict[str, Any]:
    """The state dict of csinva's LeNet-5 in the names of this one. Its third convolution sees its whole input, and is
    the first linear layer here."""
    state = read_state(path)
    names = {
        "convnet.c1": "conv1",
        "convnet.c3": "conv2",
        "convnet.c5": "fc1",
        "fc.f6": "fc2",
        "fc.f7": "fc3",
    }
    found = {}
    for name, tensor in state.items():
        layer, _, kind = name.rpartition(".")
        found[f"{names[layer]}.{kind}"] = tensor.flatten(1) if tensor.ndim == 4 and layer == "convnet.c5" else tensor
    return found


REPOSITORY = "csinva/gan-vae-pretrained-pytorch/9b6401e122fa186a3a57f97c5df57e3603121fba"
PUBLISHED = {
    "lenet": Published("top1", 0.9905, "the paper, MNIST test set (0.95 % errors), not these digits"),
    "lenet_mnist": Published("top1", 0.991, f"in the name of the file, {REPOSITORY}, MNIST test set", decimals=3),
}
PRETRAINED = {
    "lenet_mnist": Pretrained(
        f"https://raw.githubusercontent.com/{REPOSITORY}"
        "/mnist_classifier/weights/lenet_epoch%3D12_test_acc%3D0.991.pth",
        0.25,
        "7b3591ba5a63752a7e728d7f7e511266556a2ec66844810da9f475e07019b85e",
        licence="MIT by a badge in the source's readme; there is no licence file",
        convert=convert,
    ),
}
MNIST = ReferenceData(
    "mnist_test",
    "MNIST, test",
    LISTINGS / "mnist_test.tsv",
    mnist.arrange,
    "none stated in the repository that carries it",
    10_000,
)


def model(variant: str) -> Model:
    """What is known of a variant: lenet_mnist was trained on MNIST by its author, whose pixels stay between 0 and 1."""
    centre, scale = (0.0, 1.0) if variant == "lenet_mnist" else (0.5, 0.5)
    return digit_reader(
        centre,
        scale,
        build=partial(build, variant),
        source="written for this repository after the paper",
        paper="LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998"
        + ("; weights: Rastegari et al., XNOR-Net, 2016" if variant == "lenet_binary" else ""),
        pretrained=PRETRAINED.get(variant),
        published=PUBLISHED.get(variant),
        reference=MNIST if variant == "lenet_mnist" else None,
    )


MODEL = Family(
    domain="classification",
    name="lenet",
    title="LeNet-5",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("lenet", "lenet_mnist", "lenet_binary"),
    make=model,
)
