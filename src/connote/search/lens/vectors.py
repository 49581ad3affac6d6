"""What of a document met a query by meaning: tokens with their words, or how near each chunk is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connote.search.lens.cutting import Cutting, Places
from connote.search.lens.marked import Marked
from connote.search.lens.sight import Sight
from connote.search.query.knn import DenseWeight
from connote.search.query.sparse import SparseWeight

Told = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """The text of a query, and the endpoint that embedded it."""

    endpoint: str
    text: str


@dataclass(frozen=True)
class _Side:
    """A text, where the tokens stand in it, and what it is called."""

    name: str
    text: Marked
    places: Places

    def words(self, token: str) -> list[Told]:
        return self.text.words(self.places.get(token, ()))


@dataclass(frozen=True)
class _Part:
    """A chunk in its text; without a path its text is not known, as vectors may come without."""

    path: str | None = None
    start: int = 0
    end: int = 0

    def wire(self, sight: Sight, field: str) -> Told:
        if self.path is None:
            return {}
        return {"path": self.path, **sight.input(field, self.path).span(self.start, self.end)}


def sparse(sight: Sight, weight: SparseWeight, cutting: Cutting, asked: Asked | None) -> Told:
    """The query's tokens, and of each chunk those that it has too."""
    places = cutting.places(asked.endpoint, asked.text) if asked else {}
    query = _Side("query", Marked(asked.text if asked else ""), places)
    found = weight.met(sight.segment, sight.document)
    told = []
    for part, met in zip(_parts(sight, weight.field, len(found)), found, strict=True):
        own = _side(sight, weight.field, part, cutting)
        tokens = [_token(weight, token, value, query, own) for token, value in met.items()]
        tokens.sort(key=lambda each: -each["score"])
        score = sum(each["score"] for each in tokens) if tokens else None
        told.append({**part.wire(sight, weight.field), "score": score, "tokens": tokens})
    ordered = sorted(weight.weights.items(), key=lambda each: -each[1])
    wanted = [{"token": token, "weight": value, "words": query.words(token)} for token, value in ordered]
    return {"boost": weight.boost, "query_tokens": wanted, "chunks": _with_best(told)}


def dense(sight: Sight, weight: DenseWeight) -> Told:
    """How similar each chunk is, and what it scores."""
    found = weight.near(sight.segment, sight.document)
    told = [
        {**part.wire(sight, weight.field), "score": score, "similarity": near}
        for part, (near, score) in zip(_parts(sight, weight.field, len(found)), found, strict=True)
    ]
    return {"boost": weight.boost, "similarity": weight.similarity, "chunks": _with_best(told)}


def _parts(sight: Sight, field: str, count: int) -> list[_Part]:
    found = [_Part(path, each.start, each.end) for path, each in sight.chunks(field)]
    return found if len(found) == count else [_Part()] * count


def _side(sight: Sight, field: str, part: _Part, cutting: Cutting) -> _Side:
    if part.path is None:
        return _Side("document", Marked(""), {})
    text = sight.input(field, part.path)
    found = cutting.places(sight.embedded[field].inference_id, text.text[part.start : part.end])
    moved = {
        token: [(start + part.start, end + part.start) for start, end in places] for token, places in found.items()
    }
    return _Side("document", text, moved)


def _token(weight: SparseWeight, token: str, value: float, *sides: _Side) -> Told:
    """A token that both have: what it adds to the score, and the words in which it begins. In none: it is suggested."""
    own = weight.weights[token]
    words = {f"{side.name}_words": side.words(token) for side in sides}
    return {
        "token": token,
        "query_weight": own,
        "document_weight": value,
        "score": own * value * weight.boost,
        "suggested": [side.name for side in sides if side.text.text and not words[f"{side.name}_words"]],
        **words,
    }


def _with_best(chunks: Sequence[Told]) -> list[Told]:
    """The chunks, with which of them the document's score is of: the first of the best."""
    scored = [(each["score"], -at) for at, each in enumerate(chunks) if each["score"] is not None]
    best = -max(scored)[1] if scored else None
    return [{**each, "is_best": at == best} for at, each in enumerate(chunks)]
