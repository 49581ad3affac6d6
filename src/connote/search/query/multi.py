"""The same text in several fields: multi_match and combined_fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine.arrays import Floats
from connote.search.engine.norms import LENGTHS
from connote.search.engine.segment import Table
from connote.search.mapping.field import Field
from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.text import Text, scalar
from connote.search.query.body import Body
from connote.search.query.boolean import BoolWeight, DisMaxWeight
from connote.search.query.match import Boosted, How, Match, analyzer_of
from connote.search.query.minimum import minimum
from connote.search.query.query import Asks, Explanation, Hits, MatchNone, Query, Weight
from connote.search.query.reader import Reader

TYPES = ("best_fields", "most_fields", "cross_fields", "phrase", "phrase_prefix", "bool_prefix")
_MODES = {"phrase": "phrase", "phrase_prefix": "phrase_prefix", "bool_prefix": "bool_prefix"}
MOST_FIELDS = 4096


def boosted(given: Any, kind: str) -> list[tuple[str, float]]:  # noqa: ANN401 (JSON)
    """Fields with their boosts, of `title^3`. Raises BadQuery."""
    found = []
    for each in given if isinstance(given, list) else [given]:
        if not isinstance(each, str):
            raise BadQuery(f"[{kind}] query: field name must be a text")
        name, _, boost = each.partition("^")
        try:
            found.append((name, float(boost) if boost else 1.0))
        except ValueError:
            raise BadQuery(f"[{kind}] boost of [{each}] must be a number") from None
    return found


@dataclass(frozen=True, kw_only=True)
class MultiMatch(Query):
    """A text in several fields. `parts` are the queries on each, once the fields are known."""

    fields: Sequence[tuple[str, float]]
    text: Any
    type: str = "best_fields"
    how: How = How()
    tie: float | None = None
    each: Sequence[Query] = field(default=())

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
        tie = body.raw("tie_breaker")
        how = How.parse(body)
        if how.fuzziness is not None and kind in ("cross_fields", "phrase", "phrase_prefix"):
            raise BadQuery(f"Fuzziness not allowed for type [{kind}]")
        made = cls(
            fields=boosted(body.raw("fields", []), "multi_match"),
            text=text,
            type=kind,
            how=how,
            tie=None if tie is None else float(tie),
            **body.common(),
        )
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """With a query on each field; semantic ones have their vectors."""
        found = []
        for name, boost in _resolved(reader, self.fields):
            query = Match(
                field=name, text=self.text, how=self._how(reader, name), mode=self._mode(reader, name), boost=boost
            )
            found.append(await query.rewritten(asks, reader))
        return replace(self, each=found)

    def weigh(self, reader: Reader) -> Weight:
        """The best field, the sum of all, or all fields as one."""
        if self.type == "cross_fields":
            return self._crossed(reader)
        weights = [each.weigh(reader) for each in self.each]
        if not weights:
            return MatchNone().weigh(reader)
        if self.type in ("most_fields", "bool_prefix"):
            tie = 1.0 if self.tie is None else self.tie
        else:
            tie = 0.0 if self.tie is None else self.tie
        return DisMaxWeight(weights, tie, self.boost)

    def _crossed(self, reader: Reader) -> Weight:
        """Word by word: each in any of the fields, with the statistics of all of them."""
        texts = [
            (each, boost)
            for name, boost in _resolved(reader, self.fields)
            if isinstance(each := reader.field(name), Text)
        ]
        others = [
            each.weigh(reader) for each in self.each if not isinstance(reader.field(getattr(each, "field", "")), Text)
        ]
        groups: dict[str, list[tuple[Text, float]]] = {}
        for each, boost in texts:
            groups.setdefault(analyzer_of(reader, each, self.how.analyzer).name, []).append((each, boost))
        weights = [
            *(_blended(reader, fields, scalar(self.text), self.how, self.tie or 0.0) for fields in groups.values()),
            *others,
        ]
        if not weights:
            return MatchNone().weigh(reader)
        return DisMaxWeight(weights, self.tie or 0.0, self.boost)

    def _mode(self, reader: Reader, name: str) -> str:
        return "words" if isinstance(reader.field(name), SemanticText) else _MODES.get(self.type, "words")

    def _how(self, reader: Reader, name: str) -> How:
        return replace(self.how, is_lenient=True) if not isinstance(reader.field(name), Text) else self.how


@dataclass(frozen=True)
class BlendedWeight:
    """A word in several fields, as if they were one: the best field, with the highest frequency of all."""

    weights: Sequence[Weight]
    tie: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has it in any field."""
        return DisMaxWeight(self.weights, self.tie, 1.0).run(table, scored=scored)

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The best field."""
        return DisMaxWeight(self.weights, self.tie, 1.0).explain(table, document)


def _blended(reader: Reader, fields: Sequence[tuple[Text, float]], text: str, how: How, tie: float) -> Weight:
    from connote.search.query.term import TermsWeight  # noqa: PLC0415 (as match does)

    terms = list(dict.fromkeys(token.term for token in analyzer_of(reader, fields[0][0], how.analyzer).analyze(text)))
    clauses: list[Weight] = []
    for term in terms:
        frequency = max(reader.frequency(each.name, term) for each, _ in fields)
        count = max(reader.model(each.name).count for each, _ in fields)
        each_weight: list[Weight] = []
        for each, boost in fields:
            model = reader.model(each.name)
            idf = replace(model, count=max(count, 1)).idf(frequency)
            each_weight.append(
                TermsWeight(each.name, {term: float(np.float32(boost) * idf)}, model, {term: frequency}, boost)
            )
        clauses.append(BlendedWeight(each_weight, tie))
    if not clauses:
        return MatchNone().weigh(reader)
    if how.operator == "and":
        return BoolWeight(clauses, (), (), (), 0, 1.0)
    least = 1 if how.least is None else max(minimum(how.least, len(clauses)), 1)
    return BoolWeight((), clauses, (), (), least, 1.0)


@dataclass(frozen=True)
class CombinedWeight:
    """BM25F: the fields are one text, in which a field's words count as often as its weight says.

    https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-combined-fields-query
    """

    fields: Sequence[tuple[str, float]]
    terms: Mapping[str, float]  # idf by term
    average: float
    k1: float
    b: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has one of the terms in one of the fields."""
        lengths = np.zeros(table.size, dtype=np.float32)
        for name, weight in self.fields:
            view = table.text(name)
            if view is not None:
                lengths += LENGTHS[view.norms] * np.float32(weight)
        points, mask = np.zeros(table.size, dtype=np.float32), np.zeros(table.size, dtype=np.bool_)
        for term, idf in self.terms.items():
            frequencies = self._frequencies(table, term)
            mask |= frequencies > 0
            norm = self.k1 * (1 - self.b + self.b * lengths / self.average)
            points += np.float32(idf) * (frequencies / np.maximum(frequencies + norm, np.float32(1e-9)))
        return Hits(mask, points if scored else None)

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The sum."""
        hits = self.run(table, scored=True)
        if not hits.mask[document]:
            return None
        return Explanation(
            float(hits.points()[document]), f"weight(CombinedFieldQuery({' '.join(self.terms)}) in {document})"
        )

    def _frequencies(self, table: Table, term: str) -> Floats:
        found = np.zeros(table.size, dtype=np.float32)
        for name, weight in self.fields:
            view = table.text(name)
            if view is not None:
                postings = view.postings(term)
                found[postings.docs] += postings.values * np.float32(weight)
        return found


@dataclass(frozen=True, kw_only=True)
class Combined(Query):
    """combined_fields: text fields with one analyzer, as one."""

    fields: Sequence[tuple[str, float]]
    text: str
    how: How = How()

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
        texts = [
            (each, boost)
            for name, boost in _resolved(reader, self.fields)
            if isinstance(each := reader.field(name), Text)
        ]
        if not texts:
            return MatchNone().weigh(reader)
        if len({each.search_analyzer.name for each, _ in texts}) > 1:
            raise IllegalArgument("All fields in [combined_fields] query must have the same search analyzer")
        names = [(each.name, boost) for each, boost in texts]
        models = [(reader.model(name), boost) for name, boost in names]
        count = max((model.count for model, _ in models), default=0)
        if not count:
            return MatchNone().weigh(reader)
        average = sum(model.sum_length * boost for model, boost in models) / count
        terms = dict.fromkeys(token.term for token in texts[0][0].search_analyzer.analyze(self.text))
        first = models[0][0]
        clauses: list[Weight] = []
        for term in terms:
            frequency = max(reader.frequency(name, term) for name, _ in names)
            idf = float(replace(first, count=count).idf(frequency))
            clauses.append(CombinedWeight(names, {term: idf}, average, first.k1, first.b))
        if not clauses:
            return MatchNone().weigh(reader)
        needed = (
            len(clauses)
            if self.how.operator == "and"
            else 1
            if self.how.least is None
            else minimum(self.how.least, len(clauses))
        )
        found: Weight = BoolWeight((), clauses, (), (), max(needed, 1), 1.0)
        return found if self.boost == 1 else Boosted(found, self.boost)


def _resolved(reader: Reader, fields: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The fields that are there, by name; without any, all that can be searched."""
    wanted: dict[str, float] = {}
    pairs = fields or [("*", 1.0)]
    for pattern, boost in pairs:
        found: Sequence[Field] = reader.default_fields() if pattern == "*" else reader.fields(pattern)
        for each in found:
            wanted[each.name] = wanted.get(each.name, 0.0) * 0 + boost
    if len(wanted) > MOST_FIELDS:
        raise IllegalArgument(
            f"field expansion for [*] matches too many fields, limit: {MOST_FIELDS}, got: {len(wanted)}"
        )
    return list(wanted.items())
