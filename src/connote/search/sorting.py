"""What `sort` says: names with options, and from these the clauses on an index."""

from collections.abc import Mapping
from typing import Any

from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search.clauses import MODES, ByDistance, ByField, ByPlace, ByScore, Clause, Nest
from connote.search.indexsort import ByIndex
from connote.search.mapping.date import Date
from connote.search.mapping.distances import unit
from connote.search.mapping.geo import GeoPoint, point
from connote.search.mapping.number import Number
from connote.search.mapping.ranges import RANGES
from connote.search.mapping.text import Text
from connote.search.query.parse import parse as parse_query
from connote.search.query.reader import Reader
from connote.search.ranked import RANKS, ByRank
from connote.search.scriptsort import ByScript

# Places of documents in several indices: those of one begin so far behind those of the one before.
SHARD = 2**32
_UNSORTED = (
    "semantic_text", "sparse_vector", "dense_vector", "rank_features", "rank_feature", "geo_point", "geo_shape",
    "binary", "completion", "percolator", "rank_vectors", *(kind.kind for kind in RANGES),
)  # fmt: skip
_FIELD = (
    "order",
    "missing",
    "mode",
    "unmapped_type",
    "format",
    "numeric_type",
    "nested",
    "nested_path",
    "nested_filter",
)


def parse(given: Any) -> list[tuple[str, dict[str, Any]]]:  # noqa: ANN401 (JSON)
    """What to sort by: names with their options. Raises BadQuery."""
    found: list[tuple[str, dict[str, Any]]] = []
    for each in given if isinstance(given, list) else [given]:
        if isinstance(each, str):
            name, _, order = each.partition(":")
            found.append((name, {"order": order} if order else {}))
        elif isinstance(each, Mapping):
            for name, options in each.items():
                if isinstance(options, Mapping):
                    found.append((name, dict(options)))
                elif isinstance(options, str):
                    found.append((name, {"order": options}))
                else:
                    raise BadQuery(f"[sort] of [{name}] must be an order or an object, not [{java(options)}]")
        else:
            raise BadQuery(
                "malformed sort format, within the sort array, an object, or an actual string are allowed, not "
                f"[{java(each)[:100]}]"
            )
    return found


def clause(name: str, options: Mapping[str, Any], reader: Reader, shard: int = 0) -> Clause | None:
    """A clause on an index, the `shard`th of the search; None where the field is not mapped, and need not be.

    Raises BadQuery, IllegalArgument.
    """
    order = str(options.get("order", "desc" if name == "_score" else "asc")).lower()
    if order not in ("asc", "desc"):
        raise BadQuery(f"Unknown SortOrder [{order}]")
    is_descending = order == "desc"
    if name == "_score":
        return ByScore(is_descending)
    if name in ("_doc", "_shard_doc"):
        return ByPlace(is_descending, shard * SHARD)
    if name == "_index":
        return ByIndex(reader.index, is_descending)
    if name == "_geo_distance":
        return _distance(options, reader, is_descending=is_descending)
    if name == "_script":
        return ByScript.parse(options, reader, is_descending=is_descending)
    return _field(name, options, reader, is_descending=is_descending)


def _field(name: str, options: Mapping[str, Any], reader: Reader, *, is_descending: bool) -> Clause | None:
    if unknown := options.keys() - set(_FIELD):
        raise BadQuery(f"[field_sort] unknown field [{min(unknown)}]")
    mode, form, missing = options.get("mode"), options.get("format"), options.get("missing", "_last")
    if mode is not None and mode not in MODES:
        raise BadQuery(f"Unknown SortMode [{java(mode)}]")
    if form is not None and not isinstance(form, str):
        raise BadQuery(f"[field_sort] [format] must be a text, not [{java(form)}]")
    if isinstance(missing, Mapping | list):
        raise BadQuery(f"[field_sort] [missing] must be a single value, not [{java(missing)[:100]}]")
    field = reader.field(name)
    if field is None:
        if options.get("unmapped_type") is None:
            raise BadQuery(f"No mapping found for [{name}] in order to sort on")
        return None
    if isinstance(field, Text):
        raise IllegalArgument(
            f"Fielddata is disabled on [{name}] in [{reader.index}]. Text fields are not optimised for operations that "
            "require per-document field data like aggregations and sorting, so these operations are disabled by "
            "default. Please use a keyword field instead."
        )
    if field.kind in _UNSORTED:
        raise IllegalArgument(f"Fielddata is not supported on field [{name}] of type [{field.kind}]")
    if mode in ("sum", "avg", "median") and not isinstance(field, Number | Date):
        raise IllegalArgument("only MIN and MAX are supported for sorting on fields of words")
    made = ByRank if field.kind in RANKS else ByField
    return made(field, is_descending, missing, mode, form, _nest(options, reader))


def _nest(options: Mapping[str, Any], reader: Reader) -> Nest | None:
    """Which nested objects count. Raises BadQuery."""
    given = options.get("nested")
    if given is None and "nested_path" in options:
        given = {"path": options["nested_path"], "filter": options.get("nested_filter")}
    if given is None:
        return None
    if not isinstance(given, Mapping) or not isinstance(given.get("path"), str):
        raise BadQuery("[nested] of a sort must be an object with a [path]")
    if unknown := given.keys() - {"path", "filter", "max_children"}:
        raise BadQuery(f"[nested] [{min(unknown)}] is not supported in a sort")
    path, query = given["path"], given.get("filter")
    branch = reader.mapping.branches.get(path)
    if branch is None or not branch.is_nested:
        raise BadQuery(f"[nested] failed to find nested object under path [{path}]")
    return Nest(path, None if query is None else parse_query(query).weigh(reader.inside(path)))


def _distance(options: Mapping[str, Any], reader: Reader, *, is_descending: bool) -> Clause | None:
    known = {"order", "unit", "mode", "distance_type", "ignore_unmapped", "nested", "validation_method"}
    names = [name for name in options if name not in known]
    mode = options.get("mode")
    if mode not in (None, "min", "max", "avg", "median"):
        raise BadQuery(f"Unknown SortMode [{java(mode)}]")
    if len(names) != 1:
        raise BadQuery("no points provided for _geo_distance sort.")
    field = reader.field(names[0])
    if field is None and options.get("ignore_unmapped") in (True, "true"):
        return None
    if not isinstance(field, GeoPoint):
        raise IllegalArgument(f"failed to find mapper for [{names[0]}] for geo distance based sort")
    try:
        points = _points(options[names[0]])
        per = unit(str(options.get("unit", "m")))
    except ConnoteError as error:
        raise BadQuery(f"[_geo_distance] {error.reason}") from None
    return ByDistance(field.name, points, is_descending, per, mode, _nest(options, reader))


def _points(given: Any) -> list[tuple[float, float]]:  # noqa: ANN401 (JSON)
    """One place, or several: an array of two numbers is one. Raises ConnoteError."""
    if isinstance(given, list) and given and not isinstance(given[0], int | float):
        return [point(each) for each in given]
    return [point(given)]
