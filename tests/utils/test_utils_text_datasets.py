"""SST-2 and STS-B in their published layouts, on miniatures; what the samples write is read by the same loaders."""

from __future__ import annotations

from pathlib import Path

import pytest

from utils.datasets.samples import reviews, sentence_pairs
from utils.datasets.sts import SentencePairs, Side, pair_sentences_in
from utils.datasets.tsv_classification import LabelledSentences, sentences_in
from zoo_core.errors import DataError

# As the files of GLUE begin: a space at the end of training sentences, quotation marks that are no quoting.
SST2 = "sentence\tlabel\nit 's a charming \" journey \t1\nunflinchingly bleak\t0\n\na\x85line\u2028more\t1\n"
GLUE = (
    "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n"
    '0\tmain-news\tMSRvid\t2012test\t0000\tnone\tnone\tA man with a " hat.\tA man wears a hat.\t5.000\n'
    "1\tmain-news\tMSRvid\t2012test\t0002\tnone\tnone\tA girl sings.\tA cat sleeps.\t0.250\n"
)
ORIGINAL = (
    "main-captions\tMSRvid\t2012test\t0000\t5.000\tA man with a hat.\tA man wears a hat.\n"
    "main-forum\tdeft-forum\t2014\t0001\t0.25\tA girl sings.\tA cat sleeps.\thttp://a\thttp://b\n"
)


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_bytes(content.encode("utf-8"))
    return path


def test_sst2_as_published(tmp_path: Path) -> None:
    path = written(tmp_path, "dev.tsv", SST2)
    for root in (tmp_path, path):
        samples = LabelledSentences(root)
        assert [sample.truth for sample in samples] == [1, 0, 1]
        assert [sample.id for sample in samples] == ["dev.tsv:2", "dev.tsv:3", "dev.tsv:5"]
        assert samples[0].data == "it 's a charming \" journey"
        assert samples[2].data == "a\x85line\u2028more"
    assert len(LabelledSentences(written(tmp_path, "crlf.tsv", SST2.replace("\n", "\r\n")))) == 3


def test_the_sentences_of_a_test_file_need_no_labels(tmp_path: Path) -> None:
    path = written(tmp_path, "test.tsv", "index\tsentence\n0\tuneasy mishmash\n")
    assert [(sample.id, sample.data, sample.truth) for sample in sentences_in(path)] == [
        ("test.tsv:2", "uneasy mishmash", None)
    ]
    with pytest.raises(DataError, match=r"test\.tsv, line 1: there is no field 'label'"):
        LabelledSentences(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "dev.tsv: this file is empty"),
        ("sentence\tlabel\n", "no row below the header"),
        ("text,label\nfine,1\n", "line 1: there is no field 'sentence'"),
        ("sentence\tlabel\nfine\t1\nmissing\n", "line 3: 1 fields, expected 2"),
        ("sentence\tlabel\na\tb\t1\n", "line 2: 3 fields, expected 2"),
        ("sentence\tlabel\n \t1\n", "line 2: the sentence is empty"),
        ("sentence\tlabel\nfine\t2\n", "line 2: label '2' is none of 0, 1"),
        ("sentence\tlabel\nfine\tpositive\n", "line 2: label 'positive'"),
        ("sentence\tlabel\tlabel\nfine\t1\t0\n", "line 1: 2 columns are called 'label'"),
    ],
)
def test_a_malformed_table_is_named_by_its_line(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        LabelledSentences(written(tmp_path, "dev.tsv", content))
    assert words in str(caught.value)


def test_a_folder_without_the_table_says_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no dev\.tsv in this folder"):
        LabelledSentences(tmp_path)
    with pytest.raises(DataError, match=r"dev\.tsv or sts-dev\.csv"):
        SentencePairs(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        SentencePairs(tmp_path / "gone")


@pytest.mark.parametrize(("name", "content", "line"), [("dev.tsv", GLUE, 2), ("sts-dev.csv", ORIGINAL, 1)])
def test_both_layouts_of_the_sts_benchmark(tmp_path: Path, name: str, content: str, line: int) -> None:
    path = written(tmp_path, name, content)
    samples = SentencePairs(tmp_path)
    assert len(samples) == 4
    assert samples[1].id == f"{name}:{line}.2"
    assert samples[1].data == "A man wears a hat."
    assert [sample.truth for sample in samples[2:]] == [
        Side(f"{name}:{line + 1}", 1, 0.25),
        Side(f"{name}:{line + 1}", 2, 0.25),
    ]
    assert [sample.data for sample in pair_sentences_in(path)] == [sample.data for sample in samples]
    assert {sample.truth for sample in pair_sentences_in(path)} == {None}


def test_pairs_without_scores_are_good_for_everything_but_a_metric(tmp_path: Path) -> None:
    path = written(tmp_path, "test.tsv", "index\tsentence1\tsentence2\n0\tone\ttwo\n")
    assert [sample.id for sample in pair_sentences_in(path)] == ["test.tsv:2.1", "test.tsv:2.2"]
    with pytest.raises(DataError, match="there is no field 'score'"):
        SentencePairs(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GLUE.replace("5.000", "5.001"), "line 2: the score is a number from 0 to 5, got '5.001'"),
        (GLUE.replace("0.250", "nan"), "line 3: the score"),
        (ORIGINAL.replace("0.25\t", "high\t"), "line 2: the score is a number from 0 to 5, got 'high'"),
        (GLUE.replace("A girl sings.", " "), "line 3: sentence1 is empty"),
        (GLUE.replace("\tA cat sleeps.", ""), "line 3: 9 fields, expected 10"),
        ("a,b,3.0\n", "line 1: 1 fields. Without a header"),
        (GLUE.splitlines()[0] + "\n", "no row below the header"),
        (GLUE.replace("sentence2", "text2", 1), "there is no field 'sentence2'"),
        (GLUE.replace("genre", "score", 1), "line 1: 2 columns are called 'score'"),
    ],
)
def test_a_malformed_pair_is_named_by_its_line(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        SentencePairs(written(tmp_path, "dev.tsv", content))
    assert words in str(caught.value)


def test_the_reviews_are_the_same_every_time_and_their_parts_share_no_production(tmp_path: Path) -> None:
    train, held_out = reviews.load_split()
    assert (len(train), len(held_out)) == (12000, 1000)
    assert sum(review.label for review in held_out) == 500
    assert not {review.sentence for review in train} & {review.sentence for review in held_out}
    assert not set(reviews.CLAUSES) & set(reviews.HELD_OUT_CLAUSES)
    assert not set(reviews.FRAMES) & set(reviews.HELD_OUT_FRAMES)
    assert "was never" not in " ".join(review.sentence for review in train)
    reviews.write_reviews(tmp_path / "reviews")
    samples = LabelledSentences(tmp_path / "reviews")
    assert [(sample.data, sample.truth) for sample in samples] == [tuple(review) for review in held_out]


def test_the_pairs_are_written_as_glue_has_them(tmp_path: Path) -> None:
    sentence_pairs.write_pairs(tmp_path / "pairs")
    samples = SentencePairs(tmp_path / "pairs")
    assert len(samples) == 2 * len(sentence_pairs.PAIRS)
    assert samples[0].truth.score == sentence_pairs.PAIRS[0][0]
    sentences = [sample.data for sample in samples]
    assert len(set(sentences)) == len(sentences)
    scores = [score for score, _, _ in sentence_pairs.PAIRS]
    assert all(sum(round(score) == level for score in scores) >= 20 for level in range(6))
