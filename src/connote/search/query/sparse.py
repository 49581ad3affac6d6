"""Queries by sparse vectors, given or made of a text.

Of a document with several chunks the best one counts: exactly, since every chunk is scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.engine import scores
from connote.search.engine.arrays import Mask, Ranked
from connote.search.engine.segment import Table
from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.vectors import SparseVector
from connote.search.query.body import Body, one_field
from connote.search.query.chunks import check_task, chunks_of
from connote.search.query.pruning import Pruning, pruned
from connote.search.query.query import Asks, Explanation, Hits, MatchNone, Query, Ranking, Weight
from connote.search.query.reader import Reader
from connote.search.query.weighting import weighted

# As float32 has it.
_MOST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class SparseWeight(Ranking):
    """The product of the query's weights and a document's, of the best of its chunks."""

    field: str
    weights: Mapping[str, float]
    boost: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has one of the tokens."""
        view = table.sparse(self.field)
        if view is None:
            return Hits.none(table.size)
        points, rows = scores.sparse(view, self.weights)
        mask = view.owners.any(rows)
        if not scored:
            return Hits(mask)
        best = view.owners.best(np.where(rows, points, np.float32(-np.inf)) if not view.owners.single else points)
        return Hits(mask, best if self.boost == 1 else best * np.float32(self.boost))

    def rank(self, table: Table, allowed: Mask, count: int) -> Ranked | None:
        """The best of them; not with a boost, which may make scores equal that were not."""
        return scores.rank_sparse(table, self.field, self.weights, allowed, count) if self.boost == 1 else None

    def explain(self, table: Table, document: int) -> Explanation | None:
        """Token by token, of the best chunk."""
        view = table.sparse(self.field)
        if view is None or not self.run(table, scored=False).mask[document]:
            return None
        points, _ = scores.sparse(view, self.weights)
        rows = view.owners.of(document)
        row = rows.start + int(np.argmax(points[rows]))
        own = view.vector(row)
        met = {token: weight * own[token] for token, weight in self.weights.items() if token in own}
        details = [
            Explanation(
                value, f"token [{token}]: query weight {self.weights[token]:g} × document weight {own[token]:g}"
            )
            for token, value in sorted(met.items(), key=lambda item: -item[1])
        ]
        told = f"sparse vectors of [{self.field}], chunk {row - rows.start}: sum of:"
        return Explanation(float(points[row]) * self.boost, told, details)

    def met(self, table: Table, document: int) -> list[dict[str, float]]:
        """Of each of a document's vectors the weights of those tokens that the query has too."""
        view = table.sparse(self.field)
        if view is None:
            return []
        rows = view.owners.of(document)
        found: list[dict[str, float]] = [{} for _ in range(rows.start, rows.stop)]
        for token in self.weights:
            postings = view.postings(token)
            first, last = np.searchsorted(postings.docs, [rows.start, rows.stop])
            for at in range(int(first), int(last)):
                found[int(postings.docs[at]) - rows.start][token] = float(postings.values[at])
        return found


@dataclass(frozen=True, kw_only=True)
class Sparse(Query):
    """Tokens with weights, or a text that an endpoint makes them of."""

    field: str
    weights: Mapping[str, float] | None = None
    text: str | None = None
    endpoint: str | None = None
    pruning: Pruning | None = None

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"field": "ml", "inference_id": …, "query": …}` or with `query_vector`."""
        body = Body("sparse_vector", given)
        field = body.required("field", str)
        vector, text, endpoint = body.raw("query_vector"), body.text("query"), body.text("inference_id")
        if (vector is None) == (text is None):
            raise IllegalArgument("[sparse_vector] requires one of [query_vector] or [query] for sparse_vector fields")
        prune, config = body.raw("prune"), body.raw("pruning_config")
        if config is not None and prune is False:
            raise IllegalArgument("[sparse_vector] field [pruning_config] should only be set if [prune] is set to true")
        made = cls(
            field=field,
            weights=None if vector is None else read_tokens(vector),
            text=text,
            endpoint=endpoint,
            pruning=Pruning.parse(config) if prune is True or config is not None else None,
            **body.common(),
        )
        body.done()
        return made

    @classmethod
    def parse_expansion(cls, given: Any) -> Query:  # noqa: ANN401
        """The older text_expansion: `{"ml.tokens": {"model_id": …, "model_text": …}}`."""
        field, body, _ = one_field("text_expansion", given, "model_text")
        made = cls(
            field=field,
            endpoint=body.required("model_id", str),
            text=body.required("model_text", str),
            pruning=Pruning.parse(config) if (config := body.raw("pruning_config")) is not None else None,
            **body.common(),
        )
        body.done()
        return made

    @classmethod
    def parse_weighted(cls, given: Any) -> Query:  # noqa: ANN401
        """The older weighted_tokens: `{"ml.tokens": {"tokens": {…}}}`."""
        field, body, _ = one_field("weighted_tokens", given, "tokens")
        tokens = body.required("tokens", lambda value: value)
        if isinstance(tokens, list):
            tokens = {token: weight for each in tokens for token, weight in read_tokens(each).items()}
        made = cls(
            field=field,
            weights=read_tokens(tokens),
            pruning=Pruning.parse(config) if (config := body.raw("pruning_config")) is not None else None,
            **body.common(),
        )
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """With the tokens of its text."""
        if self.weights is not None:
            return self
        field = reader.field(self.field)
        endpoint = self.endpoint or (field.search_endpoint if isinstance(field, SemanticText) else None)
        if endpoint is None:
            if field is None:
                return MatchNone(name=self.name)
            raise IllegalArgument("inference_id required to perform vector search on query string")
        return replace(self, weights=await asks.sparse(endpoint, self.text or ""))

    def weigh(self, reader: Reader) -> Weight:
        """The products."""
        field = sparse_field(reader, self.field)
        if field is None or self.weights is None:
            return MatchNone().weigh(reader)
        own = field.name
        weights = self.weights if self.pruning is None else pruned(self.weights, self.pruning, reader, own)
        return SparseWeight(own, weighted(weights, reader, field), self.boost)


def sparse_field(reader: Reader, name: str) -> SparseVector | SemanticText | None:
    """The field whose sparse vectors the engine keeps. Raises IllegalArgument for one that holds none."""
    field = reader.field(chunks_of(reader, name))
    if field is None:
        return None
    if not isinstance(field, SparseVector | SemanticText):
        raise IllegalArgument(f"[{name}] must be type [sparse_vector] but is type [{field.kind}]")
    check_task(field, "sparse_vector", "sparse_embedding")
    return field


def read_tokens(value: Any) -> dict[str, float]:  # noqa: ANN401
    """Weights by token. Raises BadQuery."""
    if not isinstance(value, Mapping):
        raise BadQuery(
            f"[sparse_vector] [query_vector] must be an object of weights by token, not [{java(value)[:100]}]"
        )
    for token, weight in value.items():
        if type(weight) not in (int, float) or not -_MOST < weight < _MOST:
            raise BadQuery(f"[sparse_vector] weight of [{token}] must be a number, not [{java(weight)[:100]}]")
    return {token: float(weight) for token, weight in value.items()}
