"""Fields of vectors that come with the document."""

import base64
import binascii
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import orjson

from connote.contract.errors import BadMapping, IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analysis
from connote.search.engine.arrays import Floats
from connote.search.mapping.field import COMMON, LEAF, Field, Param, flag, mapping, text, whole
from connote.search.mapping.values import Values
from connote.search.mapping.weighting import weighting

MOST_DIMENSIONS = 4096
SIMILARITIES = ("cosine", "dot_product", "l2_norm", "max_inner_product")
DENSE_KINDS = (
    "hnsw int8_hnsw int4_hnsw bbq_hnsw bbq_disk flat int8_flat int4_flat bbq_flat".split()  # noqa: SIM905 (a table)
)


class SparseVector(Field):
    """Tokens with weights above 0; of several values of a document a token keeps its highest weight."""

    kind: ClassVar[str] = "sparse_vector"
    params = COMMON | {
        "store": Param(flag, False),
        "index_options": Param(mapping, updatable=True),
        "weighting": Param(weighting, updatable=True),
    }
    takes_objects = True

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """An object of weights by token."""
        weights = read_weights(value, self.kind, self.name)
        kept = into.sparse[self.name]
        for token, weight in weights.items():
            kept[token] = max(weight, kept.get(token, 0.0))


class RankFeatures(SparseVector):
    """Like a sparse vector, under its older name."""

    kind: ClassVar[str] = "rank_features"
    params = COMMON | {"positive_score_impact": Param(flag, True), "weighting": Param(weighting, updatable=True)}


def read_weights(value: Any, kind: str, name: str) -> dict[str, float]:  # noqa: ANN401
    """Weights by token. Raises IllegalArgument for what is no object of positive finite numbers."""
    if not isinstance(value, Mapping):
        raise IllegalArgument(
            f"[{kind}] fields must be json objects, expected a START_OBJECT but got: [{java(value)[:100]}]"
        )
    weights = {}
    for token, weight in value.items():
        if isinstance(weight, str):
            with suppress(ValueError):
                weight = float(weight)  # noqa: PLW2901 (the same value, read)
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise IllegalArgument(
                f"[{kind}] fields take hashes that map a feature to a strictly positive float, but got "
                f"[{java(weight)}] for [{token}]"
            )
        if not 0 < weight < float(np.finfo(np.float32).max):
            raise IllegalArgument(
                f"featureValue must be a positive normal float, got: {weight} for feature [{token}] on field [{name}]"
            )
        weights[token] = float(weight)
    return weights


class Vectors(Field):
    """Base of those of one length; the first vector decides it where the mapping does not."""

    def prepare(self, analysis: Analysis) -> None:  # noqa: ARG002
        """Parameters fit together."""
        dims, element = self["dims"], self["element_type"]
        if dims is not None and not 1 <= dims <= MOST_DIMENSIONS:
            raise BadMapping(f"The number of dimensions should be in the range [1, {MOST_DIMENSIONS}] but was [{dims}]")
        if element not in ("float", "byte", "bit", "bfloat16"):
            raise BadMapping(f"invalid element_type [{element}]; available types are [bit, byte, bfloat16, float]")
        if element == "bit" and dims is not None and dims % 8:
            raise BadMapping(f"The number of dimensions of [bit] vectors must be a multiple of 8, but was [{dims}]")

    def merged(self, other: Field) -> Self:
        """The first vector may say how many dimensions there are, if the mapping has not."""
        known = self if self["dims"] is not None else replace(self, given={**self.given, **_dims(other)})
        return Field.merged(known, other)

    def sized(self, into: Values) -> dict[str, Any]:
        """What the document's vector adds to the mapping, if that has no dimensions yet."""
        vector = into.dense.get(self.name)
        return {} if vector is None or self["dims"] is not None else {"type": self.kind, "dims": vector.shape[1]}


class DenseVector(Vectors):
    """A vector."""

    kind: ClassVar[str] = "dense_vector"
    params = LEAF | {
        "dims": Param(whole),
        "similarity": Param(text),
        "element_type": Param(text, "float"),
        "index_options": Param(mapping, updatable=True),
    }

    def prepare(self, analysis: Analysis) -> None:
        """Parameters fit together."""
        super().prepare(analysis)
        similarity = self["similarity"]
        if similarity is not None and similarity not in SIMILARITIES:
            raise BadMapping(
                f"Unknown value [{similarity}] for field [similarity] - accepted values are {java(list(SIMILARITIES))}"
            )
        options = self["index_options"]
        if options and options.get("type") not in DENSE_KINDS:
            raise BadMapping(f"Unknown vector index options type [{java(options.get('type'))}] for field [{self.name}]")

    def wire(self) -> dict[str, Any]:
        """With the defaults that Elasticsearch shows once the number of dimensions is known."""
        shown = super().wire()
        if self["dims"] is None or not self["index"]:
            return shown
        is_float = self["element_type"] in ("float", "bfloat16")
        options: dict[str, Any] = {"type": "int8_hnsw" if is_float else "hnsw", "m": 16, "ef_construction": 100}
        if is_float and self["dims"] >= 384:
            options |= {"type": "bbq_hnsw", "rescore_vector": {"oversample": 3.0}}
        defaults = {"index": True, "similarity": self.similarity, "index_options": options}
        return shown | {name: value for name, value in defaults.items() if name not in shown}

    @property
    def similarity(self) -> str:
        """How vectors are compared."""
        default = "l2_norm" if self["element_type"] == "bit" else "cosine"
        return str(self["similarity"] or default)

    @property
    def measure(self) -> str:
        """What scores are made of: the similarity, but of bits how many differ; bytes have a product of their own."""
        if self["element_type"] == "bit":
            return "hamming"
        is_product = self["element_type"] == "byte" and self.similarity == "dot_product"
        return "byte_product" if is_product else self.similarity

    def asked(self, vector: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Floats:
        """A query's vector as one of this field: bits may come as bytes. Raises IllegalArgument."""
        dims = self["dims"]
        if self["element_type"] == "bit" and dims is not None and len(vector) * 8 == dims:
            vector = np.unpackbits(vector.astype(np.int8).view(np.uint8)).astype(np.float32)
        if dims not in (None, len(vector)):
            raise IllegalArgument(
                f"the query vector has a different dimension [{len(vector)}] than the index vectors [{dims}]"
            )
        self.check(vector)
        return vector

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ANN401
        """A list of numbers, or bytes as hexadecimal or base64 text."""
        if self.name in into.dense:
            raise IllegalArgument(
                f"Field [{self.name}] of type [dense_vector] doesn't support indexing multiple values for the same "
                "field in the same document"
            )
        into.dense[self.name] = self.read(value)[None, :]
        if isinstance(value, str) and path == self.name and self["element_type"] not in ("byte", "bit"):
            # By way of JSON, which has float32 as its shortest decimal.
            into.unpacked[path] = orjson.loads(orjson.dumps(into.dense[path][0], option=orjson.OPT_SERIALIZE_NUMPY))

    def read(self, value: Any) -> Floats:  # noqa: ANN401
        """The vector (float32, dims). Raises IllegalArgument."""
        vector = _floats(value, self["element_type"])
        self.check(vector)
        return vector

    def check(self, vector: Floats) -> None:
        """Raise IllegalArgument for a vector that cannot be one of this field."""
        dims = self["dims"]
        if dims is not None and len(vector) != dims:
            raise IllegalArgument(
                f"The [dense_vector] field [{self.name}] in doc has a different number of dimensions [{len(vector)}] "
                f"than defined in the mapping [{dims}]"
            )
        if self["element_type"] == "byte" and (decimal := np.flatnonzero(vector != np.rint(vector))).size:
            at = int(decimal[0])
            raise IllegalArgument(
                "element_type [byte] vectors only support non-decimal values but found decimal value "
                f"[{vector[at]}] at dim [{at}]"
            )
        with np.errstate(over="ignore", invalid="ignore"):
            length = math.sqrt(np.dot(vector, vector))
        if not math.isfinite(length) and not np.isfinite(vector).all():
            raise IllegalArgument("[dense_vector] vectors may not have values that are not finite numbers")
        if not math.isfinite(length):  # products with it would be no numbers, and could not be ranked
            raise IllegalArgument("[dense_vector] vectors may not be so long that the square of it exceeds a float")
        if self.similarity == "cosine" and self["index"] and length == 0:
            raise IllegalArgument("The [cosine] similarity does not support vectors with zero magnitude.")
        if self.similarity == "dot_product" and self["element_type"] == "float" and abs(length - 1) > 1e-4:
            raise IllegalArgument(
                "The [dot_product] similarity can only be used with unit-length vectors. Preview of invalid vector: "
                f"[{', '.join(str(each) for each in vector[:5].tolist())}{', ...' * (len(vector) > 5)}]"
            )


class RankVectors(Vectors):
    """Several vectors, for late interaction: only scripts compare them.

    https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/rank-vectors
    """

    kind: ClassVar[str] = "rank_vectors"
    params = COMMON | {"dims": Param(whole), "element_type": Param(text, "float")}

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """An array of vectors, all of one length. Raises IllegalArgument."""
        if self.name in into.dense:
            raise IllegalArgument(
                f"Field [{self.name}] of type [{self.kind}] doesn't support indexing multiple values for the same "
                "field in the same document"
            )
        if not isinstance(value, list) or not value:
            raise IllegalArgument(f"[{self.kind}] must be an array of vectors, not [{java(value)[:100]}]")
        found = [_floats(each, self["element_type"]) for each in value]
        if wrong := [each for each in found if len(each) != (self["dims"] or len(found[0]))]:
            raise IllegalArgument(
                f"The [{self.kind}] field [{self.name}] in doc has vectors with different numbers of dimensions: "
                f"[{len(wrong[0])}] and [{self['dims'] or len(found[0])}]"
            )
        matrix = np.stack(found)
        with np.errstate(over="ignore"):
            if not np.isfinite(np.einsum("ij,ij->i", matrix, matrix)).all():
                raise IllegalArgument(f"[{self.kind}] vectors must have finite lengths")
        into.dense[self.name] = matrix


def _dims(field: Field) -> dict[str, Any]:
    return {name: value for name, value in field.given.items() if name == "dims"}


def _floats(value: Any, element: str) -> Floats:  # noqa: ANN401
    if isinstance(value, str):
        return _decoded(value, element)
    if not isinstance(value, list) or not value or not all(type(each) in (int, float) for each in value):
        raise IllegalArgument(f"a [dense_vector] must be an array of numbers, not [{java(value)[:100]}]")
    found = np.asarray(value, dtype=np.float64)
    if element in ("byte", "bit") and (np.abs(found + 0.5) > 127.5).any():
        raise IllegalArgument(f"element_type [{element}] vectors only support integers between [-128, 127]")
    if element == "bit" and (found != np.rint(found)).any():
        raise IllegalArgument("element_type [bit] vectors only support non-decimal values")
    if element == "bit":
        return np.unpackbits(found.astype(np.int8).view(np.uint8)).astype(np.float32)
    with np.errstate(over="ignore"):
        return found.astype(np.float32)


def _decoded(value: str, element: str) -> Floats:
    """Vectors as text: of bytes and bits in hexadecimal; of floats as base64 of big-endian float32."""
    try:
        if element in ("byte", "bit"):
            raw = bytes.fromhex(value)
            packed = np.frombuffer(raw, dtype=np.uint8)
            return (np.unpackbits(packed) if element == "bit" else packed.view(np.int8)).astype(np.float32)
        return np.frombuffer(base64.b64decode(value, validate=True), dtype=">f4").astype(np.float32)
    except (ValueError, binascii.Error):
        raise IllegalArgument(f"[{value[:50]}] is neither hexadecimal nor base64 of a vector") from None
