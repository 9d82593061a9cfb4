"""ImageNet's layout, sharding, and the loader that contributors' scripts use."""

import os

import pytest
from PIL import Image

from utils.datasets.image_classification_dataset import ImageFolder, load_data, rank_and_world, shard
from utils.datasets.sample import Sample
from zoo_core.errors import DataError


def test_classes_and_paths_are_sorted(tree):
    root = tree("dog/2.png", "dog/1.JPEG", "cat/deep/er/3.png", "cat/z.png")
    samples = ImageFolder(root)
    assert [(sample.id, sample.truth) for sample in samples] == [
        ("cat/deep/er/3.png", 0),
        ("cat/z.png", 0),
        ("dog/1.JPEG", 1),
        ("dog/2.png", 1),
    ]
    assert samples[0].data == root / "cat/deep/er/3.png"
    assert list(samples[1:3]) == [samples[1], samples[2]]
    assert len(samples) == 4


def test_same_labels_as_torchvision(tree):
    datasets = pytest.importorskip("torchvision.datasets")
    root = tree("b/2.png", "b/10.png", "a/x/1.png", "c/1.png", "B/1.png")
    theirs = dict(datasets.ImageFolder(root).samples)
    assert {str(sample.data): sample.truth for sample in ImageFolder(root)} == theirs


def test_a_part_of_the_known_classes_is_scored_by_their_own_indices(tree):
    samples = ImageFolder(tree("n3/a.png", "n1/a.png"), classes=["n0", "n1", "n2", "n3"])
    assert [(sample.id, sample.truth) for sample in samples] == [("n1/a.png", 1), ("n3/a.png", 3)]


def test_the_order_of_classes_counts_not_that_of_names(tree):
    samples = ImageFolder(tree("a/1.png", "b/1.png"), classes=["b", "a"])
    assert [(sample.id, sample.truth) for sample in samples] == [("a/1.png", 1), ("b/1.png", 0)]


def test_foreign_names_are_taken_in_order_when_they_are_as_many(tree):
    samples = ImageFolder(tree("x/1.png", "y/1.png"), classes=["n0", "n1"])
    assert [sample.truth for sample in samples] == [0, 1]


@pytest.mark.parametrize("classes", [["n0", "n1", "n2"], ["x", "n1"], ["n0"]])
def test_names_that_fit_no_class_are_refused(tree, classes):
    with pytest.raises(DataError, match=rf"the folder [xy] names no class .* such as {classes[0]}"):
        ImageFolder(tree("x/1.png", "y/1.png"), classes=classes)


def test_layout_errors_name_the_place(tree, tmp_path):
    with pytest.raises(DataError, match="nowhere: there is no such folder"):
        ImageFolder(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no class folders"):
        ImageFolder(tree())
    root = tree("cat/1.png")
    (root / "empty").mkdir()
    (root / "empty" / "notes.txt").write_text("")
    with pytest.raises(DataError, match="empty: this class folder holds no images"):
        ImageFolder(root)


def test_an_image_directly_in_the_root_is_refused(tree):
    with pytest.raises(DataError, match=r"stray\.PNG lies directly in the folder"):
        ImageFolder(tree("cat/1.png", "stray.PNG"))


def test_texts_and_hidden_names_in_the_root_are_no_matter(tree):
    root = tree("cat/1.png", ".thumbnails/1.png", "cat/.1.png")
    (root / "ATTRIBUTION.txt").write_text("")
    assert [sample.id for sample in ImageFolder(root)] == ["cat/1.png"]


def test_what_systems_leave_behind_is_passed_over(tree):
    root = tree("cat/1.png", "__MACOSX/cat/1.png", "cat/__MACOSX/2.png", "cat/@eaDir/1.png", "cat/.cache/1.png")
    for name in (".DS_Store", "cat/.DS_Store", "cat/._1.png", "cat/Thumbs.db", "desktop.ini"):
        (root / name).write_bytes(b"x")
    assert [sample.id for sample in ImageFolder(root)] == ["cat/1.png"]


def test_links_are_followed_and_named_where_they_lead_nowhere(tree, tmp_path, caplog):
    root = tree("cat/1.png", "../dogs/1.png")
    (root / "dog").symlink_to("../dogs")
    (root / "cat" / "loop").symlink_to(root)
    (root / "cat" / "gone").symlink_to("nowhere")
    assert [sample.id for sample in ImageFolder(root)] == ["cat/1.png", "dog/1.png"]
    assert "gone: this link leads to nowhere" in caplog.text
    (root / "eel").symlink_to("nowhere")
    with pytest.raises(DataError, match="eel is a link to nowhere, which is not there"):
        ImageFolder(root)


def test_pictures_of_formats_that_are_not_taken_are_named(tree, caplog):
    root = tree("cat/1.png")
    (root / "cat" / "2.HEIC").write_bytes(b"x")
    assert len(ImageFolder(root)) == 1
    assert "2.HEIC: passed over" in caplog.text


TWELVE = [f"label {number}" for number in range(12)]


@pytest.mark.parametrize(
    ("names", "classes", "expected"),
    [
        ([str(k) for k in range(12)], TWELVE, list(range(12))),
        ([f"{k:03d}" for k in range(12)], TWELVE, list(range(12))),
        ([f"class_{k}" for k in range(12)], TWELVE, list(range(12))),
        ([str(k) for k in (0, 3, 11)], TWELVE, [0, 3, 11]),
        (["9", "10"], TWELVE, [9, 10]),
        ([str(k + 1) for k in range(12)], TWELVE, list(range(12))),
        ([str(k) for k in range(10)], [str(k) for k in range(10)], list(range(10))),
        ([f"0{k}" for k in range(10)], [str(k) for k in range(10)], list(range(10))),
        (["1", "2"], ["2", "1", "0"], [1, 0]),
        (["CAT", "Dog"], ["dog", "cat"], [1, 0]),
        (["traffic_light", "Stop-Sign"], ["stop sign", "traffic light"], [1, 0]),
        (["cafe\u0301"], ["the\u0301", "caf\u00e9"], [1]),
        ([f"{k}.thing_{k}" for k in range(12)], TWELVE, list(range(12))),
        ([f"{k + 1}-x" for k in range(12)], TWELVE, list(range(12))),
        (["10.cat", "9.dog", "1_Big-bird"], ["dog", "big bird", "cat"], [2, 0, 1]),
    ],
)
def test_the_class_of_a_folder(tree, names, classes, expected):
    samples = ImageFolder(tree(*(f"{name}/p.png" for name in names)), classes)
    assert {sample.id.partition("/")[0]: sample.truth for sample in samples} == dict(zip(names, expected, strict=True))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["0", "12"], "the folder 12 is no class: this model has 12"),
        (["1", "01"], "both folders 01 and 1 are the class label 1"),
        (["0", "one"], "the folder (0|one) names no class"),
        (["LABEL 1", "label 1"], "both folders LABEL 1 and label 1 are the class label 1"),
        (["Label 1", "stranger"], "the folder stranger names no class"),
        (["99999999999999999999"], "names no class"),
        (["-1"], "the folder -1 names no class"),
        (["1.label 1", "2.label 1"], "are the class label 1"),
        (["3.x", "12.y"], "the folder 12.y is no class"),
    ],
)
def test_folders_of_no_clear_class_are_refused(tree, names, message):
    with pytest.raises(DataError, match=message):
        ImageFolder(tree(*(f"{name}/p.png" for name in names)), TWELVE)


@pytest.mark.parametrize("classes", [None, ["cat", "dog"], TWELVE])
def test_parts_of_a_data_set_are_no_classes(tree, classes):
    root = tree("train/cat/1.png", "Val/cat/1.png")
    with pytest.raises(DataError, match=r"parts of a data set, no classes \(Val, train\)"):
        ImageFolder(root, classes)
    assert len(ImageFolder(root, ["val", "train"])) == 2  # where these are the classes, they are


@pytest.mark.parametrize("classes", [None, ["bus", "train"]])
def test_a_class_may_be_called_as_a_part_is(tree, classes):
    assert len(ImageFolder(tree("Train/1.png"), classes)) == 1


def test_one_folder_is_of_one_class(tree, tmp_path):
    root = tree("cat/1.png", "dog/1.png")
    (tmp_path / "elsewhere").mkdir()
    (root / "dog/1.png").rename(tmp_path / "elsewhere/1.png")
    (root / "dog").rmdir()
    (root / "dog").symlink_to(tmp_path / "elsewhere")
    assert len(ImageFolder(root)) == 2
    for target in ("cat", tmp_path / "elsewhere"):
        (root / "cow").symlink_to(target)
        with pytest.raises(DataError, match=r"the class folders .* are one and the same"):
            ImageFolder(root)
        (root / "cow").unlink()


def test_an_order_that_is_guessed_is_said(tree, caplog):
    ImageFolder(tree("x/1.png", "y/1.png"), classes=["n0", "n1"])
    assert "x is n0 and y is n1" in caplog.text


@pytest.mark.parametrize(("names", "said"), [(["2", "10"], "10 comes before 2"), (["0", "5"], "5 is class 1")])
def test_numbers_that_are_sorted_as_text_are_said(tree, caplog, names, said):
    ImageFolder(tree(*(f"{name}/1.png" for name in names)))
    assert said in caplog.text


@pytest.mark.parametrize("world", [1, 2, 3, 7, 20])
def test_shards_hold_each_sample_exactly_once(world):
    samples = [Sample(str(number), number) for number in range(11)]
    parts = [shard(samples, rank, world) for rank in range(world)]
    assert sorted(sample.data for part in parts for sample in part) == list(range(11))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("rank", [-1, 3, 4])
def test_a_shard_outside_the_world_is_refused(rank):
    with pytest.raises(DataError, match=f"rank {rank} of 3"):
        shard([], rank, 3)


def test_rank_and_world():
    both = {"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4"}
    assert rank_and_world({}) == (0, 1)
    assert rank_and_world({}, rank=0) == (0, 1)
    assert rank_and_world(both) == (2, 4)
    assert rank_and_world(both, rank=0) == (2, 4)


@pytest.mark.parametrize(
    ("environ", "rank", "message"),
    [
        ({"OMPI_COMM_WORLD_RANK": "0"}, -1, "OMPI_COMM_WORLD_SIZE is not"),
        ({"OMPI_COMM_WORLD_SIZE": "2"}, -1, "OMPI_COMM_WORLD_RANK is not"),
        ({"OMPI_COMM_WORLD_RANK": "two", "OMPI_COMM_WORLD_SIZE": "2"}, -1, "RANK is 'two'"),
        ({"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": ""}, -1, "SIZE is ''"),
        ({"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "2"}, -1, "rank 2 of 2"),
        ({"OMPI_COMM_WORLD_RANK": "-1", "OMPI_COMM_WORLD_SIZE": "2"}, -1, "rank -1 of 2"),
        ({"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "0"}, -1, "rank 0 of 0"),
        ({}, 1, "rank 1 of 1"),
    ],
)
def test_a_wrong_rank_is_refused(environ, rank, message):
    with pytest.raises(DataError, match=message):
        rank_and_world(environ, rank)


@pytest.fixture
def alone(monkeypatch):
    """No trace of mpirun in the environment."""
    for name in ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


def test_load_data_yields_full_batches_and_says_what_it_drops(tree, alone, caplog):
    torch = pytest.importorskip("torch")
    root = tree("a/1.png", "a/2.png", "b/1.png", "b/2.png", "b/3.png")
    Image.new("L", (5, 5)).save(root / "b" / "3.png")
    loader = load_data(str(root), 2)
    assert "the last 1 of 5 images" in caplog.text
    for _ in range(2):
        batches = list(loader)
        assert len(loader) == len(batches) == 2
        assert all(isinstance(images, list) and len(images) == 2 for images, _ in batches)
        assert {image.mode for images, _ in batches for image in images} == {"RGB"}
        assert all(targets.dtype == torch.int64 for _, targets in batches)
        assert torch.cat([targets for _, targets in batches]).tolist() == [0, 0, 1, 1]


def test_load_data_is_upstreams_loader(tree, alone):
    """torch's own, with drop_last."""
    data = pytest.importorskip("torch.utils.data")
    folder = pytest.importorskip("torchvision.datasets").ImageFolder(
        tree(*(f"{name}/{number}.png" for name in ("2", "10", "9") for number in range(5)))
    )
    theirs = data.DataLoader(folder, batch_size=4, drop_last=True, collate_fn=list)
    ours = load_data(folder.root, 4)
    assert len(ours) == len(theirs) == 3
    for (images, targets), batch in zip(ours, theirs, strict=True):
        assert targets.tolist() == [target for _, target in batch]
        assert [image.tobytes() for image in images] == [image.tobytes() for image, _ in batch]


def test_fewer_images_than_a_batch_are_said(tree, alone, caplog):
    assert list(load_data(tree("a/1.png"), 2)) == []
    assert "the last 1 of 1 images do not fill a batch of 2" in caplog.text


def test_load_data_shares_the_work(tree, alone, monkeypatch):
    pytest.importorskip("torch")
    root = tree(*(f"{name}/{number}.png" for name in "ab" for number in range(6)))
    seen = []
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "3")
    for rank in range(3):
        monkeypatch.setenv("OMPI_COMM_WORLD_RANK", str(rank))
        seen += [image.getpixel((0, 0))[0] for images, _ in load_data(root, 2) for image in images]
    assert sorted(seen) == list(range(12))


def test_load_data_refuses_an_impossible_batch(tree, alone):
    with pytest.raises(DataError, match="batch_size is 0"):
        load_data(tree("a/1.png"), 0)


def test_load_data_names_the_image_that_it_cannot_read(tree, alone):
    root = tree("a/1.png", "a/2.png")
    (root / "a" / "2.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"2\.png: this is not an image"):
        list(load_data(root, 2))


def test_a_pipe_is_passed_over_and_named(tree, caplog):
    """Whoever opens one waits for ever."""
    root = tree("cat/1.png")
    os.mkfifo(root / "cat" / "2.png")
    assert [sample.id for sample in ImageFolder(root)] == ["cat/1.png"]
    assert "2.png: passed over: this is no file, but a pipe" in caplog.text


def test_minus_one_is_not_the_class_1(tree):
    root = tree("-1/a.png", "0/a.png")
    with pytest.raises(DataError, match="the folder -1 names no class"):
        ImageFolder(root, ("0", "1", "2"))
