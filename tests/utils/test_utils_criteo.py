"""Click logs in Criteo's layout: reading, preprocessing, and the log that is drawn from a known model."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from utils.datasets import criteo
from utils.datasets.criteo import COLUMNS, CriteoLog, rows_of
from utils.datasets.samples import clicks
from utils.preprocess.pytorch.click_prediction import ClickFeatures
from zoo_core.errors import DataError

ROW = "\t".join([*"1234567890123", *(f"{n:08x}" for n in range(26))])
EMPTY = "\t" * 38
# what int() takes for a whole number, or nearly
ODD = ("1_0", " 5 ", "+5", "٤", "-", "5-", "--5", "5\x0b")


def by_the_definition(row: str, buckets: int) -> tuple[list[float], list[int]]:
    """DLRM's recipe, value by value."""
    columns = row.split("\t")
    numbers = [math.log(max(int(text), 0) + 1) if text else 0.0 for text in columns[:13]]
    return numbers, [int(text, 16) % buckets if text else 0 for text in columns[13:]]


def log(path: Path, *lines: str, end: str = "\n") -> Path:
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


def test_rows_are_found_again(tmp_path: Path) -> None:
    samples = CriteoLog(log(tmp_path / "a.tsv", f"1\t{ROW}", f"0\t{EMPTY}", f"0\t{ROW}"))
    assert [(one.id, one.data, one.truth) for one in samples] == [
        ("a.tsv:1", ROW, 1),
        ("a.tsv:2", EMPTY, 0),
        ("a.tsv:3", ROW, 0),
    ]
    assert [one.id for one in samples[::2]] == ["a.tsv:1", "a.tsv:3"]
    assert samples[1:][-1].id == "a.tsv:3"
    assert len(samples[1:][:1]) == 1
    with pytest.raises(IndexError):
        samples[3]


@pytest.mark.parametrize("chunk", [200, 250, 1000])
def test_the_size_of_chunks_changes_nothing(tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = clicks.draw(50, 7)
    lines = [f"{label}\t{row}" for label, row in zip(drawn.labels, drawn.rows, strict=True)]
    path = log(tmp_path / "a.tsv", *lines)
    monkeypatch.setattr(criteo, "_CHUNK", max(chunk, 1 + max(map(len, lines))))
    assert [one.data for one in CriteoLog(path)] == drawn.rows
    log(path, *lines[:30], lines[30] + "\t", *lines[31:])
    with pytest.raises(DataError, match=r"a\.tsv:31: the row has 41 columns"):
        CriteoLog(path)


def test_ends_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    assert CriteoLog(log(path, f"1\t{ROW}", f"0\t{ROW}", end="\r\n"))[1].data == ROW
    path.write_text(f"1\t{ROW}\n0\t{ROW}")
    assert CriteoLog(path)[1].data == ROW


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([f"1\t{ROW}", ROW], "a.tsv:2: the row has 39 columns, expected 40.*without labels"),
        ([f"1\t{ROW}", "", f"1\t{ROW}"], "a.tsv:2: the row has 1 columns"),
        ([f"2\t{ROW}"], "a.tsv:1: the label is '2'"),
        ([f"\t{ROW}"], "a.tsv:1: the label is ''"),
        ([f"0\t{ROW}", f"01\t{ROW}"], "a.tsv:2: the label is '01'"),
        ([], "empty"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, lines: list[str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        CriteoLog(log(tmp_path / "a.tsv", *lines))


def test_a_folder_holds_a_held_out_part_or_the_published_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"valid\.tsv nor train\.txt"):
        CriteoLog(tmp_path)
    log(tmp_path / "train.txt", f"1\t{ROW}")
    assert CriteoLog(tmp_path)[0].id == "train.txt:1"
    log(tmp_path / "valid.tsv", f"1\t{ROW}")
    assert CriteoLog(tmp_path)[0].id == "valid.tsv:1"
    with pytest.raises(DataError, match="cannot be read"):
        CriteoLog(tmp_path / "none.tsv")


def test_a_persons_rows(tmp_path: Path) -> None:
    commas = ROW.replace("\t", ",")
    path = log(tmp_path / "a.csv", ",".join(COLUMNS), f"1,{commas}", "", f"0,{commas}")
    assert [(one.id, one.data) for one in rows_of(path)] == [("a.csv:2", f"1\t{ROW}"), ("a.csv:4", f"0\t{ROW}")]
    assert [one.data for one in rows_of(log(tmp_path / "a.tsv", ROW, EMPTY))] == [ROW, EMPTY]
    for content in (b"", b"\xff\xfe\x00", ",".join(COLUMNS).encode()):
        (tmp_path / "b.csv").write_bytes(content)
        with pytest.raises(DataError, match=r"b\.csv"):
            rows_of(tmp_path / "b.csv")


def test_features_are_those_of_the_published_recipe() -> None:
    rows = [*clicks.draw(300, 8).rows, ROW, EMPTY, ROW.replace("00000002", "2"), ROW.replace("00000002", "")]
    rows.append("\t".join(["-1", "2147483647", *[""] * 11, "ffffffff", *[""] * 24, "FFFFFFFF"]))
    features = ClickFeatures(1000)
    for row in rows:
        (dense, sparse), _ = features(row)
        numbers, buckets = by_the_definition(row, 1000)
        np.testing.assert_allclose(dense, numbers, rtol=1e-6)
        assert sparse.tolist() == buckets
        assert (dense.dtype, sparse.dtype) == (np.float32, np.int64)
        assert features(f"1\t{row}")[0][1].tolist() == buckets
    assert len(features(EMPTY + "\t")[0][0]) == 13, "a label may be empty, or the last category"


def test_many_rows_are_as_each_alone() -> None:
    features = ClickFeatures(1000)
    rows = clicks.draw(50, 9).rows
    for some in (
        rows,
        rows[:1],
        [EMPTY, *rows],
        [f"1\t{rows[0]}", *rows[1:]],
        [*rows, ROW.replace("00000002", "2")],
        [],
    ):
        dense, sparse = features.many(some)
        alone = [features(row)[0] for row in some]
        assert (dense.dtype, dense.shape, sparse.dtype) == (np.float32, (len(some), 13), np.int64)
        for place, (one, other) in enumerate(alone):
            assert dense[place].tolist() == one.tolist()
            assert sparse[place].tolist() == other.tolist()
    # one row with a column less and one with a column more have together as many as two good ones
    short, long = ROW.rpartition("\t")[0], ROW + "\t00000001"
    with pytest.raises(DataError, match="38 columns"):
        features.many([short, long])
    with pytest.raises(DataError, match="I1"):
        features.many([ROW, "x" + ROW])


@pytest.mark.parametrize("odd", ODD)
def test_many_rows_take_no_more_than_one(odd: str) -> None:
    with pytest.raises(DataError, match=r"I4: .* is not a whole number"):
        ClickFeatures(1000).many([ROW, ROW.replace("3\t4", f"3\t{odd}", 1)])


def test_features_are_written_in_place() -> None:
    out = (np.zeros(13, np.float16), np.zeros(26, np.int64))
    arrays, _ = ClickFeatures(10)(ROW, out)
    assert arrays == out
    assert out[1].tolist() == [n % 10 for n in range(26)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1\t2\t3", "3 columns, expected 39"),
        ("", "1 columns"),
        (f"1\t2\t{ROW}", "41 columns"),
        (ROW.replace("1\t2", "x\t2", 1), "I1: 'x' is not a whole number"),
        (ROW.replace("3\t4", "3\t4.5", 1), "I4: '4.5'"),
        *((ROW.replace("3\t4", f"3\t{odd}", 1), r"I4: .* is not a whole number") for odd in ODD),
        (ROW.replace("00000003", "0000000g"), "C4: '0000000g' is not 8 hexadecimal"),
        (ROW.replace("00000003", "0 0 0003"), "C4: '0 0 0003'"),
        (ROW.replace("00000003", "-0000001"), "C4: '-0000001'"),
        (ROW.replace("00000003", "0x000001"), "C4: '0x000001'"),
        (ROW.replace("00000003", "f" * 20), "C4: .* too large"),
        (ROW.replace("1\t2", "9" * 400 + "\t2", 1), "I1: .* too large"),
    ],
)
def test_a_wrong_column_is_named(row: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        ClickFeatures(1000)(row)


def test_the_drawn_log_says_how_well_it_can_be_predicted(tmp_path: Path) -> None:
    clicks.write_clicks(tmp_path / "log")
    best = json.loads((tmp_path / "log/best.json").read_text())
    samples = CriteoLog(tmp_path / "log")
    assert best["rows"] == len(samples) == clicks.HELD_OUT_ROWS
    assert best["clicks"] == sum(one.truth for one in samples)
    drawn = clicks.draw(clicks.HELD_OUT_ROWS, clicks.HELD_OUT_SEED)
    assert [one.data for one in samples] == drawn.rows
    assert best["auc"] == pytest.approx(roc_auc_score(drawn.labels, drawn.probabilities), abs=1e-6)
    assert 0.8 < best["auc"] < 0.9
    assert drawn.labels.mean() == pytest.approx(drawn.probabilities.mean(), abs=0.02), "clicks follow the probabilities"
    likely = drawn.probabilities > 0.5
    assert drawn.labels[likely].mean() == pytest.approx(drawn.probabilities[likely].mean(), abs=0.03)


def test_training_rows_are_others_of_the_same_world() -> None:
    held_out, train = clicks.draw(2000, clicks.HELD_OUT_SEED), clicks.draw(2000, clicks.TRAINING_SEED)
    assert not set(held_out.rows) & set(train.rows)
    names = [{row.split("\t")[13] for row in part.rows} for part in (held_out, train)]
    assert names[0] == names[1], "the categories of C1 are the same"
    again = clicks.draw(2000, clicks.TRAINING_SEED)
    assert train.rows == again.rows
    assert (train.labels == again.labels).all()
