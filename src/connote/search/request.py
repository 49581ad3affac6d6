"""A search as it is asked for: the body of `_search`, and what the URL adds to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from connote.contract import durations
from connote.contract.errors import BadQuery, IllegalArgument, InvalidRequest
from connote.contract.settings import java
from connote.search import scriptfields, sorting
from connote.search.collapse import Collapse
from connote.search.fetch.fields import INFERENCE, Wanted
from connote.search.fetch.source import SOURCE, SourceFilter
from connote.search.highlight import Highlight
from connote.search.names import fits
from connote.search.query.boolean import Bool
from connote.search.query.knn import Knn
from connote.search.query.parse import SIZE
from connote.search.query.parse import parse as parse_query
from connote.search.query.query import MatchAll, Query
from connote.search.scriptfields import ScriptField
from connote.search.suggest import Suggest

# How many hits are counted by default (exactly: all are).
COUNTED = 10_000
# What is taken and says nothing here.
_ACCEPTED = (
    "batched_reduce_size", "preference", "request_cache", "stats", "ext",
    "allow_partial_search_results", "min_compatible_shard_node", "index",
)  # fmt: skip
# Hits that are fetched in no time, and patterns that what is shown of them is held against.
_FEW, _FEW_PATTERNS = 100, 10
# What breaks ties between hits, so that one can go on behind the last.
TIES = "_shard_doc"


@dataclass(frozen=True)
class SearchRequest:
    """Checked, but for what depends on an index. `knn` are the top-level ones; `retriever` and `aggs` are still JSON.

    Of `sort` the last `hidden` clauses are only there to go on behind the last hit, and are not shown.
    """

    query: Query = field(default_factory=MatchAll)
    has_query: bool = False
    knn: Sequence[Knn] = ()
    retriever: Mapping[str, Any] | None = None
    start: int = 0
    size: int = SIZE
    asked: int = 0  # the size, if it is said
    sort: Sequence[tuple[str, dict[str, Any]]] = ()
    hidden: int = 0
    after: Sequence[Any] | None = None
    source: SourceFilter = field(default_factory=SourceFilter)
    fields: Sequence[Wanted] = ()
    docvalue_fields: Sequence[Wanted] = ()
    stored_fields: Sequence[str] | None = None
    total: bool | int = COUNTED
    least: float | None = None
    post_filter: Query | None = None
    collapse: Collapse | None = None
    highlight: Highlight | None = None
    explain: bool = False
    version: bool = False
    seq_no: bool = False
    tracks_scores: bool = False
    aggs: Mapping[str, Any] = field(default_factory=dict)
    rescore: Sequence[Mapping[str, Any]] = ()
    boosts: Sequence[tuple[str, float]] = ()
    profile: bool = False
    suggest: Suggest | None = None
    runtime: Mapping[str, Any] = field(default_factory=dict)  # fields of its own, still JSON
    scripts: Mapping[str, ScriptField] = field(default_factory=dict)
    pit: Mapping[str, Any] | None = None
    keep: float | None = None  # how long the point in time is kept alive from now on, in seconds
    part: tuple[int, int] | None = None
    seconds: float | None = None
    enough: int | None = None  # documents of an index that are looked at, then it is left
    is_source_asked: bool = False
    typed: bool = False  # aggregations with their types before their names
    scores_names: bool = False  # scores of the queries with names

    @cached_property
    def shows_inference(self) -> bool:
        """Whether `_inference_fields` are wanted."""
        return any(each.pattern == INFERENCE for each in self.fields)

    @cached_property
    def shows_source(self) -> bool:
        """Whether documents are shown: not if stored fields or scripts are, unless it is said."""
        is_usual = self.stored_fields is None and not self.scripts
        return self.source.is_shown and (self.is_source_asked or is_usual or SOURCE in (self.stored_fields or ()))

    @cached_property
    def shows_more(self) -> bool:
        """Whether hits show more than which they are, and what they score."""
        kept = self.shows_source or self.fields or self.docvalue_fields or self.stored_fields
        return bool(kept or self.scripts or self.explain or self.sort)

    @cached_property
    def is_scored(self) -> bool:
        """Whether hits show their scores."""
        names = [name for name, _ in self.sort]
        return self.tracks_scores or not names or "_score" in names

    @property
    def needs_scores(self) -> bool:
        """Whether scores decide anything."""
        is_sorted = self.is_scored or any(name == "_script" for name, _ in self.sort)
        return self.least is not None or bool(self.aggs) or (is_sorted and self.window > 0)

    @property
    def is_ranked(self) -> bool:
        """Whether nothing is asked for but the hits with the best scores, and how many there are."""
        more = self.sort or self.after is not None or self.least is not None or self.collapse or self.aggs
        return not (more or self.part or self.enough) and self.window > 0

    @property
    def is_plain(self) -> bool:
        """Whether the hits are few, by score, and shown as they are kept."""
        ordered = self.sort or self.after is not None or self.collapse or self.rescore
        more = self.aggs or self.highlight or self.explain or self.scripts or self.suggest
        vectors = self.shows_inference or self.source.excludes_vectors is False
        patterns = len(self.source.includes) + len(self.source.excludes)
        return not (ordered or more or vectors) and self.window <= _FEW and patterns <= _FEW_PATTERNS

    @property
    def window(self) -> int:
        """How many of the first hits are needed."""
        return self.start + self.size

    def boost(self, index: str) -> float:
        """What scores in that index are multiplied with."""
        if not self.boosts:
            return 1.0
        return next((boost for pattern, boost in self.boosts if fits(index, pattern)), 1.0)


def parse(body: Mapping[str, Any]) -> SearchRequest:
    """The request in a body. Raises BadQuery, IllegalArgument, InvalidRequest."""
    given = _plain(_joined(body))
    query, knn, size = given.get("query"), given.get("knn"), given.get("size")
    if query is None and given.get("suggest") and not any(given.get(name) for name in _FINDS):
        query = {"match_none": {}}  # it only suggests
    read, most = _read(given), SIZE
    if size is not None:
        most = read["size"] = read["asked"] = _whole(size, "size")
    if query is not None:
        read |= {"query": parse_query(query, size=most), "has_query": True}
    if knn is not None:
        read["knn"] = _knn(knn, most)
    request = SearchRequest(**read)
    if problems := list(_problems(request)):
        raise InvalidRequest(problems)
    return _tied(request)


def _read(given: Mapping[str, Any]) -> dict[str, Any]:
    """All but what is read apart, by the names that it has here."""
    read = dict[str, Any]()
    for name, value in given.items():
        if name in _APART:
            continue
        if name not in _READERS:
            raise BadQuery(f"Unknown key for a {_token(value)} in [{name}].")
        own, reader = _READERS[name]
        if value is not None or reader is _flag:
            read[own] = reader(value, name)
    if "source" in read:
        read["is_source_asked"] = True
    if read.get("pit", {}).get("keep_alive") is not None:
        read["keep"] = alive(read["pit"]["keep_alive"])
    return read


def _plain(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A retriever that stands alone and only searches is the query, sort and so on that it is made of."""
    tree = body.get("retriever")
    if tree is None:
        return body
    used = [name for name in ("query", "knn", "sort", "search_after", "rescore", "min_score") if body.get(name)]
    if used:
        raise InvalidRequest([f"cannot specify [retriever] and [{name}]" for name in used])
    if not isinstance(tree, Mapping) or len(tree) != 1:
        return body
    ((kind, given),) = tree.items()
    if kind not in ("standard", "knn") or not isinstance(given, Mapping):
        return body
    rest = {name: value for name, value in body.items() if name != "retriever"}
    own = dict(given)
    if kind == "knn":
        least = {"min_score": own.pop("min_score")} if "min_score" in own else {}
        return {**rest, **least, "knn": own}
    query, filters, name = own.pop("query", None), own.pop("filter", None), own.pop("_name", None)
    if unknown := own.keys() - {"sort", "search_after", "min_score", "collapse", "terminate_after"}:
        raise BadQuery(f"[standard] unknown field [{min(unknown)}]")
    if filters is not None or name is not None:
        query = {"bool": {"must": query or [], "filter": filters or [], **({"_name": name} if name else {})}}
    return {**rest, **own, **({} if query is None else {"query": query})}


def _joined(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The older form of rrf, `rank` beside queries and knn searches, as a retriever. Raises BadQuery."""
    if body.get("rank") is None and body.get("sub_searches") is None:
        return body
    rest = {name: value for name, value in body.items() if name not in ("rank", "sub_searches", "query", "knn")}
    rank, knn, more = body.get("rank"), body.get("knn"), body.get("sub_searches") or []
    if not isinstance(rank, Mapping) or list(rank) != ["rrf"] or not isinstance(rank["rrf"], Mapping):
        raise BadQuery("[rank] must be an object with [rrf], and [sub_searches] need a [rank]")
    if not isinstance(more, list) or not all(isinstance(each, Mapping) for each in more):
        raise BadQuery("[sub_searches] must be an array of objects with a [query]")
    queries = [body.get("query"), *(each.get("query") for each in more)]
    parts: list[Any] = [{"standard": {"query": query}} for query in queries if query is not None]
    parts += [{"knn": each} for each in ([] if knn is None else knn if isinstance(knn, list) else [knn])]
    return {**rest, "retriever": {"rrf": {"retrievers": parts, **rank["rrf"]}}}


def _tied(request: SearchRequest) -> SearchRequest:
    """Over a point in time what sorts alike is told apart by its place, which the answer shows."""
    if request.after is not None and not request.sort:
        raise IllegalArgument("Sort must contain at least one field.")
    given, needed = len(request.after or ()), len(request.sort)
    names = [name for name, _ in request.sort]
    if request.pit is not None and request.sort and TIES not in names:
        request = replace(request, sort=[*request.sort, (TIES, {})])
        needed = given if given == needed else needed + 1
    if request.after is not None and given != needed:
        raise IllegalArgument(f"search_after has {given} value(s) but sort has {needed}.")
    return request


def combined(request: SearchRequest, knn: Sequence[Query]) -> Query:
    """The query and the top-level knn searches as one: what either finds, with the sum of its scores."""
    return Bool(should=[*([request.query] if request.has_query else []), *knn]) if knn else request.query


def _problems(request: SearchRequest) -> list[str]:
    found = []
    if request.start < 0:
        found.append(f"[from] parameter cannot be negative but was [{request.start}]")
    if request.enough is not None and request.enough < 0:
        found.append(f"terminateAfter must be > 0, but was [{request.enough}]")
    if request.size < 0:
        found.append(f"[size] parameter cannot be negative, found [{request.size}]")
    if request.after is not None and request.start > 0:
        found.append("`from` parameter must be set to 0 when `search_after` is used")
    if request.rescore and request.sort and [name for name, _ in request.sort] != ["_score"]:
        found.append("cannot use [sort] option in conjunction with [rescore]")
    return found


def _knn(given: Any, size: int) -> list[Knn]:  # noqa: ANN401 (JSON)
    listed = given if isinstance(given, list) else [given]
    return [Knn.parse(each, parse_query, size=size) for each in listed]


def _rescores(given: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401
    listed = given if isinstance(given, list) else [given]
    if not all(isinstance(each, Mapping) for each in listed):
        raise BadQuery("[rescore] must be an object, or an array of objects")
    return listed


def _whole(value: Any, name: str) -> int:  # noqa: ANN401
    try:
        if isinstance(value, bool) or int(value) != float(value):
            raise IllegalArgument(f"[{name}] must be an integer, not [{java(value)}]")
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise IllegalArgument(f"[{name}] must be an integer, not [{java(value)[:100]}]") from None


def _number(value: Any, name: str) -> float:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise IllegalArgument(f"[{name}] must be a number, not [{java(value)}]")
    return float(value)


def _flag(value: Any, name: str) -> bool:  # noqa: ANN401
    if value in ("true", "false"):
        return bool(value == "true")
    if not isinstance(value, bool):
        raise IllegalArgument(
            f"Failed to parse value [{java(value)}] of [{name}] as only [true] or [false] are allowed."
        )
    return value


def _object(value: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401
    if not isinstance(value, Mapping):
        raise BadQuery(f"[{name}] must be an object, not [{java(value)[:100]}]")
    return value


def _list(value: Any, name: str) -> list[Any]:  # noqa: ANN401
    if isinstance(value, str):
        return value.split(",")
    if not isinstance(value, list):
        raise BadQuery(f"[{name}] must be an array, not [{java(value)[:100]}]")
    return value


def _names(value: Any, name: str) -> list[str]:  # noqa: ANN401
    listed = _list(value, name)
    if not all(isinstance(each, str) for each in listed):
        raise BadQuery(f"[{name}] must be names of fields, not [{java(value)[:100]}]")
    return listed


def _pit(value: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401
    if not isinstance(_object(value, name).get("id"), str):
        raise BadQuery("[pit] must be an object with an [id]")
    return _object(value, name)


def _total(value: Any) -> bool | int:  # noqa: ANN401
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


def _slice(given: Mapping[str, Any]) -> tuple[int, int]:
    number, most = given.get("id"), given.get("max")
    if type(number) is not int or type(most) is not int or not 0 <= number < most or most < 2:
        raise IllegalArgument("[slice] needs an [id] from 0 and a [max] of at least 2 that is greater than it")
    return number, most


def _boosts(given: Any) -> list[tuple[str, float]]:  # noqa: ANN401 (JSON)
    """`indices_boost`: `[{"name": 1.3}, …]`, or in its older form one object."""
    found = []
    for each in given if isinstance(given, list) else [given]:
        if not isinstance(each, Mapping) or not all(type(boost) in (int, float) for boost in each.values()):
            raise BadQuery("[indices_boost] must be objects of boosts by index")
        found += [(name, float(boost)) for name, boost in each.items()]
    return found


def _token(value: Any) -> str:  # noqa: ANN401
    """What kind of JSON value it is, as Elasticsearch's parser names it."""
    for kind, name in (
        (Mapping, "START_OBJECT"),
        (list, "START_ARRAY"),
        (bool, "VALUE_BOOLEAN"),
        (str, "VALUE_STRING"),
    ):
        if isinstance(value, kind):
            return name
    return "VALUE_NULL" if value is None else "VALUE_NUMBER"


def alive(given: Any) -> float:  # noqa: ANN401 (JSON)
    """How long something is kept alive, in seconds. Raises IllegalArgument."""
    found = durations.seconds(str(given), "keep_alive")
    if found is None:
        raise IllegalArgument("[keep_alive] must be a time, for nothing is kept alive for ever")
    return found


_FINDS = ("query", "knn", "retriever", "aggs", "aggregations")
# What is read apart from the others, or taken and says nothing here.
_APART = frozenset(["query", "knn", "size", *_ACCEPTED])
# What else a body may have: where it goes, and how it is read of a value that is not null.
_READERS: Mapping[str, tuple[str, Callable[[Any, str], Any]]] = {
    "retriever": ("retriever", _object),
    "from": ("start", _whole),
    "sort": ("sort", lambda value, _: sorting.parse(value or [])),
    "search_after": ("after", _list),
    "_source": ("source", lambda value, _: SourceFilter.parse(value)),
    "fields": ("fields", lambda value, name: [Wanted.parse(each) for each in _list(value, name)]),
    "docvalue_fields": (
        "docvalue_fields",
        lambda value, name: [Wanted.parse(each, name) for each in _list(value, name)],
    ),
    "stored_fields": ("stored_fields", _names),
    "track_total_hits": ("total", lambda value, _: _total(value)),
    "min_score": ("least", _number),
    "post_filter": ("post_filter", lambda value, _: parse_query(value)),
    "collapse": ("collapse", lambda value, name: Collapse.parse(_object(value, name))),
    "highlight": ("highlight", lambda value, name: Highlight.parse(_object(value, name))),
    "aggs": ("aggs", _object),
    "aggregations": ("aggs", _object),
    "explain": ("explain", _flag),
    "version": ("version", _flag),
    "seq_no_primary_term": ("seq_no", _flag),
    "track_scores": ("tracks_scores", _flag),
    "rescore": ("rescore", lambda value, _: _rescores(value)),
    "indices_boost": ("boosts", lambda value, _: _boosts(value)),
    "profile": ("profile", _flag),
    "suggest": ("suggest", lambda value, name: Suggest.parse(_object(value, name)) if value else None),
    "runtime_mappings": ("runtime", _object),
    "script_fields": ("scripts", lambda value, name: scriptfields.parse(_object(value, name))),
    "pit": ("pit", _pit),
    "slice": ("part", lambda value, name: _slice(_object(value, name))),
    "timeout": ("seconds", lambda value, name: durations.seconds(str(value), name)),
    "terminate_after": ("enough", lambda value, name: _whole(value, name) or None),
}
