"""The ONNX graph of an encoder with its head, built from a checkpoint's weights.

Weights are kept out of the graph and handed to the session beside it, so that a model may be larger than a protobuf.
BERT: https://arxiv.org/abs/1810.04805. SPLADE's head: https://arxiv.org/abs/2109.10086.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from connote.contract.errors import Unavailable
from connote.runtime.architecture import Architecture
from connote.runtime.backends.backend import Precision
from connote.runtime.catalog import Head
from connote.runtime.weights import Weights

OPSET, IR_VERSION = 20, 10
MICROSOFT = "com.microsoft"  # ONNX Runtime's own operators
IDS, MASK, TYPES, OUTPUT = "input_ids", "attention_mask", "token_type_ids", "output"


Tensor = NDArray[np.float32] | NDArray[np.int8]


@dataclass(frozen=True)
class Graph:
    """A serialised model without its large tensors, and these by name."""

    proto: bytes
    tensors: dict[str, Tensor]
    inputs: tuple[str, ...]


def build(architecture: Architecture, weights: Weights, head: Head, precision: Precision = Precision.FLOAT32) -> Graph:
    """The graph for one head, in float32 or int8 (activations quantised as they come, weights by column).

    Inputs are int64 of shape batch × tokens. The output is batch × vocabulary for SPARSE, batch × hidden for MEAN and
    CLS, batch × tokens × hidden for LATE, and batch for CROSS. Raises Unavailable if the checkpoint lacks what the head
    needs.
    """
    builder = _Builder(architecture, weights, precision)
    hidden = builder.encoder()
    heads: dict[Head, tuple[Callable[[str], str], list[str | int]]] = {
        Head.SPARSE: (builder.sparse, [architecture.vocabulary]),
        Head.MEAN: (builder.mean, [architecture.hidden]),
        Head.CLS: (builder.cls, [architecture.hidden]),
        Head.LATE: (builder.normalized, ["tokens", architecture.hidden]),
        Head.CROSS: (builder.cross, []),
    }
    compute, shape = heads[head]
    builder.op("Identity", compute(hidden), output=OUTPUT)
    return builder.graph(["batch", *shape])


@dataclass
class _Builder:
    """Appends nodes; each method returns the name of what it computes."""

    sizes: Architecture
    weights: Weights
    precision: Precision
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def op(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:  # noqa: ANN401 (ONNX's)
        name = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, value: Sequence[int] | float) -> str:
        """Integers become a vector of int64, a float a float32 scalar."""
        name = f"constant {value!r}"
        array = np.array(value, dtype=np.float32 if isinstance(value, float) else np.int64)
        self.constants[name] = onnx.numpy_helper.from_array(array, name)
        return name

    def tensor(self, name: str, *shape: int, transposed: bool = False) -> str:
        key = f"{name} transposed" if transposed else name
        if key not in self.tensors:
            tensor = self.weights.get(name, shape)
            self.tensors[key] = np.ascontiguousarray(tensor.T) if transposed else tensor
        return key

    def linear(self, x: str, name: str, inner: int, outer: int) -> str:
        return self.op("Add", self.product(x, f"{name}.weight", inner, outer), self.tensor(f"{name}.bias", outer))

    def product(self, x: str, name: str, inner: int, outer: int) -> str:
        if self.precision is Precision.FLOAT32:
            return self.op("MatMul", x, self.tensor(name, outer, inner, transposed=True))
        # https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DynamicQuantizeMatMul
        quantised, scale = f"{name} int8", f"{name} scale"
        if quantised not in self.tensors:
            weight = self.weights.get(name, (outer, inner))
            steps = np.maximum(np.abs(weight).max(axis=1), np.finfo(np.float32).tiny) / 127
            self.tensors[scale] = steps
            self.tensors[quantised] = np.ascontiguousarray(np.rint(weight / steps[:, None]).astype(np.int8).T)
        return self.op("DynamicQuantizeMatMul", x, quantised, scale, domain=MICROSOFT)

    def norm(self, x: str, name: str) -> str:
        scale, shift = (self.tensor(f"{name}.{part}", self.sizes.hidden) for part in ("weight", "bias"))
        return self.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=self.sizes.epsilon)

    def activation(self, x: str, name: str) -> str:
        if name in ("gelu", "gelu_new", "gelu_pytorch_tanh"):
            return self.op("Gelu", x, approximate="none" if name == "gelu" else "tanh")
        if name in ("relu", "tanh"):
            return self.op(name.capitalize(), x)
        raise Unavailable(f"the activation [{name}] is not supported; supported are [gelu, gelu_new, relu, tanh]")

    def encoder(self) -> str:
        x = self.norm(self.embeddings(), "embeddings.LayerNorm")
        hidden = self.op("Unsqueeze", self.op("Cast", MASK, to=TensorProto.FLOAT), self.constant([1, 2]))
        outside = self.op("Sub", self.constant(1.0), hidden)
        bias = self.op("Mul", outside, self.constant(float(np.finfo(np.float32).min)))
        for number in range(self.sizes.layers):
            x = self.layer(x, bias, {part: name.format(number) for part, name in self.sizes.family.layer.items()})
        return x

    def embeddings(self) -> str:
        sizes = self.sizes
        words = self.op("Gather", self.tensor("embeddings.word_embeddings.weight", sizes.vocabulary, sizes.hidden), IDS)
        table = self.tensor("embeddings.position_embeddings.weight", sizes.positions, sizes.hidden)
        total = self.op("Add", words, self.op("Gather", table, self.positions()))
        if sizes.family.has_types:
            table = self.tensor("embeddings.token_type_embeddings.weight", sizes.types, sizes.hidden)
            # RoBERTa has one type only, whatever its tokenizer says.
            types = self.op("Min", TYPES, self.constant([sizes.types - 1]))
            total = self.op("Add", total, self.op("Gather", table, types))
        return total

    def positions(self) -> str:
        """Padding stands at the end, so that counting the mask counts the tokens from 1."""
        count = self.op("CumSum", MASK, self.constant([1]))
        if self.sizes.family.offset_positions:
            real = self.op("Mul", count, MASK)
            return self.op("Add", real, self.constant([self.sizes.padding]))
        return self.op("Sub", count, self.constant([1]))

    def layer(self, x: str, bias: str, names: dict[str, str]) -> str:
        h, f = self.sizes.hidden, self.sizes.intermediate
        attended = self.linear(self.attention(x, bias, names), names["out"], h, h)
        x = self.norm(self.op("Add", attended, x), names["norm"])
        up = self.activation(self.linear(x, names["up"], h, f), self.sizes.activation)
        return self.norm(self.op("Add", self.linear(up, names["down"], f, h), x), names["final_norm"])

    def attention(self, x: str, bias: str, names: dict[str, str]) -> str:
        h, heads = self.sizes.hidden, self.sizes.heads
        split = self.constant([0, 0, heads, h // heads])

        def project(part: str, order: Sequence[int]) -> str:
            return self.op("Transpose", self.op("Reshape", self.linear(x, names[part], h, h), split), perm=order)

        query, key, value = project("query", (0, 2, 1, 3)), project("key", (0, 2, 3, 1)), project("value", (0, 2, 1, 3))
        scores = self.op("Div", self.op("MatMul", query, key), self.constant(math.sqrt(h // heads)))
        weights = self.op("Softmax", self.op("Add", scores, bias), axis=-1)
        mixed = self.op("Transpose", self.op("MatMul", weights, value), perm=(0, 2, 1, 3))
        return self.op("Reshape", mixed, self.constant([0, 0, h]))

    def sparse(self, hidden: str) -> str:
        """log1p(relu(max over tokens)): the maximum comes first, as bias, relu and log1p keep the order."""
        sizes, names = self.sizes, self.sizes.family.mlm
        x = self.linear(hidden, names["dense"], sizes.hidden, sizes.hidden)
        x = self.norm(self.activation(x, sizes.family.mlm_activation or sizes.activation), names["norm"])
        logits = self.product(x, self.weights.decoder(), sizes.hidden, sizes.vocabulary)
        real = self.op("Unsqueeze", self.op("Cast", MASK, to=TensorProto.BOOL), self.constant([2]))
        masked = self.op("Where", real, logits, self.constant(float(np.finfo(np.float32).min)))
        top = self.op("ReduceMax", masked, self.constant([1]), keepdims=0)
        top = self.op(
            "Relu", self.op("Add", top, self.tensor(self.weights.decoder_bias(names["bias"]), sizes.vocabulary))
        )
        return self.op("Log", self.op("Add", top, self.constant(1.0)))

    def mean(self, hidden: str) -> str:
        real = self.op("Unsqueeze", self.op("Cast", MASK, to=TensorProto.FLOAT), self.constant([2]))
        # The length of the sum is divided out, so that the sum does for the mean.
        return self.normalized(self.op("ReduceSum", self.op("Mul", hidden, real), self.constant([1]), keepdims=0))

    def cls(self, hidden: str) -> str:
        return self.normalized(self.first(hidden))

    def first(self, hidden: str) -> str:
        start = self.constant([0])
        token = self.op("Slice", hidden, start, self.constant([1]), self.constant([1]))
        return self.op("Squeeze", token, self.constant([1]))

    def normalized(self, x: str) -> str:
        length = self.op("ReduceL2", x, self.constant([-1]), keepdims=1)
        return self.op("Div", x, self.op("Max", length, self.constant(1e-12)))

    def cross(self, hidden: str) -> str:
        """The only label's logit; of two labels, by how much the second one (relevant) is ahead."""
        names, h = self.sizes.family.classifier, self.sizes.hidden
        dense = self.activation(
            self.linear(self.first(hidden), names["dense"], h, h), self.sizes.family.classifier_activation
        )
        labels = self.weights.labels(f"{names['out']}.bias")
        scores = self.linear(dense, names["out"], h, labels)
        if labels == 2:
            no, yes = (self.op("Gather", scores, self.constant([column]), axis=1) for column in (0, 1))
            scores = self.op("Sub", yes, no)
        return self.op("Squeeze", scores, self.constant([1]))

    def graph(self, shape: Sequence[str | int]) -> Graph:
        used = {name for node in self.nodes for name in node.input}
        inputs = tuple(name for name in (IDS, MASK, TYPES) if name in used)
        wires = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in inputs]
        output = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, shape)
        outside = [_outside(name, tensor) for name, tensor in self.tensors.items()]
        body = helper.make_graph(self.nodes, "encoder", wires, [output], [*self.constants.values(), *outside])
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(body, opset_imports=opsets, ir_version=IR_VERSION, producer_name="connote")
        return Graph(model.SerializeToString(), self.tensors, inputs)


def _outside(name: str, tensor: Tensor) -> onnx.TensorProto:
    """A tensor whose data is not in the graph; the file named is never read, the session gets the data from memory."""
    kind = TensorProto.FLOAT if tensor.dtype == np.float32 else TensorProto.INT8
    proto = TensorProto(name=name, data_type=kind, dims=tensor.shape, data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "memory"), ("offset", "0"), ("length", str(tensor.nbytes))):
        proto.external_data.add(key=key, value=value)
    return proto
