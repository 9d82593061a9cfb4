"""Metrics of finding and reading text: the end-to-end protocol of ICDAR 2015."""

from typing import Any

from utils.metrics.text_detection import TextDetectionMetric

# Characters that may be missing at the ends of a read text
ENDS = "!?.:,*\"()·[]/'"


class TextReadingMetric(TextDetectionMetric):
    """As `TextDetectionMetric`, where a pair counts as right only if the text is read rightly.

    Capitals do not count, nor do marks at the beginning and the end that are in the true text and missing in the read
    one.
    """

    def _is_right(self, found: Any, true: Any) -> bool:
        return same_text(found.text, true.text)


def same_text(read: str, true: str) -> bool:
    """Whether a read text is the true one.

    Args:
        read: what was read.
        true: what stands there.
    """
    read, true = read.upper(), true.upper()
    begin, end = true[:1] if true[:1] in ENDS else "", true[-1:] if true[-1:] in ENDS else ""
    forms = {true, true.removeprefix(begin), true.removesuffix(end), true.removeprefix(begin).removesuffix(end)}
    return read in forms
