"""LMDB databases: the library's own are read like the library does, and no damage ends the process."""

import random
from pathlib import Path

import pytest

from utils.datasets.lmdb_file import LmdbFile
from zoo_core.errors import DataError

lmdb = pytest.importorskip("lmdb")

LONG, SHORT = 3, 700  # of a deep tree: every third value fills pages of its own


def content(count: int) -> dict[bytes, bytes]:
    generator = random.Random(0)
    sizes = (generator.randint(5000, 30_000) if number % LONG == 0 else SHORT for number in range(count))
    return {f"key-{number:06d}".encode(): generator.randbytes(size) for number, size in enumerate(sizes)}


def write(folder: Path, *transactions: dict[bytes, bytes]) -> Path:
    with lmdb.open(str(folder), map_size=1 << 26) as environment:
        for entries in transactions:
            with environment.begin(write=True) as transaction:
                for key, value in entries.items():
                    transaction.put(key, value)
    return folder / "data.mdb"


@pytest.mark.parametrize("count", [0, 1, 3, 40, 1500])
def test_every_key_has_the_value_that_the_library_gives(tmp_path: Path, count: int) -> None:
    entries = content(count)
    file = LmdbFile(write(tmp_path / "db", entries))
    for key, value in entries.items():
        assert file.get(key) == value
    for missing in (b"", b"a", b"key-000001x", b"zz"):
        assert file.get(missing) is None


def test_the_last_transaction_counts(tmp_path: Path) -> None:
    changes = [{b"a": str(number).encode(), b"b": b"x" * 9000 * (number % 2)} for number in range(5)]
    for last in range(1, 6):
        file = LmdbFile(write(tmp_path / str(last), *changes[:last]))
        assert file.get(b"a") == changes[last - 1][b"a"]
        assert file.get(b"b") == changes[last - 1][b"b"]


def test_a_cut_off_database_is_named_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "db", content(60))
    whole = path.read_bytes()
    for size in [0, 10, 16, 151, 4096, 8192, *range(12_288, len(whole), 16_384), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(
            DataError, match=r"data\.mdb: this is not a whole LMDB database: (it is cut off|it does not)"
        ):
            LmdbFile(path)


def test_one_that_shrinks_while_it_is_read_is_named(tmp_path: Path) -> None:
    entries = content(60)
    path = write(tmp_path / "db", entries)
    file = LmdbFile(path)
    with path.open("r+b") as opened:
        opened.truncate(10_000)
    with pytest.raises(DataError, match="it has changed since it was opened"):
        [file.get(key) for key in entries]


@pytest.mark.parametrize("seed", range(8))
def test_no_damage_gives_anything_but_a_value_or_a_sentence(tmp_path: Path, seed: int) -> None:
    entries = content(60)
    path = write(tmp_path / "db", entries)
    whole = path.read_bytes()
    generator = random.Random(seed)
    refused = 0
    for _ in range(40):
        damaged = bytearray(whole)
        for _ in range(8):
            page = generator.randrange(len(damaged) // 4096)
            damaged[page * 4096 + generator.randrange(64)] = generator.randrange(256)
        path.write_bytes(damaged)
        try:
            file = LmdbFile(path)
            assert all(value is None or isinstance(value, bytes) for value in map(file.get, entries))
        except DataError:
            refused += 1
    assert refused


def test_other_kinds_of_keys_and_values_are_refused(tmp_path: Path) -> None:
    for number, options in enumerate(({"reverse_key": True}, {"dupsort": True}, {"integerkey": True})):
        with lmdb.open(str(tmp_path / str(number)), max_dbs=2) as environment:
            database = environment.open_db(b"named", **options)
            with environment.begin(write=True, db=database) as transaction:
                transaction.put(b"12345678", b"x")
        with pytest.raises(DataError, match="values of another kind"):
            LmdbFile(tmp_path / str(number) / "data.mdb").get(b"named")
