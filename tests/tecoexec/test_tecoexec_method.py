"""The method: inputs, windows, percentiles, verdicts, comparisons. No clock decides here."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.backends.base import Timings
from engine.spec import TensorSpec
from tecoexec.compare import interval
from tecoexec.inputs import WrongUseError, parse_ranges, parse_shapes, random_inputs, shapes_for
from tecoexec.measure import Measurement, Window, agree
from tecoexec.plot import nice_step, write_plot
from tecoexec.result import figures, percentile, reasons, table, verdict

IDS = TensorSpec("ids", "int64", ("batch", "length"))
PIXELS = TensorSpec("pixels", "float16", ("batch", 3, 4))
MASK = TensorSpec("mask", "bool", ("batch", 5))


def test_shapes_are_read_as_the_existing_binary_writes_them() -> None:
    assert parse_shapes("1*3*224*224,1*10") == [[1, 3, 224, 224], [1, 10]]


@pytest.mark.parametrize("text", ["", "1x3", "1*0", "1*-3", "1**3"])
def test_other_shapes_are_refused(text: str) -> None:
    with pytest.raises(WrongUseError, match="shapes are written as"):
        parse_shapes(text)


def test_ranges() -> None:
    assert parse_ranges(["ids=0:30521", "x=-1:0.5"]) == {"ids": (0, 30521), "x": (-1, 0.5)}
    for text in ("ids", "ids=3", "ids=a:b", "ids=5:1"):
        with pytest.raises(WrongUseError):
            parse_ranges([text])


def test_the_batch_comes_first_and_open_dimensions_from_the_flags() -> None:
    assert shapes_for([IDS, PIXELS], 6, [[1, 128], [1, 3, 4]]) == [[6, 128], [6, 3, 4]]
    assert shapes_for([PIXELS], 6, None) == [[6, 3, 4]]


@pytest.mark.parametrize(
    ("specs", "given", "words"),
    [
        ([IDS], None, "leaves dimension 'length' open"),
        ([IDS], [[1, 2, 3]], "has 2 dimensions"),
        ([IDS, PIXELS], [[1, 2]], "has 2 inputs"),
        ([PIXELS], [[1, 3, 5]], "takes 4 in dimension 2"),
        ([TensorSpec("x", "float32", (2, 3))], None, "fixed at batch 2"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(specs: list[TensorSpec], given: list[list[int]] | None, words: str) -> None:
    with pytest.raises(WrongUseError, match=words):
        shapes_for(specs, 6, given)


def test_inputs_lie_in_their_ranges_and_are_the_same_each_time() -> None:
    shapes = [[400, 8], [400, 3, 4], [400, 5]]
    ids, pixels, mask = random_inputs([IDS, PIXELS, MASK], shapes, {"ids": (2, 4), "pixels": (-3, -1)})
    assert (ids.dtype, pixels.dtype, mask.dtype) == (np.int64, np.float16, np.bool_)
    assert set(np.unique(ids)) == {2, 3, 4}
    assert -3 <= pixels.min() < pixels.max() <= -1
    assert mask.any()
    assert not mask.all()
    again = random_inputs([IDS, PIXELS, MASK], shapes, {"ids": (2, 4), "pixels": (-3, -1)})
    assert all(np.array_equal(one, other) for one, other in zip((ids, pixels, mask), again, strict=True))


def test_whole_numbers_need_a_range_and_ranges_need_an_input() -> None:
    with pytest.raises(WrongUseError, match="--range ids=0:"):
        random_inputs([IDS], [[1, 4]], {})
    with pytest.raises(WrongUseError, match="no input is called idz; there are: ids"):
        random_inputs([IDS], [[1, 4]], {"idz": (0, 1)})


def steady(seconds: float, latency: float, calls: int) -> Window:
    return Window(seconds, (latency,) * calls)


def test_three_windows_must_agree_in_throughput_and_in_latency() -> None:
    good = [steady(1, 0.010, 100), steady(1, 0.0105, 95), steady(1, 0.0101, 99)]
    assert agree(good)
    assert not agree(good[:2])
    assert not agree([*good[:2], steady(1, 0.010, 80)])
    assert not agree([*good[:2], steady(1, 0.012, 100)])


def test_percentiles_are_withheld_below_the_count_that_supports_them() -> None:
    values = [float(n) for n in range(1, 1001)]
    assert [percentile(values[:count], share) is None for count, share in ((63, 90), (64, 90))] == [True, False]
    assert [percentile(values[:count], share) is None for count, share in ((129, 95), (130, 95))] == [True, False]
    assert [percentile(values[:count], share) is None for count, share in ((661, 99), (662, 99))] == [True, False]
    assert [percentile(values, share) for share in (50, 90, 95, 99)] == [5e5, 9e5, 9.5e5, 9.9e5]
    assert percentile([0.25], 50) == 250


def test_figures_are_completed_samples_over_time_by_the_clock() -> None:
    found = Measurement(windows=[steady(2, 0.02, 100), steady(2, 0.04, 50)], warm_up_seconds=3, warm_up_calls=7)
    said = figures(found, batch=8)
    assert said["throughput"] == pytest.approx(150 * 8 / 4)
    assert said["inference_ms"] == pytest.approx(4000 / 150)
    assert (said["min_ms"], said["max_ms"], said["p50_ms"]) == pytest.approx((20, 40, 20))
    assert (said["p90_ms"], said["p95_ms"], said["p99_ms"]) == (pytest.approx(40), pytest.approx(40), None)
    assert (said["warm_up_seconds"], said["warm_up_calls"]) == (3, 7)


def test_the_verdict_stands_apart_and_names_its_reasons() -> None:
    quiet = {"others_cores": 0.1, "cores": 2}
    assert reasons(Measurement(stable=True, warm_up_stable=True), quiet) == []
    said = reasons(Measurement(), {"others_cores": 1.5, "cores": 2})
    assert [word in text for word, text in zip(("warm-up", "windows", "other processes"), said, strict=True)] == [
        True
    ] * 3
    assert reasons(Measurement(stable=True, warm_up_stable=True), {"others_cores": None, "cores": 2}) == []
    record = {"batch": 4, "figures": figures(Measurement([steady(1, 0.1, 10)]), 4), "reasons": said}
    assert verdict(record) == "UNSTABLE"
    withheld, untold = ["-"] * 3, ["-"] * 3
    expected = ["4", "40", "100", "100", *withheld, "100", "100", *untold, "UNSTABLE"]
    assert table([record]).splitlines()[1].split() == expected


def test_parts_of_a_call_are_medians_of_what_was_told() -> None:
    timings = (Timings(0.001, 0.010, None), Timings(0.002, 0.020, None), Timings(0.006, 0.012, None))
    said = figures(Measurement([Window(1, (0.03, 0.03, 0.03), timings)]), 1)
    assert (said["host_to_device_ms"], said["compute_ms"], said["device_to_host_ms"]) == (2.0, 12.0, None)


def test_timings_of_pieces_add_up_and_what_one_does_not_tell_is_not_told() -> None:
    assert Timings.total([Timings(1, 2, 3), Timings(4, 5, 6)]) == Timings(5, 7, 9)
    assert Timings.total([Timings(1, 2, 0.0), Timings(4, None, 6)]) == Timings(5, None, 6)


def test_a_comparison_says_no_difference_when_there_is_none() -> None:
    noise = np.random.default_rng(1).normal(0, 0.02, 12)
    assert interval(list(np.exp(noise))).verdict() == "no difference"
    assert interval(list(np.exp(noise + 0.1))).verdict() == "faster"
    assert interval(list(np.exp(noise - 0.1))).verdict() == "slower"
    assert interval(list(np.exp(noise + 0.1))).ratio == pytest.approx(np.exp(noise.mean() + 0.1))


def test_the_plot_is_a_picture(tmp_path) -> None:
    records = [{"batch": n, "figures": {"throughput": 100.0 * n, "p50_ms": 3.0 * n}} for n in (1, 4, 512)]
    for name, some in (("several", records), ("one", records[:1])):
        write_plot(tmp_path / f"{name}.png", some, "net on onnx")
        with Image.open(tmp_path / f"{name}.png") as image:
            assert image.format == "PNG"
            assert len(image.convert("RGB").getcolors(100_000) or []) > 4
    assert [nice_step(value) for value in (1.0, 4.9, 7549, 0)] == [0.2, 1, 2000, 1]
