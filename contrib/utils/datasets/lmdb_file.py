"""Reading LMDB databases, every page checked: a damaged or cut-off one is an error, and never the end of the process.

The lmdb library maps the file into memory and trusts what is in it; a page that is not there ends the process. Looking
a key up takes little, so that it is done here. The format is that of LMDB 0.9 on 64-bit little-endian machines: pages
of a fixed size, the first two of which say where the tree begins; branch pages lead to leaf pages, whose nodes hold a
key and its value, or the number of the pages that hold a long value.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import NamedTuple

from zoo_core.errors import UnreadableError

_MAGIC, _VERSION = 0xBEEFC0DE, 1
_HEAD = struct.Struct("<QHHHH")  # of a page: its number, unused, flags, end of the node list, begin of the nodes
_NODE = struct.Struct("<HHHH")  # size or page (low, high), flags or page (highest), length of the key
_BRANCH, _LEAF, _OVERFLOW, _META = 1, 2, 4, 8
_ELSEWHERE = 1  # a node's flag: the value stands in pages of its own
_OTHER_ORDER = 0x2 | 0x4 | 0x8  # a tree's flags: reversed keys, several values a key, keys that are numbers
_NO_PAGE = (1 << 64) - 1
_DEEPEST = 32
_PAGE_SIZES = {1 << power for power in range(8, 17)}


class _Meta(NamedTuple):
    """What a meta page says: the pages' size, the tree's flags and root, the last page, and the transaction."""

    page_size: int
    flags: int
    root: int
    last_page: int
    transaction: int


class LmdbFile:
    """A database in a file. Lookups from several threads at once are fine.

    Args:
        path: the data.mdb.

    Raises:
        UnreadableError: the file cannot be read, is no such database, or ends before the last page that it says it has.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._file = open(path, "rb")  # noqa: SIM115 - it stays open as long as the database lives
        except OSError as error:
            raise UnreadableError(f"{path}: cannot be read: {error.strerror}.") from error
        self._size = os.fstat(self._file.fileno()).st_size
        self._meta = self._newest()
        if self._meta.flags & _OTHER_ORDER:
            raise self._damaged("its keys are of another kind than texts")
        pages, size = self._meta.last_page + 1, self._meta.page_size
        if pages * size > self._size:
            raise self._damaged(
                f"it is cut off: {self._size} bytes are there of {pages} pages of {size} bytes. Copy it again"
            )

    def get(self, key: bytes) -> bytes | None:
        """The value of a key; None where there is no such key.

        Raises:
            UnreadableError: a page on the way is damaged.
        """
        number = self._meta.root
        if number == _NO_PAGE:
            return None
        for _ in range(_DEEPEST):
            page = self._page(number)
            flags, nodes = self._nodes(page, number)
            if flags & _LEAF:
                return self._in_leaf(page, nodes, key, number)
            number = self._below(page, nodes, key, number)
        raise self._damaged("its pages lead in a circle")

    def _newest(self) -> _Meta:
        """What the meta page of the last transaction says; the first two pages are meta pages."""
        first = self._meta_at(0)
        second = self._meta_at(first.page_size if first else 4096)
        whole = [meta for meta in (first, second) if meta is not None]
        if not whole:
            raise self._damaged("it does not begin as one of LMDB 0.9 on a 64-bit little-endian machine does")
        return max(whole, key=lambda meta: meta.transaction)

    def _meta_at(self, place: int) -> _Meta | None:
        content = os.pread(self._file.fileno(), 152, place)
        if len(content) < 152:
            return None
        _, _, flags, _, _ = _HEAD.unpack_from(content)
        magic, version = struct.unpack_from("<II", content, 16)
        (page_size,) = struct.unpack_from("<I", content, 40)
        if not flags & _META or (magic, version) != (_MAGIC, _VERSION) or page_size not in _PAGE_SIZES:
            return None
        (tree_flags,) = struct.unpack_from("<H", content, 92)
        root, last_page, transaction = struct.unpack_from("<QQQ", content, 128)
        return _Meta(page_size, tree_flags, root, last_page, transaction)

    def _page(self, number: int) -> bytes:
        if not 1 < number <= self._meta.last_page:
            raise self._damaged(f"there is no page {number}")
        return self._bytes(number, 0, self._meta.page_size)

    def _bytes(self, number: int, start: int, size: int) -> bytes:
        """Bytes of a page and those that follow it."""
        content = os.pread(self._file.fileno(), size, number * self._meta.page_size + start)
        if len(content) < size:
            raise self._damaged(f"it ends within page {number}: it has changed since it was opened")
        return content

    def _nodes(self, page: bytes, number: int) -> tuple[int, tuple[int, ...]]:
        """(flags, where the nodes begin) of a branch or leaf page."""
        own, _, flags, lower, upper = _HEAD.unpack_from(page)
        count = (lower - _HEAD.size) // 2
        kind = flags & (_BRANCH | _LEAF | _OVERFLOW | _META)
        if own != number or kind not in (_BRANCH, _LEAF) or count < 1 or not lower <= upper <= len(page):
            raise self._damaged(f"page {number} is damaged")
        places = struct.unpack_from(f"<{count}H", page, _HEAD.size)
        if not all(lower <= place <= len(page) - _NODE.size for place in places):
            raise self._damaged(f"page {number} is damaged")
        return flags, places

    def _key(self, page: bytes, place: int, number: int) -> bytes:
        *_, length = _NODE.unpack_from(page, place)
        start = place + _NODE.size
        if start + length > len(page):
            raise self._damaged(f"page {number} is damaged")
        return page[start : start + length]

    def _below(self, page: bytes, places: tuple[int, ...], key: bytes, number: int) -> int:
        """The page below a branch page where a key is: that of the last node whose key is not larger."""
        low, high = 1, len(places)  # the first node stands for all smaller keys
        while low < high:
            middle = (low + high) // 2
            if self._key(page, places[middle], number) <= key:
                low = middle + 1
            else:
                high = middle
        least, more, most, _ = _NODE.unpack_from(page, places[low - 1])
        return least | more << 16 | most << 32

    def _in_leaf(self, page: bytes, places: tuple[int, ...], key: bytes, number: int) -> bytes | None:
        low, high = 0, len(places)
        while low < high:
            middle = (low + high) // 2
            if self._key(page, places[middle], number) < key:
                low = middle + 1
            else:
                high = middle
        if low == len(places) or self._key(page, places[low], number) != key:
            return None
        return self._value(page, places[low], number)

    def _value(self, page: bytes, place: int, number: int) -> bytes:
        least, more, flags, length = _NODE.unpack_from(page, place)
        size, start = least | more << 16, place + _NODE.size + length
        if flags & ~_ELSEWHERE:
            raise self._damaged(f"page {number} holds values of another kind than bytes")
        if not flags & _ELSEWHERE:
            if start + size > len(page):
                raise self._damaged(f"page {number} is damaged")
            return page[start : start + size]
        if start + 8 > len(page):
            raise self._damaged(f"page {number} is damaged")
        (elsewhere,) = struct.unpack_from("<Q", page, start)
        return self._long_value(elsewhere, size)

    def _long_value(self, number: int, size: int) -> bytes:
        own, _, flags, low, high = _HEAD.unpack_from(self._page(number))
        pages = low | high << 16
        room = pages * self._meta.page_size - _HEAD.size
        if own != number or not flags & _OVERFLOW or size > room or number + pages - 1 > self._meta.last_page:
            raise self._damaged(f"page {number} is damaged")
        return self._bytes(number, _HEAD.size, size)

    def _damaged(self, what: str) -> UnreadableError:
        return UnreadableError(f"{self.path}: this is not a whole LMDB database: {what}.")
