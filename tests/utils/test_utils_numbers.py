"""Numbers out of texts and JSON: what Python calls a digit is not always one that it can read."""

from __future__ import annotations

from typing import Any

import pytest

from tecoexec.tecoexec import _option
from zoo.contributing.check.selection import shard
from zoo_core.numbers import is_finite, is_whole


@pytest.mark.parametrize(
    ("text", "whole"),
    [("0", True), ("007", True), ("123456789", True), ("1234567890", False), ("9" * 5000, False), ("", False)]
    + [(text, False) for text in ("²", "٣", "１", "-1", "+1", " 1", "1_0", "1.0", "x")],
)
def test_whole_numbers(text: str, whole: bool) -> None:
    assert is_whole(text) is whole
    assert not whole or int(text) >= 0


@pytest.mark.parametrize(
    ("value", "finite"),
    [(0, True), (-1.5, True), (10**400, False), (float("nan"), False), (float("inf"), False), (True, False)]
    + [(value, False) for value in (None, "1", [1], {})],
)
def test_finite_numbers(value: Any, finite: bool) -> None:
    assert is_finite(value) is finite


@pytest.mark.parametrize(
    ("text", "value"), [("a=5", 5), ("a=-5", -5), ("a=²", "²"), ("a=--5", "--5"), ("a=" + "9" * 5000, "9" * 5000)]
)
def test_an_option_of_tecoexec(text: str, value: int | str) -> None:
    assert _option(text) == ("a", value)


@pytest.mark.parametrize("text", ["²/3", "1/" + "9" * 5000, "1", "0/2", "3/2"])
def test_a_share_that_is_none(text: str) -> None:
    with pytest.raises(Exception, match="i/n, such as 1/4"):
        shard(text)
