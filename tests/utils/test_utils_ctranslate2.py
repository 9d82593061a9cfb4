"""CTranslate2's files: what stands in them is read, what is damaged is said, and Whisper gets transformers' names."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from utils.ctranslate2_file import read_tensors
from utils.whisper_names import read_whisper
from zoo_core.errors import DataError

TYPES = ("<f4", "<i1", "<i2", "<i4", "<f2")


def text(words: str) -> bytes:
    return struct.pack("<H", len(words) + 1) + words.encode() + b"\0"


def file_of(tensors: Mapping[str, np.ndarray], aliases: Mapping[str, str] | None = None, version: int = 6) -> bytes:
    """A model.bin, written as the format is described."""
    content = struct.pack("<I", version) + text("WhisperSpec") + struct.pack("<II", 3, len(tensors))
    for name, tensor in tensors.items():
        kind = TYPES.index(tensor.dtype.newbyteorder("<").str.replace("|", "<"))
        content += text(name) + struct.pack(f"<B{tensor.ndim}I", tensor.ndim, *tensor.shape)
        content += struct.pack("<BI", kind, tensor.nbytes) + tensor.tobytes()
    content += struct.pack("<I", len(aliases or {}))
    return content + b"".join(text(name) + text(other) for name, other in (aliases or {}).items())


SMALL = {
    "a/weight": np.arange(6, dtype=np.float16).reshape(2, 3),
    "a/bias": np.array([1.5], np.float32),
    "layers": np.array(4, np.int8),
}
PAIR = file_of({"a": np.zeros(2, np.float32)})


def test_tensors_scalars_and_other_names_are_read(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(file_of(SMALL, {"b/weight": "a/weight"}))
    found = read_tensors(path)
    assert list(found) == [*SMALL, "b/weight"]
    for name, tensor in SMALL.items():
        assert found[name].dtype == tensor.dtype
        assert np.array_equal(found[name], tensor)
    assert np.array_equal(found["b/weight"], SMALL["a/weight"])


def test_a_file_that_is_cut_anywhere_is_said_to_be(tmp_path: Path) -> None:
    whole = file_of(SMALL, {"b/weight": "a/weight"})
    path = tmp_path / "model.bin"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"incomplete or damaged|begins with 0"):
            read_tensors(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04" + bytes(100), "no model.bin of CTranslate2 in version 6"),
        (file_of(SMALL, version=5), r"begins with 5"),
        (file_of(SMALL, {"b": "c"}), "b stands for c, which is no tensor"),
        (file_of(SMALL) + b"more", "4 bytes are left"),
        (PAIR.replace(struct.pack("<BI", 0, 8), struct.pack("<BI", 5, 8)), "type 5"),
        (PAIR.replace(struct.pack("<BI", 0, 8), struct.pack("<BI", 4, 8)), "8 bytes"),
    ],
)
def test_what_is_no_such_file_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_tensors(path)


def whisper_tensors(width: int = 4, layers: int = 1) -> dict[str, np.ndarray]:
    """The tensors of a small Whisper by CTranslate2's names, each with values of its own."""
    random = np.random.default_rng(0)
    found: dict[str, np.ndarray] = {}

    def add(name: str, *shape: int) -> None:
        found[name] = random.standard_normal(shape).astype(np.float16)

    def linear(name: str, out: int, given: int) -> None:
        add(f"{name}/weight", out, given)
        add(f"{name}/bias", out)

    def norm(name: str) -> None:
        add(f"{name}/gamma", width)
        add(f"{name}/beta", width)

    for side in ("decoder", "encoder"):
        add(f"{side}/position_encodings/encodings", 8, width)
        norm(f"{side}/layer_norm")
        for layer in range(layers):
            own = f"{side}/layer_{layer}"
            attentions = {"self_attention": (3, 1)} | ({"attention": (1, 2, 1)} if side == "decoder" else {})
            for name, parts in attentions.items():
                norm(f"{own}/{name}/layer_norm")
                for place, count in enumerate(parts):
                    linear(f"{own}/{name}/linear_{place}", count * width, width)
            norm(f"{own}/ffn/layer_norm")
            linear(f"{own}/ffn/linear_0", 4 * width, width)
            linear(f"{own}/ffn/linear_1", width, 4 * width)
    add("decoder/embeddings/weight", 6, width)
    for name, given in (("conv1", 80), ("conv2", width)):
        add(f"encoder/{name}/weight", width, given, 3)
        add(f"encoder/{name}/bias", width)
    return found


def test_whisper_gets_the_names_of_transformers(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    tensors = whisper_tensors()
    path = tmp_path / "model.bin"
    path.write_bytes(file_of(tensors, {"decoder/projection/weight": "decoder/embeddings/weight"}))
    found = read_whisper(path)
    sizes = dict.fromkeys(("encoder_layers", "decoder_layers"), 1)
    sizes |= dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 2)
    sizes |= dict.fromkeys(("encoder_ffn_dim", "decoder_ffn_dim"), 16)
    sizes |= dict.fromkeys(("max_source_positions", "max_target_positions"), 8)
    sizes |= dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"), 0)
    config = transformers.WhisperConfig(vocab_size=6, d_model=4, **sizes)
    own = transformers.WhisperForConditionalGeneration(config).state_dict()
    assert {name: tuple(value.shape) for name, value in own.items() if name != "proj_out.weight"} == {
        name: value.shape for name, value in found.items()
    }
    key, value = np.split(tensors["decoder/layer_0/attention/linear_1/weight"], 2)
    assert np.array_equal(found["model.decoder.layers.0.encoder_attn.k_proj.weight"], key)
    assert np.array_equal(found["model.decoder.layers.0.encoder_attn.v_proj.weight"], value)
    assert all(tensor.dtype == np.float32 for tensor in found.values())


def test_another_or_a_quantised_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(file_of(SMALL))
    with pytest.raises(DataError, match=r"there is no tensor .*no Whisper"):
        read_whisper(path)
    tensors = whisper_tensors()
    tensors["encoder/layer_0/ffn/linear_0/weight"] = np.zeros((16, 4), np.int8)
    path.write_bytes(file_of(tensors))
    with pytest.raises(DataError, match="int8: quantised"):
        read_whisper(path)
