"""Object detection in two stages: the first proposes regions, the second says what is in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from utils.postprocess.pytorch.two_stage import Proposer, RegionDecoder
from utils.roi_align import pooled_regions, powers_of
from zoo.task import Run, as_list

from .padded_detection import PaddedDetection


@dataclass(frozen=True, kw_only=True)
class TwoStageDetection(PaddedDetection):
    """The first part takes pictures, and gives the maps that regions are pooled from, then for every map of the pyramid
    the scores, and then the offsets, of its anchors. The second one takes pooled regions.

    proposer: makes regions of scores and offsets.
    """

    decoder: RegionDecoder
    proposer: Proposer

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """Logits [R, classes] and offsets [R, 4 * classes] of all regions, the regions [R, 4], and how many of them
        each picture has [N]. The second part is called for a picture at a time, which bounds the memory."""
        propose, classify = parts.values()
        return self.stages(propose, classify, arrays)[0]

    def stages(
        self, propose: Run, classify: Run, arrays: list[np.ndarray]
    ) -> tuple[list[np.ndarray], list[np.ndarray], list[int]]:
        """What `run` gives; and the maps that regions are pooled from, with the resolution of each (`powers_of`)."""
        images, sizes = arrays
        found = as_list(propose([images]))
        levels = len(self.proposer.sizes)
        maps, scores, deltas = found[: -2 * levels], found[-2 * levels : -levels], found[-levels:]
        regions = self.proposer(scores, deltas, sizes, (images.shape[2], images.shape[3]))
        powers = powers_of(maps, int(sizes[:, 0].max()))
        wide = len(self.decoder.classes)
        said = [[np.empty((0, wide), np.float32), np.empty((0, 4 * wide), np.float32)]]
        for number, boxes in enumerate(regions):
            if len(boxes):
                said.append(as_list(classify([pooled_regions([one[number] for one in maps], boxes, powers)])))
        logits, offsets = (np.concatenate(column) for column in zip(*said, strict=True))
        counts = np.array([len(boxes) for boxes in regions], np.int64)
        return [logits, offsets, np.concatenate(regions), counts], maps, powers
