"""A search as it is asked for: the body of `_search`, and what the URL adds to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract import durations
from connote.contract.errors import BadQuery, IllegalArgument, InvalidRequest
from connote.contract.settings import java
from connote.search import sorting
from connote.search.collapse import Collapse
from connote.search.fetch.fields import INFERENCE, Wanted
from connote.search.fetch.source import SourceFilter
from connote.search.highlight import Highlight
from connote.search.query.boolean import Bool
from connote.search.query.parse import parse as parse_query
from connote.search.query.query import MatchAll, Query
from connote.search.query.vectors import Knn

# Hits of an answer if it is not said how many; how many are counted exactly by default in Elasticsearch (here: all are).
SIZE = 10
# What is taken and says nothing here.
_ACCEPTED = (
    "batched_reduce_size", "preference", "request_cache", "stats", "indices_boost", "ext", "terminate_after", "timeout",
    "allow_partial_search_results", "stored_fields", "min_compatible_shard_node", "index",
)  # fmt: skip


@dataclass(frozen=True)
class SearchRequest:
    """Checked, but for what depends on an index. `knn` are the top-level ones; `retriever` and `aggs` are still JSON."""

    query: Query = field(default_factory=MatchAll)
    has_query: bool = False
    knn: Sequence[Query] = ()
    retriever: Mapping[str, Any] | None = None
    start: int = 0
    size: int = SIZE
    sort: Sequence[tuple[str, dict[str, Any]]] = ()
    after: Sequence[Any] | None = None
    source: SourceFilter = field(default_factory=SourceFilter)
    fields: Sequence[Wanted] = ()
    docvalue_fields: Sequence[Wanted] = ()
    total: bool | int = 10_000
    least: float | None = None
    post_filter: Query | None = None
    collapse: Collapse | None = None
    highlight: Highlight | None = None
    explain: bool = False
    version: bool = False
    seq_no: bool = False
    aggs: Mapping[str, Any] = field(default_factory=dict)
    rescore: Sequence[Mapping[str, Any]] = ()
    rank: Mapping[str, Any] | None = None
    profile: bool = False
    pit: Mapping[str, Any] | None = None
    part: tuple[int, int] | None = None
    script_fields: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    is_source_asked: bool = False
    typed: bool = False  # aggregations with their types before their names

    @property
    def shows_inference(self) -> bool:
        """Whether `_inference_fields` are wanted."""
        return any(each.pattern == INFERENCE for each in self.fields)

    @property
    def window(self) -> int:
        """How many of the first hits are needed."""
        return self.start + self.size


def parse(body: Mapping[str, Any]) -> SearchRequest:
    """The request in a body. Raises BadQuery, IllegalArgument, InvalidRequest."""
    rest = {name: value for name, value in body.items() if name not in _ACCEPTED}
    seconds = durations.seconds(str(body["timeout"]), "timeout") if body.get("timeout") is not None else None
    query, size = rest.pop("query", None), _whole(rest, "size", SIZE)
    knn = rest.pop("knn", None)
    post_filter = rest.pop("post_filter", None)
    source = rest.pop("_source", None)
    pit = rest.get("pit")
    if pit is not None and (not isinstance(pit, Mapping) or not isinstance(pit.get("id"), str)):
        raise BadQuery("[pit] must be an object with an [id]")
    request = SearchRequest(
        query=MatchAll() if query is None else parse_query(query),
        has_query=query is not None,
        knn=_knn(knn, size),
        retriever=_object(rest, "retriever"),
        start=_whole(rest, "from", 0),
        size=size,
        sort=sorting.parse(rest.pop("sort", None) or []),
        after=_list(rest, "search_after"),
        source=SourceFilter.parse(source),
        is_source_asked=source is not None,
        fields=[Wanted.parse(each) for each in _list(rest, "fields") or ()],
        docvalue_fields=[Wanted.parse(each, "docvalue_fields") for each in _list(rest, "docvalue_fields") or ()],
        total=_total(rest.pop("track_total_hits", None)),
        least=_number(rest, "min_score"),
        post_filter=None if post_filter is None else parse_query(post_filter),
        collapse=None if (collapse := _object(rest, "collapse")) is None else Collapse.parse(collapse),
        highlight=None if (highlight := _object(rest, "highlight")) is None else Highlight.parse(highlight),
        explain=_flag(rest, "explain"),
        version=_flag(rest, "version"),
        seq_no=_flag(rest, "seq_no_primary_term"),
        aggs=_object(rest, "aggs") or _object(rest, "aggregations") or {},
        rescore=_rescores(rest.pop("rescore", None)),
        rank=_object(rest, "rank"),
        profile=_flag(rest, "profile"),
        pit=_object(rest, "pit"),
        part=_slice(_object(rest, "slice")),
        script_fields=_object(rest, "script_fields") or {},
        seconds=seconds,
    )
    _flag(rest, "track_scores")
    for name in ("runtime_mappings", "suggest"):
        if rest.pop(name, None):
            raise BadQuery(f"[{name}] is not supported; see docs/compatibility.md")
    if rest:
        raise BadQuery(f"unknown key [{next(iter(rest))}] in the search request")
    if problems := list(_problems(request)):
        raise InvalidRequest(problems)
    return request


def combined(request: SearchRequest) -> Query:
    """The query and the top-level knn searches as one: what either finds, with the sum of its scores."""
    if not request.knn:
        return request.query
    return Bool(should=[*([request.query] if request.has_query else []), *request.knn])


def _problems(request: SearchRequest) -> list[str]:
    found = []
    if request.start < 0:
        found.append(f"[from] parameter cannot be negative but was [{request.start}]")
    if request.size < 0:
        found.append(f"[size] parameter cannot be negative, found [{request.size}]")
    if request.after is not None and request.start > 0:
        found.append("`from` parameter must be set to 0 when `search_after` is used")
    if request.retriever is not None:
        used = {"query": request.has_query, "knn": request.knn, "sort": request.sort, "search_after": request.after}
        used |= {"rescore": request.rescore, "min_score": request.least is not None}
        found += [f"cannot specify [retriever] and [{name}]" for name, is_used in used.items() if is_used]
    return found


def _knn(given: Any, size: int) -> list[Query]:  # noqa: ANN401 (JSON)
    if given is None:
        return []
    listed = given if isinstance(given, list) else [given]
    return [Knn.parse(each, parse_query, size=size) for each in listed]


def _rescores(given: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401
    listed = [] if given is None else given if isinstance(given, list) else [given]
    if not all(isinstance(each, Mapping) for each in listed):
        raise BadQuery("[rescore] must be an object, or an array of objects")
    return listed


def _whole(rest: dict[str, Any], name: str, default: int) -> int:
    value = rest.pop(name, None)
    if value is None:
        return default
    try:
        if isinstance(value, bool) or int(value) != float(value):
            raise IllegalArgument(f"[{name}] must be an integer, not [{java(value)}]")
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise IllegalArgument(f"[{name}] must be an integer, not [{java(value)[:100]}]") from None


def _number(rest: dict[str, Any], name: str) -> float | None:
    value = rest.pop(name, None)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise IllegalArgument(f"[{name}] must be a number, not [{java(value)}]")
    return float(value)


def _flag(rest: dict[str, Any], name: str) -> bool:
    value = rest.pop(name, False)
    if value in ("true", "false"):
        return bool(value == "true")
    if not isinstance(value, bool):
        raise IllegalArgument(
            f"Failed to parse value [{java(value)}] of [{name}] as only [true] or [false] are allowed."
        )
    return value


def _object(rest: dict[str, Any], name: str) -> Mapping[str, Any] | None:
    value = rest.pop(name, None)
    if value is not None and not isinstance(value, Mapping):
        raise BadQuery(f"[{name}] must be an object, not [{java(value)[:100]}]")
    return value


def _list(rest: dict[str, Any], name: str) -> list[Any] | None:
    value = rest.pop(name, None)
    if isinstance(value, str):
        return value.split(",")
    if value is not None and not isinstance(value, list):
        raise BadQuery(f"[{name}] must be an array, not [{java(value)[:100]}]")
    return value


def _total(value: Any) -> bool | int:  # noqa: ANN401
    if value is None:
        return 10_000
    if value in ("true", "false"):
        return bool(value == "true")
    if isinstance(value, bool):
        return value
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise IllegalArgument(f"[track_total_hits] must be a boolean or a number, not [{java(value)}]") from None
    if number < 0 and number != -1:
        raise IllegalArgument(f"[track_total_hits] parameter must be positive or equals to -1, got {number}")
    return True if number == -1 else number


def _slice(given: Mapping[str, Any] | None) -> tuple[int, int] | None:
    if given is None:
        return None
    number, most = given.get("id"), given.get("max")
    if type(number) is not int or type(most) is not int or not 0 <= number < most or most < 2:
        raise IllegalArgument("[slice] needs an [id] from 0 and a [max] of at least 2 that is greater than it")
    return number, most
