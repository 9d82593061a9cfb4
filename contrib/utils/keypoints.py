"""The points of a body: their names, which are each other's mirror image, and how exactly people place them."""

import numpy as np

# COCO's 17 points in its order, and the deviation with which annotators place each, relative to the person's size
# (cocodataset.org/#keypoints-eval)
COCO = {
    "nose": 0.026,
    "left_eye": 0.025,
    "right_eye": 0.025,
    "left_ear": 0.035,
    "right_ear": 0.035,
    "left_shoulder": 0.079,
    "right_shoulder": 0.079,
    "left_elbow": 0.072,
    "right_elbow": 0.072,
    "left_wrist": 0.062,
    "right_wrist": 0.062,
    "left_hip": 0.107,
    "right_hip": 0.107,
    "left_knee": 0.087,
    "right_knee": 0.087,
    "left_ankle": 0.089,
    "right_ankle": 0.089,
}
_OTHER = 0.05  # of points that COCO does not have
BONES = (
    *(("nose", f"{side}_eye") for side in ("left", "right")),
    *((f"{side}_eye", f"{side}_ear") for side in ("left", "right")),
    *(
        (f"{side}_{one}", f"{side}_{other}")
        for side in ("left", "right")
        for one, other in (
            ("shoulder", "elbow"),
            ("elbow", "wrist"),
            ("shoulder", "hip"),
            ("hip", "knee"),
            ("knee", "ankle"),
        )
    ),
    ("left_shoulder", "right_shoulder"),
    ("left_hip", "right_hip"),
)

# OpenPose's 18 points in its order: COCO's, and the neck, which is the middle between the shoulders
OPENPOSE = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
    "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye", "left_eye",
    "right_ear", "left_ear",
)  # fmt: skip
# Its limbs, from a point to a point, in the order of its part affinity fields
OPENPOSE_LIMBS = (
    ("neck", "right_hip"), ("right_hip", "right_knee"), ("right_knee", "right_ankle"),
    ("neck", "left_hip"), ("left_hip", "left_knee"), ("left_knee", "left_ankle"),
    ("neck", "right_shoulder"), ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"),
    ("right_shoulder", "right_ear"),
    ("neck", "left_shoulder"), ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
    ("left_shoulder", "left_ear"),
    ("neck", "nose"), ("nose", "right_eye"), ("nose", "left_eye"), ("right_eye", "right_ear"), ("left_eye", "left_ear"),
)  # fmt: skip

# Those that only join what others have joined: the shoulders know their ears by neck, nose and eyes
OPENPOSE_SPARE = (("right_shoulder", "right_ear"), ("left_shoulder", "left_ear"))


def coco_points() -> tuple[str, ...]:
    """The names of COCO's points in its order."""
    return tuple(COCO)


def deviations(names: tuple[str, ...]) -> np.ndarray:
    """float64 [K]: COCO's for its points, and 0.05 for others."""
    return np.array([COCO.get(name, _OTHER) for name in names])


def mirrored(names: tuple[str, ...]) -> np.ndarray:
    """int64 [K]: which point of a mirrored person each is: left_… and right_… of a name change places."""
    swapped = {"left": "right", "right": "left"}
    other = ["_".join(swapped.get(word, word) for word in name.split("_")) for name in names]
    return np.array([names.index(one) if one in names else place for place, one in enumerate(other)], np.int64)
