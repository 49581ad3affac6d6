"""The same text in several fields: multi_match and combined_fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine import norms
from connote.search.engine.norms import LENGTHS
from connote.search.engine.scores import Bm25
from connote.search.engine.segment import Table
from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.text import Text, scalar
from connote.search.query.body import Body
from connote.search.query.boolean import BoolWeight, DisMaxWeight
from connote.search.query.boosts import boosted
from connote.search.query.match import PLAIN, Boosted, How, Match, analyzer_of
from connote.search.query.minimum import minimum
from connote.search.query.query import Asks, Constant, Explanation, Hits, MatchNone, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.term import TermsWeight
from connote.search.query.values import everything

TYPES = ("best_fields", "most_fields", "cross_fields", "phrase", "phrase_prefix", "bool_prefix")
_MODES = {"phrase": "phrase", "phrase_prefix": "phrase_prefix", "bool_prefix": "bool_prefix"}


@dataclass(frozen=True, kw_only=True)
class MultiMatch(Query):
    """A text in several fields. `each` are the queries on them, once the fields of the index are known."""

    fields: Sequence[tuple[str, float]]
    text: Any
    type: str = "best_fields"
    how: How = PLAIN
    tie: float | None = None
    each: Sequence[Query] | None = None

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"query": "a house", "fields": ["title^3", "body"], "type": "best_fields"}`."""
        body = Body("multi_match", given)
        kind = (body.text("type") or "best_fields").lower()
        if kind not in TYPES:
            raise BadQuery(f"failed to parse [multi_match] query type [{kind}]. unknown type.")
        text = body.required("query", lambda value: value)
        if isinstance(text, Mapping | list):
            raise BadQuery("[multi_match] [query] must be a single value")
        tie = body.number("tie_breaker", 0.0) if "tie_breaker" in body else None
        how = How.parse(body)
        if how.fuzziness is not None and kind in ("cross_fields", "phrase", "phrase_prefix"):
            raise BadQuery(f"Fuzziness not allowed for type [{kind}]")
        made = cls(
            fields=boosted(body.raw("fields", []), "multi_match"),
            text=text,
            type=kind,
            how=how,
            tie=tie,
            **body.common(),
        )
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """With a query on each field; semantic ones have their vectors."""
        found = [await each.rewritten(asks, reader) for each in self._queries(reader)]
        return replace(self, each=found)

    def weigh(self, reader: Reader) -> Weight:
        """The best field, the sum of all, or all fields as one."""
        queries: Sequence[Query] = self._queries(reader) if self.each is None else self.each
        if self.type == "cross_fields":
            return self._crossed(reader, queries)
        weights = [each.weigh(reader) for each in queries]
        default = 1.0 if self.type in ("most_fields", "bool_prefix") else 0.0
        return DisMaxWeight(weights, default if self.tie is None else self.tie, self.boost)

    def _queries(self, reader: Reader) -> list[Match]:
        """One on each field; where all fields are meant, a text that is no value of one is none of its."""
        is_all = not self.fields or any(name == "*" for name, _ in self.fields)
        how = replace(self.how, is_lenient=True) if is_all else self.how
        return [
            Match(field=name, text=self.text, how=how, mode=self._mode(reader, name), boost=boost)
            for name, boost in reader.searched(self.fields)
        ]

    def _mode(self, reader: Reader, name: str) -> str:
        return "words" if isinstance(reader.field(name), SemanticText) else _MODES.get(self.type, "words")

    def _crossed(self, reader: Reader, queries: Sequence[Query]) -> Weight:
        """Word by word, each in any of the fields of one analyzer, with the statistics of all of them."""
        groups: dict[str, list[tuple[Text, float]]] = {}
        weights: list[Weight] = []
        for query in queries:
            name = query.field if isinstance(query, Match) else ""
            field = reader.field(name)
            if isinstance(field, Text):
                own = groups.setdefault(analyzer_of(reader, field, self.how.analyzer).name, [])
                own.append((field, query.boost))
            else:
                weights.append(query.weigh(reader))
        tie = self.tie or 0.0
        text = scalar(self.text)
        weights += [crossed(reader, fields, text, self.how, tie) for fields in groups.values()]
        return DisMaxWeight(weights, tie, self.boost)


def crossed(reader: Reader, fields: Sequence[tuple[Text, float]], text: str, how: How, tie: float) -> Weight:
    """The weight of a text in fields of one analyzer: each word in the best of them."""
    tokens = analyzer_of(reader, fields[0][0], how.analyzer).analyze(text)
    clauses = [_blended(reader, fields, token.term, tie) for token in tokens]
    if not clauses:
        return Constant(everything, 1.0) if how.zero_terms == "all" else MatchNone().weigh(reader)
    return _needed(clauses, how)


def _needed(clauses: Sequence[Weight], how: How) -> Weight:
    """As many clauses as the operator or minimum_should_match wants."""
    if how.operator == "and":
        return BoolWeight(clauses, (), (), (), 0, 1.0)
    least = 1 if how.least is None or len(clauses) == 1 else max(minimum(how.least, len(clauses)), 1)
    return BoolWeight((), clauses, (), (), least, 1.0)


def _blended(reader: Reader, fields: Sequence[tuple[Text, float]], term: str, tie: float) -> Weight:
    """A word in several fields, as if it were about as frequent in each as in that where it is most frequent.

    As Elasticsearch has it, fields where it is less frequent count it as a little more frequent, so that of two equal
    fields that wins where the word is expected.
    """
    ordered = sorted(
        ((reader.frequency(each.name, term), each, boost) for each, boost in fields), key=lambda own: -own[0]
    )
    counted, before = ordered[0][0], ordered[0][0]
    weights: list[Weight] = []
    for frequency, each, boost in ordered:
        if not frequency:
            break
        counted += before > frequency
        before = frequency
        model = reader.model(each.name)
        own = model.weight([min(counted, model.count)], boost)
        weights.append(TermsWeight(each.name, {term: own}, model, {term: counted}))
    return DisMaxWeight(weights, tie, 1.0)


@dataclass(frozen=True)
class CombinedWeight:
    """BM25F of one term: the fields are one text, in which a field's words count as often as its weight says.

    https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-combined-fields-query
    """

    fields: Sequence[tuple[str, float]]
    term: str
    weight: float
    model: Bm25

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has the term in one of the fields."""
        frequencies, lengths = np.zeros(table.size, dtype=np.float32), np.zeros(table.size, dtype=np.float32)
        for name, weight in self.fields:
            view = table.text(name)
            if view is not None:
                postings = view.postings(self.term)
                frequencies[postings.docs] += postings.values * np.float32(weight)
                lengths += LENGTHS[view.norms] * np.float32(weight)
        mask = frequencies > 0
        if not scored:
            return Hits(mask)
        # As Lucene, which keeps the whole length in one byte again.
        inverse = self.model.inverse[norms.encode(np.floor(lengths + 0.5).astype(np.int64))]
        own, one = np.float32(self.weight), np.float32(1)
        return Hits(mask, own - own / (one + frequencies * inverse))

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The score, and how rare the term is."""
        hits = self.run(table, scored=True)
        if not hits.mask[document]:
            return None
        names = " ".join(f"{name}^{weight:g}" for name, weight in self.fields)
        told = f"weight(CombinedFieldQuery(({names}):{self.term}) in {document}), result of:"
        return Explanation(float(hits.points()[document]), told, [Explanation(self.weight, "weight")])


@dataclass(frozen=True, kw_only=True)
class Combined(Query):
    """combined_fields: text fields with one analyzer, as one."""

    fields: Sequence[tuple[str, float]]
    text: str
    how: How = PLAIN

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"query": "a house", "fields": ["title^3", "body"]}`."""
        body = Body("combined_fields", given)
        made = cls(
            fields=boosted(body.required("fields", lambda value: value), "combined_fields"),
            text=str(body.required("query", lambda value: value)),
            how=How.parse(body),
            **body.common(),
        )
        body.done()
        if any(boost < 1 for _, boost in made.fields):
            raise IllegalArgument("[combined_fields] requires field weights of at least 1")
        return made

    def weigh(self, reader: Reader) -> Weight:
        """BM25F over all."""
        fields = self._fields(reader)
        names = [(each.name, boost) for each, boost in fields]
        models = [reader.model(name) for name, _ in names]
        count = max((model.count for model in models), default=0)
        if not count:
            return MatchNone().weigh(reader)
        length = sum(model.sum_length * boost for model, (_, boost) in zip(models, names, strict=True))
        model = replace(models[0], count=count, sum_length=int(length))
        clauses: list[Weight] = []
        for token in fields[0][0].search_analyzer.analyze(self.text):
            frequency = max(reader.frequency(name, token.term) for name, _ in names)
            clauses.append(CombinedWeight(names, token.term, model.weight([frequency]), model))
        if not clauses:
            every = Constant(everything, self.boost)
            return every if self.how.zero_terms == "all" else MatchNone().weigh(reader)
        return Boosted(_needed(clauses, self.how), self.boost)

    def _fields(self, reader: Reader) -> list[tuple[Text, float]]:
        """The fields, which have one analyzer. Raises IllegalArgument."""
        found = []
        for name, boost in reader.searched(self.fields):
            field = reader.field(name)
            if not isinstance(field, Text):
                raise IllegalArgument(
                    f"Field [{name}] of type [{field.kind if field else None}] does not "
                    f"support [combined_fields] queries"
                )
            found.append((field, boost))
        if len({each.search_analyzer.name for each, _ in found}) > 1:
            raise IllegalArgument("All fields in [combined_fields] query must have the same search analyzer")
        return found
