"""Full-text queries on one field: match, match_phrase, match_phrase_prefix, match_bool_prefix, and semantic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.contract.results import Vector
from connote.search.analysis import Analyzer, Token
from connote.search.engine.segment import Table
from connote.search.mapping.field import Field
from connote.search.mapping.keyword import Keyword
from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.text import MatchOnlyText, Text, scalar
from connote.search.query import fuzzy, patterns, phrase
from connote.search.query.body import Body, one_field
from connote.search.query.boolean import BoolWeight
from connote.search.query.fuzzy import MOST_EXPANSIONS, Fuzziness
from connote.search.query.knn import dense_weight
from connote.search.query.minimum import minimum
from connote.search.query.patterns import Prefix
from connote.search.query.phrase import PhraseWeight
from connote.search.query.query import Asks, Constant, Explanation, Hits, MatchNone, Query, Weight
from connote.search.query.reader import META, Reader
from connote.search.query.sparse import SparseWeight
from connote.search.query.term import Term, having, terms_weight
from connote.search.query.values import everything
from connote.search.query.weighting import weighted


@dataclass(frozen=True)
class How:
    """How the words of a text are looked for."""

    operator: str = "or"
    least: str | int | None = None
    analyzer: str | None = None
    fuzziness: Fuzziness | None = None
    expansions: int = MOST_EXPANSIONS
    zero_terms: str = "none"
    slop: int = 0
    is_lenient: bool = False
    with_synonym_phrases: bool = True

    @classmethod
    def parse(cls, body: Body) -> "How":
        """The parameters of match, which multi_match and others have too."""
        operator = (body.text("operator") or "or").lower()
        if operator not in ("or", "and"):
            raise BadQuery(f"[{body.kind}] operator must be [or] or [and], not [{operator}]")
        edits = body.raw("fuzziness")
        fuzziness = Fuzziness.parse(body, "AUTO" if edits is None else edits, "fuzzy_transpositions")
        least = body.raw("minimum_should_match")
        if least is not None:
            minimum(least, 1)
        for name in ("cutoff_frequency", "fuzzy_rewrite"):
            body.raw(name)
        zero = (body.text("zero_terms_query") or "none").lower()
        if zero not in ("none", "all"):
            raise BadQuery(f"[{body.kind}] zero_terms_query must be [none] or [all], not [{zero}]")
        return cls(
            operator,
            least,
            body.text("analyzer"),
            None if edits is None else fuzziness,
            fuzziness.expansions,
            zero,
            _slop(body),
            body.flag("lenient", default=False),
            body.flag("auto_generate_synonyms_phrase_query", default=True),
        )


def _slop(body: Body) -> int:
    slop = body.whole("slop", 0)
    if slop < 0:
        raise BadQuery(f"[{body.kind}] No negative slop allowed.")
    return slop


PLAIN = How()


@dataclass(frozen=True, kw_only=True)
class Match(Query):
    """The words of a text; on a semantic field its meaning (`vector` is what an endpoint made of the text)."""

    field: str
    text: Any
    how: How = PLAIN
    mode: str = "words"  # or phrase, phrase_prefix, bool_prefix
    vector: Mapping[str, float] | Vector | None = None
    is_semantic_only: bool = False

    @classmethod
    def parse(cls, given: Any, kind: str = "match", mode: str = "words") -> Query:  # noqa: ANN401
        """`{"title": "a house"}` or `{"title": {"query": "a house", "operator": "and"}}`."""
        field, body, _ = one_field(kind, given, "query")
        text = body.raw("query")
        if text is None:
            raise BadQuery(
                f"[{kind}] unknown token [VALUE_NULL] after [query]" if field else "No text specified for text query"
            )
        if isinstance(text, Mapping | list):
            raise BadQuery(f"[{kind}] [query] of [{field}] must be a single value")
        made = cls(field=field, text=text, how=How.parse(body), mode=mode, **body.common())
        body.done()
        return made

    @classmethod
    def parse_semantic(cls, given: Any) -> Query:  # noqa: ANN401
        """The query `semantic`: `{"field": "body", "query": "a house"}`."""
        body = Body("semantic", given)
        field, text = body.required("field", str), body.required("query", str)
        for name in ("prune", "pruning_config"):
            body.raw(name)
        made = cls(field=field, text=text, is_semantic_only=True, **body.common())
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """On a semantic field, with the embedding of the text."""
        field = reader.field(self.field)
        if not isinstance(field, SemanticText):
            if self.is_semantic_only and field is not None:
                raise IllegalArgument(f"Field [{self.field}] of type [{field.kind}] does not support semantic queries")
            return self
        if self.mode not in ("words", "bool_prefix"):
            raise IllegalArgument(f"Field [{self.field}] of type [semantic_text] does not support {self.mode} queries")
        endpoint, text = field.search_endpoint, scalar(self.text)
        if not text.strip():
            return MatchNone(name=self.name)
        task = (field.model or {}).get("task_type") or await asks.task(endpoint)
        if task == "sparse_embedding":
            return replace(self, vector=await asks.sparse(endpoint, text))
        return replace(self, vector=await asks.dense(endpoint, text))

    def weigh(self, reader: Reader) -> Weight:
        """By the words, or by the vector."""
        if self.field in META:
            return Term(field=self.field, value=self.text, boost=self.boost).weigh(reader)
        field = reader.field(self.field)
        if field is None:
            return MatchNone().weigh(reader)
        if isinstance(field, SemanticText):
            return _semantic(reader, field, self.vector, self.boost)
        if not isinstance(field, Text):
            return self._value(reader, field)
        if not field["index"] and self.how.is_lenient:
            return MatchNone().weigh(reader)
        if not field["index"]:
            raise IllegalArgument(
                f"failed to create query: Cannot search on field [{field.name}] since it is not indexed."
            )
        found = _words(reader, field, scalar(self.text), self.how, self.mode)
        return found if self.boost == 1 else Boosted(found, self.boost)

    def _value(self, reader: Reader, field: Field) -> Weight:
        """A field that is not analysed has the text as its value, or not."""
        try:
            return self._equal(reader, field)
        except ConnoteError as error:
            if self.how.is_lenient:
                return MatchNone().weigh(reader)
            failed = BadQuery(f"failed to create query: {error.reason.removeprefix('failed to create query: ')}")
            failed.caused_by = error
            raise failed from None

    def _equal(self, reader: Reader, field: Field) -> Weight:
        if self.mode == "phrase_prefix":
            raise IllegalArgument(
                f"Can only use phrase prefix queries on text fields - not on [{field.name}] "
                f"which is of type [{field.kind}]"
            )
        if isinstance(field, Keyword) and self.mode == "bool_prefix":
            return Prefix(field=field.name, value=scalar(self.text), boost=self.boost).weigh(reader)
        if isinstance(field, Keyword) and self.how.fuzziness is not None and self.mode == "words":
            return fuzzy.weight(reader, field, field.normal(scalar(self.text)), self.how.fuzziness, self.boost)
        return Term(field=field.name, value=self.text, boost=self.boost).weigh(reader)


def _semantic(reader: Reader, field: SemanticText, vector: Any, boost: float) -> Weight:  # noqa: ANN401
    if vector is None:
        return MatchNone().weigh(reader)
    if isinstance(vector, Mapping):
        return SparseWeight(field.name, weighted(vector, reader, field), boost)
    return dense_weight(reader, field, vector, boost=boost)


@dataclass(frozen=True)
class Boosted:
    """Another weight, times a boost."""

    inner: Weight
    boost: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        """The same documents."""
        hits = self.inner.run(table, scored=scored)
        return hits if hits.scores is None else Hits(hits.mask, hits.scores * np.float32(self.boost))

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The product."""
        found = self.inner.explain(table, document)
        return found and Explanation(found.value * self.boost, "product of:", [Explanation(self.boost, "boost"), found])


def analyzer_of(reader: Reader, field: Text, name: str | None, *, is_phrase: bool = False) -> Analyzer:
    """What cuts a query on a field. Raises BadQuery for an analyzer that is not there."""
    if name is None:
        return field.quote_analyzer if is_phrase else field.search_analyzer
    found = reader.mapping.analysis.analyzer(name)
    if found is None:
        raise BadQuery(f"[match] analyzer [{name}] not found")
    return found


def _words(reader: Reader, field: Text, text: str, how: How, mode: str) -> Weight:
    is_phrase = mode in ("phrase", "phrase_prefix")
    tokens = analyzer_of(reader, field, how.analyzer, is_phrase=is_phrase).analyze(text)
    if not tokens:
        every = Constant(everything, 1.0)
        return every if how.zero_terms == "all" else MatchNone().weigh(reader)
    if is_phrase:
        return phrase.weight(reader, field.name, tokens, how.slop, how.expansions if mode == "phrase_prefix" else 0)
    groups = by_position(tokens)
    clauses = [_clause(reader, field, group, how) for group in groups]
    if mode == "bool_prefix":
        last = groups[-1][0][0].term
        clauses[-1] = Constant(patterns.prefixed(field.name, last), 1.0)
    return _together(reader, field, groups, clauses, how, mode)


def _together(
    reader: Reader, field: Text, groups: list[list[list[Token]]], clauses: list[Weight], how: How, mode: str
) -> Weight:
    plain = (
        mode == "words" and how.fuzziness is None and all(len(group) == 1 and len(group[0]) == 1 for group in groups)
    )
    needs = how.operator == "and" or how.least is not None
    if len(clauses) == 1:
        return clauses[0]
    if plain and not needs and not isinstance(field, MatchOnlyText):
        # One sweep over all lists: a word that stands twice counts twice.
        boosts: dict[str, float] = {}
        for group in groups:
            term = group[0][0].term
            boosts[term] = boosts.get(term, 0.0) + 1.0
        return terms_weight(reader, field.name, boosts)
    if how.operator == "and":
        return BoolWeight(clauses, (), (), (), 0, 1.0)
    least = 1 if how.least is None else max(minimum(how.least, len(clauses)), 1)
    return BoolWeight((), clauses, (), (), least, 1.0)


def by_position(tokens: Sequence[Token]) -> list[list[list[Token]]]:
    """The tokens by position: at each the alternatives, of which each is one token or, of a graph, several in a row."""
    groups: list[list[list[Token]]] = []
    starts: list[tuple[int, int]] = []  # from and to
    for token in tokens:
        if starts and token.position < starts[-1][1]:
            # Within what a longer alternative spans: it goes on with the side path, or is another alternative.
            start, end = starts[-1]
            for path in groups[-1]:
                if path[-1].position + path[-1].length == token.position and token.position > start:
                    path.append(token)
                    break
            else:
                groups[-1].append([token])
            starts[-1] = (start, max(end, token.position + token.length))
        else:
            groups.append([[token]])
            starts.append((token.position, token.position + token.length))
    return groups


def _clause(reader: Reader, field: Text, group: list[list[Token]], how: How) -> Weight:
    """One position: a term, the sum over synonyms as if they were one term, or phrases among the alternatives."""
    singles = [path[0].term for path in group if len(path) == 1]
    phrases = [path for path in group if len(path) > 1]
    weights: list[Weight] = []
    if singles and how.fuzziness is not None:
        weights += [fuzzy.weight(reader, field, term, how.fuzziness) for term in singles]
    elif singles and isinstance(field, MatchOnlyText):
        weights.append(Constant(having(field.name, singles), 1.0))
    elif len(singles) == 1:
        weights.append(terms_weight(reader, field.name, {singles[0]: 1.0}))
    elif singles:
        weights.append(phrase.synonyms(reader, field.name, singles))
    for path in phrases:
        if how.with_synonym_phrases:
            weights.append(phrase.weight(reader, field.name, path, 0, 0))
        else:
            weights.append(
                BoolWeight([terms_weight(reader, field.name, {each.term: 1.0}) for each in path], (), (), (), 0, 1.0)
            )
    return weights[0] if len(weights) == 1 else BoolWeight((), weights, (), (), 1, 1.0)


__all__ = ["PLAIN", "Boosted", "How", "Match", "PhraseWeight", "analyzer_of"]
