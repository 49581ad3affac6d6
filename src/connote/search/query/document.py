"""What scripts see of a document: the values of its fields, and functions of its vectors.

What they may call: https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-script-score-query
"""

import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from connote.ingest.painless.fault import Fault
from connote.ingest.painless.field import FieldValues
from connote.ingest.painless.values import Column, text, wrapped
from connote.search.engine import scores
from connote.search.engine.arrays import Floats
from connote.search.engine.fields import Dense
from connote.search.engine.segment import Segment, Table
from connote.search.mapping.completion import Completion
from connote.search.mapping.date import Date
from connote.search.mapping.field import Field
from connote.search.mapping.geoshape import GeoShape
from connote.search.mapping.keyword import Boolean
from connote.search.mapping.number import UnsignedLong
from connote.search.mapping.ranges import Range
from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.text import Text
from connote.search.mapping.vectors import DenseVector, RankVectors
from connote.search.query import decay
from connote.search.query.chance import chances
from connote.search.query.reader import Reader
from connote.search.query.term import values_at
from connote.search.thread import check

FUNCTIONS = (
    "cosineSimilarity", "dotProduct", "hamming", "l2norm", "l1norm", "maxSimDotProduct", "maxSimInvHamming",
    "randomScore", "saturation", "sigmoid",
    *decay.NAMES,
)  # fmt: skip
_MOST_KNOWN = 16
_BLOCK = 4096  # rows that are compared at a time
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Document(dict[str, Any]):
    """`doc`: the values of the fields of one document, looked up as they are asked for."""

    def __init__(self, reader: Reader, table: Table) -> None:
        super().__init__()
        self._reader, self._table, self.at = reader, table, 0

    def __contains__(self, name: object) -> bool:
        return self._reader.field(str(name)) is not None

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401, ARG002 (a dict's)
        """The values of a field. Raises Fault for one that has none to look up."""
        field = self._reader.field(name)
        if field is None:
            return self._meta(name)
        if isinstance(field, Text | Completion):
            raise Fault(
                f"Fielddata is disabled on [{name}] in [{self._reader.index}]. Text fields are not optimised for "
                "operations that require per-document field data; please use a keyword field instead."
            )
        if isinstance(field, Range | GeoShape):
            held = "shapes" if isinstance(field, GeoShape) else "ranges"
            raise Fault(f"Field [{name}] of type [{field.kind}] has {held}, and no single values")
        return self._column(field)

    def _meta(self, name: str) -> Column:
        if name == "_id" and isinstance(self._table, Segment):
            return Column([self._table.ids[self.at]])
        if name == "_index":
            return Column([self._reader.index])
        raise Fault(f"No field found for [{name}] in mapping")

    def _column(self, field: Field) -> Column:
        if (numbers := self._table.numbers(field.name)) is not None:
            found = np.sort(numbers.values[numbers.owners.of(self.at)]).tolist()
            if isinstance(field, UnsignedLong):  # kept as float64; scripts have whole numbers of 64 bits
                found = [wrapped(int(each)) for each in found]
            return Column(
                [_EPOCH + timedelta(milliseconds=each) for each in found] if isinstance(field, Date) else found
            )
        if (words := self._table.words(field.name)) is not None:
            own = [words.terms[at] for at in words.ordinals[words.owners.of(self.at)].tolist()]
            return Column([each == "true" for each in own] if isinstance(field, Boolean) else own)
        if (points := self._table.points(field.name)) is not None:
            rows = points.owners.of(self.at)
            return Column(zip(points.latitudes[rows].tolist(), points.longitudes[rows].tolist(), strict=True))
        if (dense := self._table.dense(field.name)) is not None:
            return Column(dense.matrix[dense.owners.of(self.at)].tolist())
        return Column()

    def field(self, name: Any) -> FieldValues:  # noqa: ANN401 (a script's)
        """The same for `field('name')`: none of one that is not mapped, and text as it stands in the document."""
        field = self._reader.field(str(name))
        if isinstance(field, Text) and self._reader.sources is not None and isinstance(self._table, Segment):
            source = self._reader.sources.of(self._table, self.at)
            return FieldValues(field.name, [text(each) for each in values_at(source, field.name.split("."))])
        return FieldValues(str(name), [] if field is None else self.get(field.name))


class Functions:
    """What scripts call by name. What a vector has to do with those of a field is worked out for all at once."""

    def __init__(self, reader: Reader, document: Document, table: Table) -> None:
        self._reader, self._document, self._table = reader, document, table
        # With the query, which so remains the only one of its identity.
        self._known: dict[tuple[str, str, int], tuple[Any, Floats]] = {}

    def values(self) -> Mapping[str, Callable[..., float]]:
        """By name."""
        return {
            "cosineSimilarity": lambda query, name: self._near("cosine", query, name),
            "dotProduct": lambda query, name: self._near("dot", query, name),
            "hamming": lambda query, name: self._near("hamming", query, name),
            "l2norm": lambda query, name: max(self._near("l2", query, name), 0.0) ** 0.5,
            "l1norm": lambda query, name: self._near("l1", query, name),
            "maxSimDotProduct": lambda query, name: self._near("each_dot", query, name),
            "maxSimInvHamming": lambda query, name: self._near("each_hamming", query, name),
            "randomScore": self._chance,
            **decay.functions(),
            "saturation": lambda value, half: value / (half + value),
            "sigmoid": lambda value, half, power: value**power / (half**power + value**power),
        }

    def _chance(self, seed: Any, name: str = "_seq_no") -> float:  # noqa: ANN401
        """From 0 to 1, the same for the same seed and the same value of a field."""
        if not isinstance(seed, int):
            raise Fault("randomScore needs a seed that is a whole number")
        at = self._document.at
        own: Any = self._table.seqs[at] if isinstance(self._table, Segment) else at
        if name != "_seq_no":
            own = zlib.crc32(text(list(self._document.get(name))).encode(errors="surrogatepass"))
        return float(chances(np.array([own], dtype=np.uint64), seed)[0])

    def _near(self, kind: str, query: Any, name: str) -> float:  # noqa: ANN401
        key = (kind, name, id(query))
        if key not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            made = self._each if kind.startswith("each_") else self._all
            self._known[key] = query, made(kind.removeprefix("each_"), query, name)
        found = float(self._known[key][1][self._document.at])
        if not np.isfinite(found):
            raise Fault("A document doesn't have a value for a vector field!")
        return found

    def _all(self, kind: str, query: Any, name: str) -> Floats:  # noqa: ANN401
        """float32 [size]: of each document's first vector (of a semantic field of the nearest), NaN without one."""
        field = self._reader.field(name)
        if not isinstance(field, DenseVector | SemanticText):
            raise Fault(f"No vector field found for [{name}] in mapping")
        element = field["element_type"] if isinstance(field, DenseVector) else "float"
        vector = _vector(query, element, self._table.dense(field.name), kind)
        view = self._table.dense(field.name)
        if view is None:
            return np.full(self._table.size, np.nan, dtype=np.float32)
        if vector.ndim != 1 or view.matrix.shape[1] != len(vector):
            told = f"The query vector has a different number of dimensions [{vector.size}] than the document vectors "
            raise Fault(f"{told}[{view.matrix.shape[1]}].")
        made: dict[str, Callable[[], Floats]] = {
            "hamming": lambda: _differing(view.matrix, vector),
            "l1": lambda: np.abs(view.matrix - vector).sum(axis=1),
            "l2": lambda: scores.dense(view, vector, "l2"),
            "dot": lambda: scores.dense(view, vector, "dot"),
            "cosine": lambda: scores.dense(view, vector, "cosine"),
        }
        rows: Floats = made[kind]()
        return view.owners.best(rows) if kind in ("dot", "cosine") else -view.owners.best(-rows)

    def _each(self, kind: str, query: Any, name: str) -> Floats:  # noqa: ANN401
        """float32 [size]: the sum over the query's vectors of how near each document's nearest is, NaN without any.

        https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/rank-vectors#rank-vectors-scoring
        """
        field = self._reader.field(name)
        if not isinstance(field, RankVectors):
            raise Fault(f"No rank_vectors field found for [{name}] in mapping")
        if not isinstance(query, list | tuple) or not query:
            raise Fault("a query must be a list of vectors", "illegal_argument_exception")
        view = self._table.dense(field.name)
        if view is None:
            return np.full(self._table.size, np.nan, dtype=np.float32)
        found, dims = np.zeros(self._table.size, dtype=np.float32), view.matrix.shape[1]
        bits = dims if field["element_type"] == "bit" else 8 * dims
        for each in query:
            check()
            vector = _vector(each, field["element_type"], view, kind)
            if vector.ndim != 1 or len(vector) != dims:
                told = f"The query vector has a different number of dimensions [{vector.size}] than the document "
                raise Fault(f"{told}vectors [{dims}].")
            rows = scores.dense(view, vector, "dot") if kind == "dot" else 1 - _differing(view.matrix, vector) / bits
            found += view.owners.best(rows.astype(np.float32))
        return found


def _vector(query: Any, element: str, view: Dense | None, kind: str) -> Floats:  # noqa: ANN401 (a script's)
    """A query's vector (float32), bits each in a number of its own. Raises Fault for what a field has no use for.

    Bytes and bits may be hexadecimal text. Of bits a product also takes numbers, as many as there are bits.
    """
    if kind == "hamming" and element not in ("byte", "bit"):
        raise Fault("hamming distance is only supported for byte or bit vectors", "illegal_argument_exception")
    if kind == "cosine" and element == "bit":
        raise Fault("cosineSimilarity is not supported for bit vectors", "illegal_argument_exception")
    try:
        if isinstance(query, str) and element in ("byte", "bit"):
            query = np.frombuffer(bytes.fromhex(query), dtype=np.int8)
        vector = np.asarray(query, dtype=np.float32)
    except (TypeError, ValueError):
        raise Fault("a query vector must be a list of numbers", "illegal_argument_exception") from None
    is_packed = element == "bit" and (kind != "dot" or view is None or view.matrix.shape[1] == 8 * vector.size)
    is_byte = (np.abs(vector + 0.5) <= 127.5) & (vector == np.rint(vector))
    if (kind == "hamming" or is_packed) and not is_byte.all():
        told = f"element_type [{element}] vectors only support integers between [-128, 127]"
        raise Fault(told, "illegal_argument_exception")
    return np.unpackbits(vector.astype(np.int8).view(np.uint8)).astype(np.float32) if is_packed else vector


def _differing(matrix: Floats, vector: Floats) -> Floats:
    """In how many bits rows of bytes, or of bits each in a number, differ from a vector (float32)."""
    found = np.zeros(len(matrix), dtype=np.float32)
    for at in range(0, len(matrix), _BLOCK):
        differing = matrix[at : at + _BLOCK].astype(np.int8) ^ vector.astype(np.int8)
        found[at : at + _BLOCK] = np.bitwise_count(differing.view(np.uint8)).sum(axis=1)
    return found
