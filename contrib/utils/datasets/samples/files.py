"""Small files of many types, written for this project or by Python's own libraries, a folder a type."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import tarfile
import wave
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from utils.datasets.samples.once import written_once

_ROWS = [
    (name, price, price * 7 % 11) for price, name in enumerate(("bread", "milk", "tea", "rice", "salt", "oil") * 4)
]

_TEXTS = {
    "python": (
        "stock.py",
        '"""The worth of a stock."""\n\nfrom dataclasses import dataclass\n\n\n@dataclass\nclass Item:\n'
        "    name: str\n    price: float\n    count: int = 0\n\n    @property\n    def worth(self) -> float:\n"
        "        return self.price * self.count\n\n\ndef total(items: list[Item]) -> float:\n"
        "    return sum(item.worth for item in items)\n\n\nif __name__ == '__main__':\n"
        "    print(total([Item('tea', 2.5, 4), Item('salt', 0.4, 10)]))\n",
    ),
    "c": (
        "sum.c",
        "#include <stdio.h>\n#include <stdlib.h>\n\nstatic long sum(const int *values, size_t count)\n{\n"
        "    long total = 0;\n    for (size_t i = 0; i < count; i++)\n        total += values[i];\n"
        "    return total;\n}\n\n"
        "int main(void)\n{\n    int values[] = {3, 1, 4, 1, 5};\n"
        '    printf("%ld\\n", sum(values, sizeof values / sizeof values[0]));\n    return EXIT_SUCCESS;\n}\n',
    ),
    "java": (
        "Stock.java",
        "package market;\n\nimport java.util.ArrayList;\nimport java.util.List;\n\npublic class Stock {\n"
        "    private final List<String> names = new ArrayList<>();\n\n    public void add(String name) {\n"
        "        names.add(name);\n    }\n\n    public static void main(String[] args) {\n"
        '        Stock stock = new Stock();\n        stock.add("tea");\n        System.out.println(stock.names);\n'
        "    }\n}\n",
    ),
    "javascript": (
        "stock.js",
        "'use strict';\n\nconst items = [{ name: 'tea', price: 2.5, count: 4 }];\n\nfunction total(list) {\n"
        "  return list.reduce((sum, item) => sum + item.price * item.count, 0);\n}\n\n"
        "document.addEventListener('DOMContentLoaded', () => {\n"
        "  document.querySelector('#total').textContent = total(items).toFixed(2);\n});\n\n"
        "module.exports = { total };\n",
    ),
    "html": (
        "page.html",
        "<!DOCTYPE html>\n<html lang='en'>\n<head><meta charset='utf-8'><title>Market</title></head>\n<body>\n"
        "<h1>Market</h1>\n<p>Open from <b>eight</b> to noon.</p>\n<ul><li>tea</li><li>salt</li></ul>\n"
        "</body>\n</html>\n",
    ),
    "css": (
        "page.css",
        "body {\n  margin: 0 auto;\n  max-width: 60rem;\n  font-family: sans-serif;\n}\n\nh1, h2 {\n"
        "  color: #1677be;\n}\n\n"
        "ul.items > li:hover {\n  background-color: #eef0f3;\n  padding-left: 4px;\n}\n",
    ),
    "shell": (
        "backup.sh",
        '#!/bin/bash\nset -euo pipefail\n\nfor folder in "$@"; do\n    if [ -d "$folder" ]; then\n'
        '        tar -czf "$(basename "$folder").tar.gz" "$folder"\n    else\n        echo "no folder: $folder" >&2\n'
        "        exit 1\n    fi\ndone\n",
    ),
    "sql": (
        "stock.sql",
        "CREATE TABLE item (\n    id INTEGER PRIMARY KEY,\n    name VARCHAR(40) NOT NULL,\n"
        "    price NUMERIC(8, 2)\n);\n\n"
        "INSERT INTO item (id, name, price) VALUES (1, 'tea', 2.50), (2, 'salt', 0.40);\n\n"
        "SELECT name, SUM(price) AS total FROM item WHERE price > 1 GROUP BY name ORDER BY total DESC;\n",
    ),
    "markdown": (
        "market.md",
        "# Market\n\nOpen from **eight** to noon, except on *Sundays*.\n\n## Prices\n\n| item | price |\n"
        "| --- | --- |\n"
        "| tea | 2.50 |\n| salt | 0.40 |\n\n- [Map](map.png)\n- `make prices` prints this list\n\n```python\n"
        "print(2)\n```\n",
    ),
    "toml": (
        "project.toml",
        '[project]\nname = "market"\nversion = "0.1.0"\ndependencies = ["numpy>=1.26", "pillow"]\n\n'
        '[tool.ruff]\nline-length = 100\n\n[tool.ruff.lint]\nselect = ["E", "F"]\n',
    ),
    "ini": (
        "market.ini",
        "[opening]\nfrom = 8:00\nuntil = 12:00\n\n[prices]\ntea = 2.50\nsalt = 0.40\n\n"
        "[logging]\nlevel = INFO\nfile = market.log\n",
    ),
    "xml": (
        "stock.xml",
        '<?xml version="1.0" encoding="UTF-8"?>\n<stock date="2026-01-05">\n'
        + "".join(f"  <item><name>{name}</name><price>{price}</price></item>\n" for name, price, _ in _ROWS)
        + "</stock>\n",
    ),
    "json": ("stock.json", json.dumps([{"name": name, "price": price} for name, price, _ in _ROWS], indent=2)),
    "csv": ("stock.csv", "name,price,count\n" + "".join(f"{name},{price},{count}\n" for name, price, count in _ROWS)),
    "txt": (
        "letter.txt",
        "Dear neighbours,\n\non Saturday the market opens an hour later than usual, since the square is being swept.\n"
        "W"
        "hoever brings a table of their own finds a place beside the fountain. We look forward to seeing you there.\n\n"
        "Kind regards\nthe people of the market\n",
    ),
}


@written_once
def write_files(folder: Path) -> None:
    """Write a file of each of thirty types. A folder that has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    for kind, (name, text) in _TEXTS.items():
        (folder / kind).mkdir()
        (folder / kind / name).write_bytes(text.encode())
    for kind, (name, write) in _BINARIES.items():
        (folder / kind).mkdir()
        write(folder / kind / name)


def _photo(path: Path) -> None:
    """A soft gradient with a bright disc, in the format that the name says."""
    y, x = np.mgrid[:48, :64]
    disc = (y - 20) ** 2 + (x - 40) ** 2 < 120
    pixels = np.stack([x * 3, y * 5, np.where(disc, 250, 90)], 2)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def _recording(path: Path) -> None:
    samples = np.sin(np.arange(4000) * 0.3) * 9000
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, len(samples), "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())


def _database(path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE item (name TEXT, price REAL, count INTEGER)")
        connection.executemany("INSERT INTO item VALUES (?, ?, ?)", _ROWS)
    connection.close()


def _archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in (_TEXTS["txt"], _TEXTS["csv"]):
            file.writestr(zipfile.ZipInfo(name, (2026, 1, 5, 8, 0, 0)), text * 3)


def _tar(path: Path) -> None:
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as file:
        for name, text in (_TEXTS["txt"], _TEXTS["csv"]):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            file.addfile(entry, io.BytesIO(text.encode()))


def _packed(pack: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(pack("".join(text for _, text in _TEXTS.values()).encode()))

    return write


def _arrays(path: Path) -> None:
    np.savez(path, prices=np.arange(24.0), counts=np.arange(24))


_BINARIES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "png": ("photo.png", _photo),
    "jpeg": ("photo.jpg", _photo),
    "bmp": ("photo.bmp", _photo),
    "gif": ("photo.gif", _photo),
    "tiff": ("photo.tif", _photo),
    "wav": ("tone.wav", _recording),
    "sqlite": ("stock.db", _database),
    "zip": ("market.zip", _archive),
    "tar": ("market.tar", _tar),
    "gzip": ("market.txt.gz", _packed(partial(gzip.compress, mtime=0))),
    "bzip": ("market.txt.bz2", _packed(bz2.compress)),
    "xz": ("market.txt.xz", _packed(lzma.compress)),
    "pickle": ("stock.pkl", _packed(lambda text: pickle.dumps({"rows": _ROWS, "text": text}, 4))),
    "npy": ("prices.npy", lambda path: np.save(path, np.arange(240.0))),
    "npz": ("prices.npz", _arrays),
}
