"""FaceQualityAssessment: a ResNet of four residual blocks says how a head is turned, and from its maps a way up says
where five points are. Imported by `model.build` only, since it needs torch."""

from torch import Tensor, nn

from utils.postprocess.pytorch.face_quality import ANGLES, POINTS
from zoo.libraries.narrow_resnet import Shape, resnet, stages


class FaceQuality(nn.Module):
    """[N, 3, H, W] float32 to angles [N, 3], of which 1 is 90 degrees, and logits [N, 5, H / 2, W / 2] of points.

    On the way up each map is enlarged twofold and added to that of the stage below, both with `width` channels.
    """

    def __init__(self, shape: Shape, width: int) -> None:
        super().__init__()
        self.backbone = resnet(shape)
        self.angles = nn.Linear(shape.channels[-1], ANGLES)
        self.across = nn.ModuleList([nn.Conv2d(channels, width, 1) for channels in shape.channels])
        self.up = nn.Upsample(scale_factor=2.0, mode="nearest")
        self.mix = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), self.up
        )
        self.points = nn.Conv2d(width, POINTS, 3, padding=1)

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        found = stages(self.backbone, faces)
        ways = [way(maps) for way, maps in zip(self.across, found, strict=True)]
        seen = ways.pop()
        for way in reversed(ways):
            seen = way + self.up(seen)
        return self.angles(found[-1].mean((2, 3))), self.points(self.mix(seen))
