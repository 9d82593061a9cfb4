"""BERT as cells of MindSpore, with the names and shapes of transformers' BertForSequenceClassification.

There are only steps that MindSpore's ONNX exporter knows, and none that depends on how long the texts are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import mindspore
import numpy as np
from mindspore import Parameter, Tensor, nn, ops

HIDDEN = -1e4  # added to the scores of what must not be looked at; float16 has it too
# The complementary error function by formula 7.1.26 of Abramowitz and Stegun, which errs by 1.5e-7 at most
SLOPE, TERMS = 0.3275911, (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
# Words in the names of parameters that cannot be those of a cell
NAMES = {".own.": ".self.", ".gamma": ".weight", ".beta": ".bias"}


class Shape(NamedTuple):
    """What a network is, by the words of transformers' config.json."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12


class Dense(nn.Cell):
    """[N, L, inputs] to [N, L, outputs]. nn.Dense puts texts and words into one dimension, whose size a file keeps."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight, self.bias = _drawn(outputs, inputs), Parameter(Tensor(np.zeros(outputs, np.float32)))

    def construct(self, x: Tensor) -> Tensor:
        return ops.matmul(x, ops.transpose(self.weight, (1, 0))) + self.bias


class Norm(nn.Cell):
    """Mean 0 and variance 1 of each word's numbers, then scaled and moved."""

    def __init__(self, size: int, epsilon: float) -> None:
        super().__init__()
        self.gamma, self.beta = (
            Parameter(Tensor(np.ones(size, np.float32))),
            Parameter(Tensor(np.zeros(size, np.float32))),
        )
        self.epsilon, self.mean = epsilon, ops.ReduceMean(keep_dims=True)

    def construct(self, x: Tensor) -> Tensor:
        x = x - self.mean(x, -1)
        return x / ops.sqrt(self.mean(x * x, -1) + self.epsilon) * self.gamma + self.beta


class Table(nn.Cell):
    """The vector of each id."""

    def __init__(self, rows: int, size: int) -> None:
        super().__init__()
        self.weight, self.gather = _drawn(rows, size), ops.Gather()

    def construct(self, ids: Tensor) -> Tensor:
        return self.gather(self.weight, ids, 0)


class Embeddings(nn.Cell):
    """int64 [N, L] to [N, L, size]: what a word is, and where it stands."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        size = shape.hidden_size
        self.word_embeddings = Table(shape.vocab_size, size)
        self.position_embeddings = Table(shape.max_position_embeddings, size)
        self.token_type_embeddings = Table(shape.type_vocab_size, size)
        self.LayerNorm = Norm(size, shape.layer_norm_eps)
        # a place is how many words stand before it: as many ones as there are to its left
        self.before = ops.Pad(((0, 0), (0, 0), (0, 0), (shape.max_position_embeddings, 0)))
        width = shape.max_position_embeddings + 1
        self.ones, self.count = (
            Tensor(np.ones((1, 1, 1, width), np.float32)),
            ops.Conv2D(1, (1, width), pad_mode="valid"),
        )

    def construct(self, ids: Tensor) -> Tensor:
        each = ops.expand_dims(ops.expand_dims(ops.cast(ids * 0 + 1, mindspore.float32), 1), 1)
        places = ops.squeeze(ops.squeeze(self.count(self.before(each), self.ones), 1), 1) - 1
        where = self.position_embeddings(ops.cast(places, mindspore.int32))
        return self.LayerNorm(self.word_embeddings(ids) + where + self.token_type_embeddings.weight[:1])


class SelfAttention(nn.Cell):
    """Each word looks at all that are not hidden, with several heads."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        size = shape.hidden_size
        self.size, self.heads = size, shape.num_attention_heads
        self.query, self.key, self.value = Dense(size, size), Dense(size, size), Dense(size, size)
        self.product, self.scale = ops.BatchMatMul(), (size // self.heads) ** -0.5

    def construct(self, x: Tensor, hidden: Tensor) -> Tensor:
        count, length, _ = x.shape
        query, value = self.split(self.query(x), (0, 2, 1, 3)), self.split(self.value(x), (0, 2, 1, 3))
        scores = self.product(query, self.split(self.key(x), (0, 2, 3, 1))) * self.scale + hidden
        seen = self.product(ops.softmax(scores, -1), value)
        return ops.reshape(ops.transpose(seen, (0, 2, 1, 3)), (count, length, self.size))

    def split(self, x: Tensor, order: tuple[int, ...]) -> Tensor:
        """[N, L, size] to the numbers of each head, their dimensions in this order."""
        count, length, _ = x.shape
        return ops.transpose(ops.reshape(x, (count, length, self.heads, self.size // self.heads)), order)


class Added(nn.Cell):
    """A matrix, what went in before added to it, and the norm."""

    def __init__(self, inputs: int, outputs: int, epsilon: float) -> None:
        super().__init__()
        self.dense, self.LayerNorm = Dense(inputs, outputs), Norm(outputs, epsilon)

    def construct(self, x: Tensor, before: Tensor) -> Tensor:
        return self.LayerNorm(self.dense(x) + before)


class Attention(nn.Cell):
    """Attention, and what follows it."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.own = SelfAttention(shape)
        self.output = Added(shape.hidden_size, shape.hidden_size, shape.layer_norm_eps)

    def construct(self, x: Tensor, hidden: Tensor) -> Tensor:
        return self.output(self.own(x, hidden), x)


class Wide(nn.Cell):
    """A matrix and GELU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.dense = Dense(inputs, outputs)

    def construct(self, x: Tensor) -> Tensor:
        return gelu(self.dense(x))


class Layer(nn.Cell):
    """Attention, then two matrices for each word by itself."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention = Attention(shape)
        self.intermediate = Wide(shape.hidden_size, shape.intermediate_size)
        self.output = Added(shape.intermediate_size, shape.hidden_size, shape.layer_norm_eps)

    def construct(self, x: Tensor, hidden: Tensor) -> Tensor:
        x = self.attention(x, hidden)
        return self.output(self.intermediate(x), x)


class Encoder(nn.Cell):
    """All layers."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.layer = nn.CellList([Layer(shape) for _ in range(shape.num_hidden_layers)])

    def construct(self, x: Tensor, hidden: Tensor) -> Tensor:
        for layer in self.layer:
            x = layer(x, hidden)
        return x


class Pooler(nn.Cell):
    """What the first word says."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.dense = Dense(size, size)

    def construct(self, x: Tensor) -> Tensor:
        return ops.tanh(self.dense(x[:, 0]))


class Bert(nn.Cell):
    """Ids and mask, int64 [N, L], to [N, size]."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embeddings, self.encoder, self.pooler = Embeddings(shape), Encoder(shape), Pooler(shape.hidden_size)

    def construct(self, ids: Tensor, mask: Tensor) -> Tensor:
        hidden = (1 - ops.cast(mask, mindspore.float32)) * HIDDEN
        return self.pooler(self.encoder(self.embeddings(ids), ops.expand_dims(ops.expand_dims(hidden, 1), 1)))


class Classifier(nn.Cell):
    """Ids and attention mask, int64 [N, L], to logits [N, labels]."""

    def __init__(self, said: dict[str, Any], labels: int) -> None:
        super().__init__()
        shape = Shape(**{name: said[name] for name in Shape._fields if name in said})
        self.bert, self.classifier = Bert(shape), Dense(shape.hidden_size, labels)
        for parameter in self.get_parameters():
            for ours, theirs in NAMES.items():
                parameter.name = parameter.name.replace(ours, theirs)

    def construct(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.classifier(self.bert(input_ids, attention_mask))


def gelu(x: Tensor) -> Tensor:
    """x times the share of a normal distribution that is below x: x or 0, less the tail beyond it."""
    size = ops.abs(x)
    near = (size * 0 + 1) / (1 + SLOPE * 0.5**0.5 * size)  # 1 / x would be a Reciprocal, which is not exported
    tail = near * TERMS[0]
    for term in TERMS[1:]:
        tail = (tail + term) * near
    return ops.relu(x) - 0.5 * size * tail * ops.exp(-0.5 * x * x)


def _drawn(*shape: int) -> Parameter:
    return Parameter(Tensor(np.random.normal(0, 0.05, shape).astype(np.float32)))
