"""zoo demo: a page of what networks say of their demo files; one that cannot be shown hides no other."""

import html
import re
from pathlib import Path

import pytest

from zoo.__main__ import main as zoo


def test_a_page_of_pictures_and_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert zoo(["demo", "classification/lenet", "nothing/here", "--output", str(tmp_path)]) == 1
    assert "failed: nothing/here: " in capsys.readouterr().err
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    pictures = re.findall(r'<img alt="" src="([^"]+)"', text)
    assert len(pictures) == 10
    assert all((tmp_path / html.unescape(name)).is_file() for name in pictures)
    assert "digit_0.png</small><br>0 (1.000)" in text
    assert "weights trained on" in text
    assert "<h2>nothing/here</h2><p>Not shown: " in text
