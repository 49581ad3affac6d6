"""From the JSON of a query to its node."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import count
from typing import Any

import orjson

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.query.body import Body
from connote.search.query.boolean import Bool, Boosting, ConstantScore, DisMax
from connote.search.query.features import DistanceFeature, RankFeature
from connote.search.query.functions import FunctionScore
from connote.search.query.fuzzy import Fuzzy
from connote.search.query.geo import GeoBox, GeoDistance
from connote.search.query.geogrid import GeoGrid
from connote.search.query.geoshape import GeoShape
from connote.search.query.intervals import Intervals
from connote.search.query.join import HasChild, HasParent, ParentId
from connote.search.query.knn import Knn
from connote.search.query.likeness import MoreLikeThis
from connote.search.query.match import Match
from connote.search.query.multi import Combined, MultiMatch
from connote.search.query.nested import Nested
from connote.search.query.patterns import Prefix, Regexp, Wildcard
from connote.search.query.percolate import Percolate
from connote.search.query.pinned import Pinned, wrapped
from connote.search.query.query import MatchAll, MatchNone, Query
from connote.search.query.ranges import Range
from connote.search.query.rule import Rule
from connote.search.query.script import ScriptScore
from connote.search.query.scriptquery import ScriptQuery
from connote.search.query.spans import KINDS as SPANS
from connote.search.query.sparse import Sparse
from connote.search.query.strings import QueryString
from connote.search.query.term import Exists, Ids, Term, Terms
from connote.search.query.termset import TermsSet

# As deep as Elasticsearch goes (indices.query.bool.max_nested_depth).
MOST_DEPTH = 30
# Queries in one, all together: as many as a heap of some gigabytes lets Elasticsearch take.
MOST_CLAUSES = 16_384
# Hits of a search that does not say how many.
SIZE = 10
COMPATIBILITY = "https://github.com/connote-search/connote/blob/main/docs/compatibility.md"

Parse = Callable[[Any], Query]
_SIMPLE: Mapping[str, Parse] = {
    "combined_fields": Combined.parse,
    "distance_feature": DistanceFeature.parse,
    "exists": Exists.parse,
    "fuzzy": Fuzzy.parse,
    "geo_bounding_box": GeoBox.parse,
    "geo_distance": GeoDistance.parse,
    "geo_grid": GeoGrid.parse,
    "geo_polygon": GeoShape.parse_polygon,
    "geo_shape": GeoShape.parse,
    "ids": Ids.parse,
    "intervals": Intervals.parse,
    "match": Match.parse,
    "match_bool_prefix": lambda given: Match.parse(given, "match_bool_prefix", "bool_prefix"),
    "match_phrase": lambda given: Match.parse(given, "match_phrase", "phrase"),
    "match_phrase_prefix": lambda given: Match.parse(given, "match_phrase_prefix", "phrase_prefix"),
    "more_like_this": MoreLikeThis.parse,
    "multi_match": MultiMatch.parse,
    "parent_id": ParentId.parse,
    "prefix": Prefix.parse,
    "query_string": QueryString.parse,
    "range": Range.parse,
    "rank_feature": RankFeature.parse,
    "regexp": Regexp.parse,
    "script": ScriptQuery.parse,
    "semantic": Match.parse_semantic,
    "simple_query_string": QueryString.parse_simple,
    "sparse_vector": Sparse.parse,
    "term": Term.parse,
    "terms": Terms.parse,
    "terms_set": TermsSet.parse,
    "text_expansion": Sparse.parse_expansion,
    "weighted_tokens": Sparse.parse_weighted,
    "wildcard": Wildcard.parse,
}
_COMPOUND: Mapping[str, Callable[[Any, Parse], Query]] = {
    "bool": Bool.parse,
    "boosting": Boosting.parse,
    "constant_score": ConstantScore.parse,
    "dis_max": DisMax.parse,
    "function_score": FunctionScore.parse,
    "has_child": HasChild.parse,
    "has_parent": HasParent.parse,
    "nested": Nested.parse,
    "percolate": lambda given, _: _percolate(given),
    "pinned": Pinned.parse,
    "rule": Rule.parse,
    "rule_query": Rule.parse,
    "script_score": ScriptScore.parse,
    "wrapper": wrapped,
    **SPANS,
}


KINDS = (*_SIMPLE, *_COMPOUND, "knn", "match_all", "match_none")


def parse(given: Any, depth: int = 0, size: int = SIZE, clauses: Iterator[int] | None = None) -> Query:  # noqa: ANN401
    """The query in the JSON of `{"KIND": {…}}`, of a search for so many hits. Raises BadQuery, IllegalArgument.

    `clauses` counts those of the whole query.
    """
    clauses = count(1) if clauses is None else clauses
    if next(clauses) > MOST_CLAUSES:
        raise IllegalArgument(f"Query contains too many nested clauses; maxClauseCount is set to {MOST_CLAUSES}")
    if depth > MOST_DEPTH:
        raise IllegalArgument(
            f"The nested depth of the query exceeds the maximum nested depth for queries set in [indices.query.bool."
            f"max_nested_depth: {MOST_DEPTH}]"
        )
    kind, value = _named(given)
    if kind in _COMPOUND:
        return _COMPOUND[kind](value, lambda inner: parse(inner, depth + 1, size, clauses))
    if kind == "knn":
        return Knn.parse_query(value, lambda inner: parse(inner, depth + 1, size, clauses), size)
    if kind in _SIMPLE:
        return _SIMPLE[kind](value)
    if kind == "match_all":
        return _all(MatchAll, kind, value)
    if kind == "match_none":
        return _all(MatchNone, kind, value)
    raise BadQuery(f"unknown query [{kind}]; the queries that connote knows are listed in {COMPATIBILITY}")


@lru_cache(maxsize=10_000)
def stored(text: str) -> Query:
    """A query that a percolator keeps as JSON. Raises what `parse` raises."""
    return parse(orjson.loads(text))


def _percolate(given: Any) -> Query:  # noqa: ANN401
    return Percolate.parse(given, stored)


def _named(given: Any) -> tuple[str, Any]:  # noqa: ANN401
    """The kind of a query, and what it is made of."""
    if not isinstance(given, Mapping):
        raise BadQuery("[_na] query malformed, must start with start_object")
    if not given:
        raise IllegalArgument("query malformed, empty clause found")
    if len(given) > 1:
        first, second, *_ = given
        raise BadQuery(f"[{first}] malformed query, expected [END_OBJECT] but found [FIELD_NAME] [{second}]")
    ((kind, value),) = given.items()
    return kind, value


def _all(made: type[MatchAll] | type[MatchNone], kind: str, value: Any) -> Query:  # noqa: ANN401
    body = Body(kind, value)
    found = made(**body.common())
    body.done()
    return found
