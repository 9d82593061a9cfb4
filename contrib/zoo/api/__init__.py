"""A model in a line of somebody's own program: `net = load("ocr/ppocr")`, `net("photo.jpg")`."""

from .load import load
from .net import Net
from .result import Result

__all__ = ["Net", "Result", "load"]
