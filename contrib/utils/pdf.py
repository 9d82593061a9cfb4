"""Pages of a PDF as pictures, by pypdfium2 where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoo_core.errors import DataError, UnreadableError, first_line

_DOTS = 200  # an inch: print of 8 points is 22 pixels high
_MOST = 6000  # pixels of the longer side, of a poster


def pages(path: Path, folder: Path) -> Iterator[Path | DataError]:
    """Yield a picture (PNG in `folder`) of each page, or why a page cannot be drawn; one page is in memory at a time.

    Args:
        path: the PDF.
        folder: where the pictures go.

    Raises:
        DataError: pypdfium2 is missing, or there is no page.
        UnreadableError: it is no PDF, is damaged, or asks for a password.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise DataError(
            f"{path}: pages of a PDF need pypdfium2 (pip install pypdfium2); or give pictures of the pages."
        ) from error
    try:
        document = pypdfium2.PdfDocument(path)
        count = len(document)
    except Exception as error:
        # pypdfium2 raises its own errors, and what Python raises of files
        raise UnreadableError(f"{path}: this PDF cannot be read: {first_line(error)}") from error
    try:
        if not count:
            raise DataError(f"{path}: there is no page in this PDF.")
        for number in range(count):
            try:
                yield _drawn(document[number], folder / f"{path.stem}_{number + 1}.png")
            except Exception as error:
                yield UnreadableError(f"{path}, page {number + 1}: it cannot be drawn: {first_line(error)}")
    finally:
        document.close()


def _drawn(page: Any, file: Path) -> Path:
    try:
        scale = min(_DOTS / 72, _MOST / max(page.get_size()))
        page.render(scale=scale).to_pil().convert("RGB").save(file)
    finally:
        page.close()
    return file
