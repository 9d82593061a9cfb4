"""pytorchcv's ImageNet classifiers: names, preprocessing, and the networks with their published weights.

Its table of weights states a SHA-1 of each file, which comes in a zip archive, and a top-5 error.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from zoo.model import Model, Pretrained, Published
from zoo_core.files import installed_file

from .classifier import classifier
from .names import Facts, facts

LIBRARY = "pytorchcv"
FRAMEWORK = "pytorch"
_LICENCE = "MIT"
_TABLE = "pytorchcv/models/common/model_metainfos.csv"
_RELEASES = "https://github.com/osmr/imgclsmob/releases/download"
_SOURCE = "pytorchcv's own table (1 minus its error), ImageNet val, https://github.com/osmr/imgclsmob"


def entries() -> Iterator[tuple[str, Facts]]:
    """Every name with its facts, from the installed library; `any_size` is not among them."""
    for name, row in _table().items():
        if not row["img_size"].isdigit():
            continue  # the table has names whose input nobody has settled
        size = int(row["img_size"])
        yield (
            name,
            Facts(
                size=size,
                # the package states the proportion only; its authors round the resize up
                resize=math.ceil(size / float(row["img_scale"])),
                licence=_LICENCE if _has_weights(row) else "",
                published=round(1 - int(row["error_value"]) / 10000, 5) if _has_weights(row) else None,
            ),
        )


@lru_cache(maxsize=2)
def _table(data: str = "in1k") -> dict[str, dict[str, str]]:
    """The rows of the networks for a data set by name, ImageNet's classifiers by default. The package is not
    imported."""
    with Path(installed_file(LIBRARY, _TABLE)).open(encoding="utf-8", newline="") as file:
        return {row["model_name"]: row for row in csv.DictReader(file) if row["test_dataset"] == data}


def _has_weights(row: dict[str, str]) -> bool:
    return row["error_value"].isdigit()


def precision(variant: str, data: str) -> float:
    """The average precision, 0 to 1, that the library's table states of a network for keypoints.

    It stands in the column of errors, where a classifier's row has what it misses.
    """
    return int(_table(data)[variant]["error_value"]) / 10000


def pretrained(variant: str, data: str = "in1k") -> Pretrained | None:
    """The published weights: the archive's address, the file in it and its digest. None where there are none.

    Args:
        data: the data set that the network is for, as the library's table calls it.
    """
    row = _table(data)[variant]
    if not _has_weights(row):
        return None
    name = f"{variant}-{int(row['error_value']):04d}-{row['checksum'][:8]}.pth"
    url = f"{_RELEASES}/{row['repo_release_tag']}/{name}.zip"
    return Pretrained(
        url, megabytes=4e-6 * int(row["net_weights"]), sha1=row["checksum"], member=name, licence=_LICENCE
    )


def network(variant: str, state: dict[str, Any] | None = None) -> Any:
    """The network of a variant with `state` loaded as pytorchcv loads it, which passes over what it does not know."""
    from pytorchcv.model_provider import get_model

    made = get_model(variant, pretrained=False)
    if state is not None:
        own = made.state_dict()
        made.load_state_dict({name: value for name, value in state.items() if name in own})
    return made


def model(variant: str, **changes: Any) -> Model:
    """The description of a variant; `changes` replace fields of it, such as the paper."""
    said = facts(LIBRARY, variant)
    described: dict[str, Any] = {
        "build": partial(network, variant),
        "restore": partial(network, variant),
        "source": "pytorchcv",
        "licence": f"{_LICENCE} (pytorchcv, code and weights)",
        "pretrained": partial(pretrained, variant),
        "published": Published("top5", said.published, _SOURCE) if said.published else None,
    }
    return classifier(said, **(described | changes))
