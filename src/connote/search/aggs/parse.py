"""From the JSON of `aggs` to their tree."""

from collections.abc import Mapping
from typing import Any

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.aggs import pipelines
from connote.search.aggs.addresses import IpPrefix, IpRange
from connote.search.aggs.adjacency import Adjacency
from connote.search.aggs.base import Base
from connote.search.aggs.boxplot import Boxplot
from connote.search.aggs.composite import Composite
from connote.search.aggs.filters import Filter, Filters, Global, Missing, Nested, ReverseNested
from connote.search.aggs.geo import Places
from connote.search.aggs.grids import Grid
from connote.search.aggs.histograms import AutoDateHistogram, DateHistogram, Histogram
from connote.search.aggs.hits import TopHits, TopMetrics
from connote.search.aggs.kin import Children, Parent
from connote.search.aggs.lines import Line
from connote.search.aggs.matrix import Matrix
from connote.search.aggs.metrics import (
    FIGURES,
    Count,
    ExtendedStats,
    Figure,
    Percentiles,
    Ranks,
    Stats,
    WeightedAverage,
)
from connote.search.aggs.options import Options
from connote.search.aggs.ranges import DistanceRanges, Range
from connote.search.aggs.rate import Rate
from connote.search.aggs.samples import DiversifiedSampler, Sampler
from connote.search.aggs.scripted import ScriptedMetric
from connote.search.aggs.significant import Significant
from connote.search.aggs.strings import StringStats
from connote.search.aggs.student import TTest
from connote.search.aggs.terms import MultiTerms, Rare, Terms
from connote.search.aggs.tree import Agg, Aggs
from connote.search.aggs.widths import VariableWidth

KINDS: Mapping[str, type[Agg]] = {
    **dict.fromkeys(FIGURES, Figure),
    "adjacency_matrix": Adjacency,
    "auto_date_histogram": AutoDateHistogram,
    "boxplot": Boxplot,
    "cardinality": Count,
    "children": Children,
    "composite": Composite,
    "date_histogram": DateHistogram,
    "date_range": Range,
    "diversified_sampler": DiversifiedSampler,
    "extended_stats": ExtendedStats,
    "filter": Filter,
    "filters": Filters,
    "geo_bounds": Places,
    "geo_centroid": Places,
    "geo_distance": DistanceRanges,
    "geo_line": Line,
    "geohash_grid": Grid,
    "geohex_grid": Grid,
    "geotile_grid": Grid,
    "global": Global,
    "histogram": Histogram,
    "ip_prefix": IpPrefix,
    "ip_range": IpRange,
    "matrix_stats": Matrix,
    "missing": Missing,
    "multi_terms": MultiTerms,
    "nested": Nested,
    "parent": Parent,
    "percentile_ranks": Ranks,
    "percentiles": Percentiles,
    "random_sampler": Sampler,
    "range": Range,
    "rare_terms": Rare,
    "rate": Rate,
    "reverse_nested": ReverseNested,
    "sampler": Sampler,
    "scripted_metric": ScriptedMetric,
    "significant_terms": Significant,
    "significant_text": Significant,
    "stats": Stats,
    "string_stats": StringStats,
    "t_test": TTest,
    "terms": Terms,
    "top_hits": TopHits,
    "top_metrics": TopMetrics,
    "value_count": Count,
    "variable_width_histogram": VariableWidth,
    "weighted_avg": WeightedAverage,
}
# What Elasticsearch has and connote does not.
REFUSED = (
    "bucket_correlation", "bucket_count_ks_test", "categorize_text", "change_point", "frequent_item_sets",
    "inference", "moving_avg", "time_series",
)  # fmt: skip
MOST_DEPTH = 30


def parse(given: Any, depth: int = 0) -> Aggs:  # noqa: ANN401 (JSON)
    """The aggregations in `{"NAME": {"KIND": {…}, "aggs": {…}}}`. Raises BadQuery, IllegalArgument."""
    if depth > MOST_DEPTH:
        raise IllegalArgument(f"aggregations are nested more than {MOST_DEPTH} deep")
    if not isinstance(given, Mapping):
        raise BadQuery(f"Expected [START_OBJECT] under [aggs], but got [{java(given)[:100]}]")
    nodes, later = list[Agg](), list[Base]()
    for name, body in given.items():
        if not isinstance(body, Mapping):
            raise BadQuery(
                f"Aggregation definition for [{name} starts with a [{java(body)[:100]}], expected a [START_OBJECT]"
            )
        if not name or any(letter in name for letter in "[]>"):
            raise BadQuery(
                f"Invalid aggregation name [{name}]. Aggregation names can contain any character except '[', ']', "
                "and '>'"
            )
        made = _one(name, body, depth)
        if isinstance(made, Base):
            later.append(made)
        else:
            nodes.append(made)
    return Aggs(nodes, pipelines.in_order(later, nodes))


def _one(name: str, body: Mapping[str, Any], depth: int) -> Agg | Base:
    subs, meta, kind = body.get("aggs", body.get("aggregations")), body.get("meta"), _kind(name, body)
    if meta is not None and not isinstance(meta, Mapping):
        raise BadQuery(f"[meta] of [{name}] must be an object")
    if kind in pipelines.KINDS:
        if subs:
            raise IllegalArgument(f"Aggregation [{name}] of type [{kind}] cannot accept sub-aggregations")
        return pipelines.parse(name, kind, body[kind])
    made = KINDS[kind]
    if kind == "global" and depth:
        raise IllegalArgument(f"Aggregation [{name}] cannot have a global sub-aggregation: it must be at the top level")
    if subs and not made.takes_subs:
        raise IllegalArgument(f"Aggregator [{name}] of type [{kind}] cannot accept sub-aggregations")
    options = Options(kind, body[kind])
    own = made.read(options)
    options.done()
    return made(name=name, kind=kind, meta=meta, subs=parse(subs or {}, depth + 1), **own)


def _kind(name: str, body: Mapping[str, Any]) -> str:
    kinds = [key for key in body if key not in ("aggs", "aggregations", "meta")]
    if not kinds:
        raise BadQuery(f"Missing definition for aggregation [{name}]")
    if len(kinds) > 1:
        raise BadQuery(f"Found two aggregation type definitions in [{name}]: [{kinds[0]}] and [{kinds[1]}]")
    if kinds[0] in REFUSED:
        raise BadQuery(f"aggregation type [{kinds[0]}] is not supported; see docs/compatibility.md")
    if kinds[0] not in KINDS and kinds[0] not in pipelines.KINDS:
        raise BadQuery(f"Unknown aggregation type [{kinds[0]}]")
    return kinds[0]
