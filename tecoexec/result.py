"""What a measurement says: throughput, percentiles that the count supports, and a verdict apart from the figures."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .host import BUSY
from .measure import AGREE, WINDOWS, Measurement

# Calls below which a percentile says nothing: the 99th needs 662, and so on.
PERCENTILES = {50: 1, 90: 64, 95: 130, 99: 662}
# The parts of a call that a runtime may tell apart, by their names in the engine's timings.
PARTS = ("host_to_device", "compute", "device_to_host")
COLUMNS = (
    *("batch", "throughput", "mean_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "min_ms", "max_ms"),
    *(f"{part}_ms" for part in PARTS),
    "verdict",
)


def figures(found: Measurement, batch: int) -> dict[str, Any]:
    """Samples a second and latencies in milliseconds; None for a percentile with too few calls.

    The parts of a call are medians, and None where the runtime does not tell them.
    """
    latencies = sorted(found.latencies())
    rate = len(latencies) / found.seconds()
    return {
        "throughput": rate * batch,
        "inference_ms": 1e3 / rate,
        "mean_ms": sum(latencies) / len(latencies) * 1e3,
        **{f"p{share}_ms": percentile(latencies, share) for share in PERCENTILES},
        "min_ms": latencies[0] * 1e3,
        "max_ms": latencies[-1] * 1e3,
        **{f"{part}_ms": statistics.median(told) * 1e3 if (told := found.told(part)) else None for part in PARTS},
        "calls": len(latencies),
        "seconds": found.seconds(),
        "warm_up_seconds": found.warm_up_seconds,
        "warm_up_calls": found.warm_up_calls,
    }


def percentile(latencies: Sequence[float], share: int) -> float | None:
    """The nearest-rank percentile of sorted seconds in milliseconds, or None where the count does not support it."""
    if len(latencies) < PERCENTILES[share]:
        return None
    return latencies[max(-(-share * len(latencies) // 100) - 1, 0)] * 1e3


def reasons(found: Measurement, load: dict[str, Any]) -> list[str]:
    """Why the figures should not be relied on; empty when they are VALID."""
    said = []
    if not found.warm_up_stable:
        said.append(f"warm-up did not become stable within {found.warm_up_seconds:.1f} s")
    if not found.stable:
        said.append(f"the last {WINDOWS} windows differ by more than {AGREE:.0%} in throughput or latency")
    others = load["others_cores"]
    if others is not None and others > BUSY * load["cores"]:
        said.append(f"other processes used {others:.1f} of {load['cores']} cores meanwhile")
    return said


def verdict(record: dict[str, Any]) -> str:
    """VALID or UNSTABLE."""
    return "UNSTABLE" if record["reasons"] else "VALID"


def row(record: dict[str, Any]) -> list[str]:
    """One result as cells of COLUMNS."""
    values = [record["batch"], *(record["figures"][name] for name in COLUMNS[1:-1]), verdict(record)]
    return ["-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value) for value in values]


def table(records: Sequence[dict[str, Any]]) -> str:
    """The results, one a line, in columns."""
    rows = [list(COLUMNS), *(row(record) for record in records)]
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(COLUMNS))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)) for cells in rows)


def write_csv(path: Path, records: Sequence[dict[str, Any]]) -> None:
    """The columns of the table, and the reasons."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, "reasons"])
        writer.writerows([*row(record), "; ".join(record["reasons"])] for record in records)
