"""zoo new from a folder that transformers' save_pretrained wrote: real classes, small, with random weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.base import Engine
from zoo.contributing.new.kinds import folder as kind
from zoo.contributing.repository import repository

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2, "num_hidden_layers": 2}
WORDS = ["the", "food", "is", "good", "bad", "room", "service", "not", "was", "."]
NAMES = {0: "bad", 1: "good", 2: "so so"}
TEXTS = ["the food is good .", "the room was not bad . the service was good"]


def write_tokenizer(folder: Path, more: int = 0) -> None:
    """A tokenizer.json of words, with BERT's special tokens. more: words that nobody uses."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, *(f"word{number}" for number in range(more))]
    made = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.save(str(folder / "tokenizer.json"))


def lively(network: Any) -> Any:
    """Weights that are large enough for outputs to differ from text to text."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for value in network.parameters():
            value.copy_(torch.randn(value.shape, generator=generator) / (4 if value.dim() > 1 else 10))
    return network.eval()


def text_classifier(folder: Path, **config: Any) -> Any:
    said = {"vocab_size": 20, "max_position_embeddings": 32, "id2label": NAMES, **SIZES, **config}
    network = lively(transformers.BertForSequenceClassification(transformers.BertConfig(**said)))
    network.save_pretrained(folder)
    write_tokenizer(folder)
    return network


def encoder(folder: Path) -> Any:
    """RoBERTa, whose first two positions are no tokens', and whose filling is not 0."""
    said = {"vocab_size": 20, "max_position_embeddings": 34, "pad_token_id": 1, **SIZES}
    network = lively(transformers.RobertaModel(transformers.RobertaConfig(**said)))
    network.save_pretrained(folder)
    write_tokenizer(folder)
    return network


def image_classifier(folder: Path) -> Any:
    said = {"image_size": 32, "patch_size": 8, "id2label": {0: "cat", 1: "dog"}, **SIZES}
    network = lively(transformers.ViTForImageClassification(transformers.ViTConfig(**said)))
    network.save_pretrained(folder)
    processor = {"size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3, "image_std": [0.25] * 3}
    transformers.ViTImageProcessor(**processor).save_pretrained(folder)
    return network


def padded(model: Any, texts: list[str]) -> list[np.ndarray]:
    """Ids and masks of texts of different lengths, filled up as the task says."""
    rows = [model.task.preprocess(text)[0] for text in texts]
    longest = max(len(ids) for ids, _ in rows)
    return [
        np.stack([np.pad(row[place], (0, longest - len(row[place])), constant_values=int(filling)) for row in rows])
        for place, filling in enumerate(model.task.padding)
    ]


def test_a_text_classifier(made: Any, tmp_path: Path) -> None:
    """What is exported with the folder's weights says what transformers says, of short texts in a batch too."""
    network = text_classifier(tmp_path / "reviews")
    assert made.new("nlp/reviews", str(tmp_path / "reviews"), "--task", "text_classification") == 0
    model = made.model("nlp/reviews")
    assert (model.task.labels, model.task.max_length, model.given) == (tuple(NAMES.values()), 32, True)
    assert model.task.adapted(100, 5).max_length == 32  # it has no positions for more
    exported = made.exported("nlp/reviews", tmp_path / "out", "--weights", str(tmp_path / "reviews/model.safetensors"))
    ids, mask = padded(model, TEXTS)
    assert mask.sum(axis=1).tolist() == [7, 12]
    with torch.no_grad():
        expected = network(torch.from_numpy(ids), torch.from_numpy(mask)).logits.numpy()
        alone = network(torch.from_numpy(ids[:1, :7])).logits.numpy()
    with Engine(exported) as engine:
        found = engine([ids, mask])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[:1], alone, rtol=1e-4, atol=1e-5)
    made.assert_green("nlp/reviews")


def test_sentence_embeddings(made: Any, tmp_path: Path) -> None:
    """The mean over a text's own tokens, of length 1."""
    network = encoder(tmp_path / "sentences")
    words = ("--task", "embedding", "--pooling", "mean")
    assert made.new("nlp/sentences", str(tmp_path / "sentences"), *words) == 0
    model = made.model("nlp/sentences")
    assert (model.task.max_length, model.task.longest, model.task.padding) == (32, 32, (1.0, 0.0))
    exported = made.exported("nlp/sentences", tmp_path / "out")
    ids, mask = padded(model, TEXTS)
    with torch.no_grad():
        tokens = network(torch.from_numpy(ids), torch.from_numpy(mask)).last_hidden_state.numpy()
    mean = (tokens * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    with Engine(exported) as engine:
        found = engine([ids, mask])
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean, axis=1, keepdims=True), rtol=1e-3, atol=1e-5)
    made.assert_green("nlp/sentences")


@pytest.mark.parametrize("name", ["GPT2", "ModernBert"])
def test_other_architectures(made: Any, tmp_path: Path, name: str) -> None:
    """One calls its numbers otherwise, and finds a text's end by its filling; the other casts where it rotates."""
    special = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "num_labels": 3, "vocab_size": 20}
    own: dict[str, Any] = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 48}
    if name == "ModernBert":
        own = {**SIZES, "max_position_embeddings": 48, "cls_token_id": 2, "sep_token_id": 3}
    config = getattr(transformers, f"{name}Config")(**special, **own)
    network = lively(getattr(transformers, f"{name}ForSequenceClassification")(config))
    network.save_pretrained(tmp_path / "other")
    write_tokenizer(tmp_path / "other")
    assert made.new("nlp/other", str(tmp_path / "other"), "--task", "text_classification") == 0
    model = made.model("nlp/other")
    assert model.task.max_length == 48
    ids, mask = padded(model, TEXTS)
    with torch.no_grad():
        expected = network(torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).logits.numpy()
    with Engine(made.exported("nlp/other", tmp_path / "out")) as engine:
        np.testing.assert_allclose(engine([ids, mask]), expected, rtol=1e-3, atol=1e-4)


def test_the_body_of_a_network_with_another_head(made: Any, tmp_path: Path) -> None:
    """A masked language model has names before those of its body, a head behind it, and no pooler."""
    config = transformers.BertConfig(vocab_size=20, max_position_embeddings=48, **SIZES)
    network = lively(transformers.BertForMaskedLM(config))
    network.save_pretrained(tmp_path / "masked")
    write_tokenizer(tmp_path / "masked")
    assert made.new("nlp/masked", str(tmp_path / "masked"), "--task", "embedding", "--pooling", "cls") == 0
    model = made.model("nlp/masked")
    ids, mask = padded(model, TEXTS)
    with torch.no_grad():
        first = network.bert(torch.from_numpy(ids), torch.from_numpy(mask)).last_hidden_state[:, 0]
    expected = torch.nn.functional.normalize(first, dim=1).numpy()
    with Engine(made.exported("nlp/masked", tmp_path / "out")) as engine:
        np.testing.assert_allclose(engine([ids, mask]), expected, rtol=1e-3, atol=1e-5)


def test_the_first_token_as_embedding(made: Any, tmp_path: Path) -> None:
    network = encoder(tmp_path / "first")
    assert made.new("nlp/first", str(tmp_path / "first"), "--task", "embedding", "--pooling", "cls") == 0
    model = made.model("nlp/first")
    ids, mask = padded(model, TEXTS)
    built = model.restore(network.state_dict())
    with torch.no_grad():
        first = network(torch.from_numpy(ids), torch.from_numpy(mask)).last_hidden_state[:, 0]
        found = built.eval()(torch.from_numpy(ids), torch.from_numpy(mask))
    torch.testing.assert_close(found, torch.nn.functional.normalize(first, dim=1))


def write_json(path: Path, said: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(said))


def test_a_folder_of_sentence_transformers_says_how_it_pools(made: Any, tmp_path: Path) -> None:
    place = tmp_path / "sentences"
    encoder(place)
    write_json(place / "1_Pooling/config.json", {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    write_json(place / "sentence_bert_config.json", {"max_seq_length": 16})
    modules = [{"type": f"sentence_transformers.models.{name}"} for name in ("Transformer", "Pooling", "Normalize")]
    write_json(place / "modules.json", modules)
    said = made.refused(str(place), "--task", "embedding", "--pooling", "mean")
    assert "pools by cls, and --pooling is mean" in said
    assert made.new("nlp/sentences", str(place), "--task", "embedding") == 0
    assert 'pooling="cls"' in (made.folder("nlp/sentences") / "model.py").read_text()
    assert made.model("nlp/sentences").task.max_length == 16


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}, "pools by max_tokens; the zoo has mean and cls"),
        ("modules.json", [{"type": "sentence_transformers.models.Dense"}], "has a module Dense"),
        ("other.json", {}, "does not say how tokens become an embedding: give --pooling mean or cls"),
    ],
)
def test_embeddings_that_the_zoo_does_not_have(made: Any, tmp_path: Path, file: str, content: Any, said: str) -> None:
    encoder(tmp_path / "sentences")
    write_json(tmp_path / "sentences" / file, content)
    assert said in made.refused(str(tmp_path / "sentences"), "--task", "embedding")


def test_an_image_classifier(made: Any, tmp_path: Path) -> None:
    """ViT, whose names differ between the file and the class, loads by transformers' own mapping."""
    network = image_classifier(tmp_path / "animals")
    assert made.new("classification/animals", str(tmp_path / "animals")) == 0
    made.assert_in_style("classification/animals")
    model = made.model("classification/animals")
    assert model.task.labels == ("cat", "dog")
    assert (model.task.transform.crop, model.task.transform.std) == (32, (0.25, 0.25, 0.25))
    weights = str(tmp_path / "animals/model.safetensors")
    exported = made.exported("classification/animals", tmp_path / "out", "--weights", weights)
    batch = np.random.default_rng(2).standard_normal((2, 3, 32, 32)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(batch)).logits.numpy()
    with Engine(exported) as engine:
        np.testing.assert_allclose(engine(batch), expected, rtol=1e-4, atol=1e-5)


def test_names_that_can_be_no_folders_are_given_otherwise(made: Any, tmp_path: Path) -> None:
    image_classifier(tmp_path / "animals")
    edited(tmp_path / "animals", id2label={0: "cat/kitten", 1: "dog"})
    place = str(tmp_path / "animals")
    assert "class 1, 'cat/kitten', cannot be the name of a folder" in made.refused(place)
    (tmp_path / "names.txt").write_text("cat or kitten\ndog\n")
    assert made.new("classification/animals", place, "--labels", str(tmp_path / "names.txt")) == 0
    assert made.model("classification/animals").task.labels == ("cat or kitten", "dog")


def test_names_of_older_versions_load(made: Any, tmp_path: Path) -> None:
    """ViT's layers were called otherwise before transformers 5: its mapping knows them."""
    from safetensors.torch import load_file, save_file

    network = image_classifier(tmp_path / "animals")
    assert made.new("classification/animals", str(tmp_path / "animals")) == 0
    file = tmp_path / "animals/model.safetensors"
    old = {
        f"vit.encoder.layer.{name.split('layer.')[-1]}" if ".layer." in name else name: value
        for name, value in load_file(file).items()
    }
    save_file(old, file, {"format": "pt"})
    restored = made.model("classification/animals").restore(old)
    batch = torch.ones(1, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(restored(batch), network(batch).logits)


def test_large_weights_stay_where_they_are(made: Any, tmp_path: Path, monkeypatch: Any, capfd: Any) -> None:
    text_classifier(tmp_path / "reviews")
    monkeypatch.setattr(kind, "LARGEST_SAMPLE", 1000)
    assert made.new("nlp/reviews", str(tmp_path / "reviews"), "--task", "text_classification") == 0
    assert not (made.folder("nlp/reviews") / "sample.safetensors").exists()
    assert f"give --weights {tmp_path}/reviews/model.safetensors to zoo export" in capfd.readouterr().out


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.safetensors.index.json", "pytorch_model.bin.index.json"])
def test_weights_of_other_names_are_named(tmp_path: Path, name: str) -> None:
    assert "has no model.safetensors: zoo check runs with random weights" in kind._left(tmp_path)
    (tmp_path / name).touch()
    assert kind._left(tmp_path).startswith(f"give --weights {tmp_path / name} to zoo export")


def edited(folder: Path, **changes: Any) -> None:
    said = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", {**said, **changes})


def test_folders_that_do_not_fit(made: Any, tmp_path: Path) -> None:
    good = tmp_path / "good"
    text_classifier(good)
    task = ("--task", "text_classification")

    def said(task: tuple[str, ...], change: Any) -> str:
        shutil.rmtree(tmp_path / "wrong", ignore_errors=True)
        shutil.copytree(good, tmp_path / "wrong")
        change(tmp_path / "wrong")
        return str(made.refused(str(tmp_path / "wrong"), *task))

    def without(name: str) -> Any:
        return lambda folder: (folder / name).unlink()

    assert "has no config.json" in said(task, without("config.json"))
    assert "has no tokenizer.json, which texts need" in said(task, without("tokenizer.json"))
    assert "has to name model_type" in said(task, lambda folder: (folder / "config.json").write_text("{"))
    assert "the class NoSuchForSequenceClassification" in said(
        task, lambda folder: edited(folder, architectures=["NoSuchForSequenceClassification"])
    )
    assert "this task takes a …ForSequenceClassification" in said(
        task, lambda folder: edited(folder, architectures=["BertModel"])
    )
    assert "is for regression" in said(task, lambda folder: edited(folder, problem_type="regression"))
    assert "tokenizer.json has 114 tokens, and the network 20" in said(task, lambda f: write_tokenizer(f, 100))
    assert "…ForImageClassification; give --task text_classification for it" in said((), lambda folder: None)
    assert "copy contrib/example/nlp/token_classification and change model.py" in said(
        task, lambda folder: edited(folder, architectures=["BertForTokenClassification"])
    )
    assert "for a BertForMaskedLM, write model.py by hand" in said(
        task, lambda folder: edited(folder, architectures=["BertForMaskedLM"])
    )
    assert "serve --task classification, segmentation, text_classification, embedding, generation" in said(
        ("--task", "detection"), lambda folder: None
    )
    assert "takes a FOLDER of transformers' save_pretrained" in made.refused("mine_for_test:tiny", *task)
    assert "--task text_classification has no use for --mean" in said((*task, "--mean", "0.5"), lambda folder: None)


def test_weights_of_another_network(made: Any, tmp_path: Path, capfd: Any) -> None:
    """They are refused by the names that do not fit."""
    from zoo import catalogue
    from zoo.commands import export

    text_classifier(tmp_path / "reviews")
    image_classifier(tmp_path / "animals")
    assert made.new("nlp/reviews", str(tmp_path / "reviews"), "--task", "text_classification") == 0
    family = catalogue.load_file(made.folder("nlp/reviews") / "model.py")
    weights = str(tmp_path / "animals/model.safetensors")
    assert export.main(family, ["--output", str(tmp_path / "out"), "--weights", weights]) == 2
    said = capfd.readouterr().err
    assert "does not fit the network" in said
    assert "Traceback" not in said


def segmenter(folder: Path, **processor: Any) -> Any:
    """SegFormer, whose scores are a quarter of the picture's size."""
    said: dict[str, Any] = {"hidden_sizes": [8, 16, 24, 32], "depths": [1] * 4, "num_attention_heads": [1, 2, 2, 2]}
    said |= {"decoder_hidden_size": 16, "id2label": {0: "wall", 1: "floor", 2: "sky"}}
    network = lively(transformers.SegformerForSemanticSegmentation(transformers.SegformerConfig(**said)))
    network.save_pretrained(folder)
    said = {"size": {"height": 64, "width": 64}, "image_mean": [0.5] * 3, "image_std": [0.25] * 3, **processor}
    transformers.SegformerImageProcessor(**said).save_pretrained(folder)
    return network


def test_a_segmentation_network(made: Any, tmp_path: Path) -> None:
    """Scores have the picture's size, and sides that the network takes are open."""
    network = segmenter(tmp_path / "rooms")
    assert made.new("segmentation/rooms", str(tmp_path / "rooms"), "--task", "segmentation") == 0
    model = made.model("segmentation/rooms")
    assert (model.task.labels, model.entry.size) == (("wall", "floor", "sky"), {"height": 64, "width": 64})
    assert (model.task.transform.mean, model.task.transform.std) == ((0.5,) * 3, (0.25,) * 3)
    assert "whatever their proportions; here" in (made.folder("segmentation/rooms") / "README.md").read_text()
    exported = made.exported("segmentation/rooms", tmp_path / "out", "--weights", "sample")
    batch = np.random.default_rng(0).standard_normal((2, 3, 64, 96)).astype(np.float32)
    with torch.no_grad():
        small = network(torch.from_numpy(batch)).logits
        expected = torch.nn.functional.interpolate(small, size=(64, 96), mode="bilinear").numpy()
    with Engine(exported) as engine:
        np.testing.assert_allclose(engine(batch), expected, rtol=1e-3, atol=1e-4)
    made.assert_green("segmentation/rooms")


def test_pictures_that_are_prepared_otherwise_are_refused(made: Any, tmp_path: Path) -> None:
    segmenter(tmp_path / "rooms", do_rescale=False)
    said = made.refused(str(tmp_path / "rooms"), "--task", "segmentation")
    assert "in a way that the zoo does not have: write a function" in said


def test_the_models_that_messages_name_are_there() -> None:
    from zoo.contributing.new import command

    named = [*kind._MODELS.values(), *(words.split()[-4] for words in command._EXAMPLES.values())]
    assert [one for one in named if not (repository() / "contrib/example" / one / "model.py").is_file()] == []
