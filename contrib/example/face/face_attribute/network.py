"""FaceAttribute: a ResNet, and a linear layer for each attribute. Imported by `model.build`, since it needs torch."""

from collections.abc import Sequence

from torch import Tensor, nn

from zoo.libraries.narrow_resnet import Shape, resnet


class FaceAttribute(nn.Module):
    """[N, 3, H, W] float32 to logits [N, classes] of each attribute."""

    def __init__(self, shape: Shape, classes: Sequence[int]) -> None:
        super().__init__()
        self.backbone = resnet(shape)
        self.heads = nn.ModuleList([nn.Linear(shape.channels[-1], count) for count in classes])

    def forward(self, faces: Tensor) -> tuple[Tensor, ...]:
        seen = self.backbone(faces)
        return tuple(head(seen) for head in self.heads)
