"""more_like_this: documents that have the telling words of some texts or documents.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-mlt-query
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.mapping.field import Field
from connote.search.mapping.keyword import Keyword
from connote.search.mapping.text import Text
from connote.search.query.body import Body
from connote.search.query.boolean import BoolWeight
from connote.search.query.match import analyzer_of
from connote.search.query.minimum import minimum
from connote.search.query.query import Asks, MatchNone, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.term import Ids, terms_weight, values_at

_LIMITS = {
    "max_query_terms": 25, "min_term_freq": 2, "min_doc_freq": 5, "max_doc_freq": 2**31 - 1, "min_word_length": 0,
    "max_word_length": 0,
}  # fmt: skip
Source = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class MoreLikeThis(Query):
    """`like` are texts and documents; those that are only named are looked up when it is rewritten."""

    fields: Sequence[str]
    like: Sequence[str | Source]
    unlike: Sequence[str | Source] = ()
    limits: Mapping[str, int]
    least: Any = "30%"
    boost_terms: float = 0.0
    stop_words: frozenset[str] = frozenset()
    analyzer: str | None = None
    with_liked: bool = False
    is_strict: bool = True

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401 (JSON)
        """`{"fields": ["title"], "like": ["a text", {"_index": …, "_id": …}], "min_term_freq": 1}`."""
        body = Body("more_like_this", given)
        fields = body.raw("fields", [])
        if not isinstance(fields, list) or not all(isinstance(each, str) for each in fields):
            raise BadQuery("[more_like_this] [fields] must be an array of names")
        stop = body.raw("stop_words", [])
        least = body.raw("minimum_should_match", "30%")
        minimum(least, 1)
        made = cls(
            fields=fields,
            like=_likes("like", body.raw("like")),
            unlike=_likes("unlike", body.raw("unlike", [])),
            limits={name: body.whole(name, default) for name, default in _LIMITS.items()},
            least=least,
            boost_terms=body.number("boost_terms", 0),
            stop_words=frozenset(map(str, stop if isinstance(stop, list) else [stop])),
            analyzer=body.text("analyzer"),
            with_liked=body.flag("include", default=False),
            is_strict=body.flag("fail_on_unsupported_field", default=True),
            **body.common(),
        )
        body.done()
        if not made.like:
            raise IllegalArgument("more_like_this requires 'like' to be specified")
        if made.limits["max_query_terms"] <= 0:
            raise IllegalArgument("requires 'maxQueryTerms' to be greater than 0")
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """With the sources of the documents."""

        async def found(listed: Sequence[str | Source]) -> list[str | Source]:
            made: list[str | Source] = []
            for each in listed:
                if isinstance(each, str) or "doc" in each:
                    made.append(each)
                elif (source := await asks.document(each.get("_index", reader.index), each["_id"])) is not None:
                    made.append({**each, "doc": source})
            return made

        return replace(self, like=await found(self.like), unlike=await found(self.unlike))

    def weigh(self, reader: Reader) -> Weight:
        """The telling words of the texts, and those of the documents."""
        fields = self._fields(reader)
        groups = [[each for each in self.like if isinstance(each, str) is is_text] for is_text in (True, False)]
        weights = [found for group in groups if (found := self._alike(reader, fields, group)) is not None]
        if not weights:
            return MatchNone().weigh(reader)
        liked = [
            each["_id"]
            for each in self.like
            if not isinstance(each, str) and "_id" in each and each.get("_index", reader.index) == reader.index
        ]
        never = [] if self.with_liked or not liked else [Ids(values=liked).weigh(reader)]
        return BoolWeight((), weights, (), never, 1, self.boost)

    def _fields(self, reader: Reader) -> list[Field]:
        fields = [
            field for name, _ in reader.searched([(name, 1.0) for name in self.fields]) if (field := reader.field(name))
        ]
        kept: list[Field] = [field for field in fields if isinstance(field, Text | Keyword)]
        if self.fields and self.is_strict and len(kept) < len(fields):
            wrong = next(field for field in fields if field not in kept)
            raise IllegalArgument(f"more_like_this only supports text/keyword fields: [{wrong.name}]")
        return kept

    def _alike(self, reader: Reader, fields: Sequence[Field], like: Sequence[str | Source]) -> Weight | None:
        """A clause for each telling word."""
        clauses: list[Weight] = []
        for field in fields:
            counts = self._counts(reader, field, like)
            for term in self._counts(reader, field, self.unlike):
                counts.pop(term, None)
            telling = self._telling(reader, field, counts)
            best = telling[0][0] if telling else 1.0
            for score, term in telling:
                boost = self.boost_terms * score / best if self.boost_terms > 0 else 1.0
                clauses.append(terms_weight(reader, field.name, {term: boost}))
        if not clauses:
            return None
        return BoolWeight((), clauses, (), (), max(minimum(self.least, len(clauses)), 1), 1.0)

    def _counts(self, reader: Reader, field: Field, like: Sequence[str | Source]) -> Counter[str]:
        """How often each term of the field stands in all of them."""
        counts: Counter[str] = Counter()
        for each in like:
            texts = [each] if isinstance(each, str) else values_at(each["doc"], _source_path(reader, field).split("."))
            for text in texts:
                if isinstance(field, Text):
                    counts.update(token.term for token in analyzer_of(reader, field, self.analyzer).analyze(java(text)))
                elif isinstance(field, Keyword):
                    counts[field.normal(java(text))] += 1
        return counts

    def _telling(self, reader: Reader, field: Field, counts: Mapping[str, int]) -> list[tuple[float, str]]:
        """The terms with the highest frequency × rarity, best first."""
        limits, found = self.limits, list[tuple[float, str]]()
        documents = max(reader.snapshot.size, 1)
        for term, count in counts.items():
            long = limits["max_word_length"] or len(term)
            if count < limits["min_term_freq"] or not limits["min_word_length"] <= len(term) <= long:
                continue
            frequency = reader.frequency(field.name, term)
            if term in self.stop_words or not max(limits["min_doc_freq"], 1) <= frequency <= limits["max_doc_freq"]:
                continue
            found.append((count * (1 + math.log((documents + 1) / (frequency + 1))), term))
        found.sort(key=lambda each: (-each[0], each[1]))
        return found[: limits["max_query_terms"]]


def _source_path(reader: Reader, field: Field) -> str:
    """Where a document has the field's values: those of a multi-field are its parent's."""
    parent = field.name.rpartition(".")[0]
    return parent if parent in reader.mapping.fields else field.name


def _likes(name: str, given: Any) -> list[str | Source]:  # noqa: ANN401
    listed = given if isinstance(given, list) else [] if given is None else [given]
    for each in listed:
        is_document = isinstance(each, Mapping) and (
            isinstance(each.get("doc"), Mapping) or isinstance(each.get("_id"), str)
        )
        if not isinstance(each, str) and not is_document:
            raise BadQuery(f"[more_like_this] each of [{name}] must be a text, or an object with [_id] or [doc]")
    return listed
