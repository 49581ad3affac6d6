"""What a completion belongs to, a category or a place, and what is asked for.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/search-suggesters#context-suggester
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from connote.contract.errors import BadMapping, BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.mapping import geohash
from connote.search.mapping.distances import metres
from connote.search.mapping.geo import point
from connote.search.mapping.text import scalar

# As Elasticsearch limits them; and what a query may ask for.
_MOST, _MOST_ASKED = 10, 1000
_PRECISION = 6


class Asked(NamedTuple):
    """A value that is asked for, or its beginning, and how much more it counts."""

    value: str
    boost: int = 1
    is_prefix: bool = False


@dataclass(frozen=True)
class Category:
    """Words; with a `path` they are those of another field."""

    name: str
    path: str | None = None

    def values(self, given: Any) -> list[str]:  # noqa: ANN401
        """A word or several."""
        return [scalar(each) for each in _listed(given)]

    def asked(self, given: Any) -> Iterator[Asked]:  # noqa: ANN401
        """`"cafe"`, or `{"context": "cafe", "boost": 2, "prefix": true}`, or several."""
        for each in _listed(given):
            options = each if isinstance(each, Mapping) else {"context": each}
            _known(options, "category", "context", "boost", "prefix")
            if options.get("context") is None:
                raise BadQuery("category context must be an object or string; [context] is missing")
            yield Asked(scalar(options["context"]), _boost(options), options.get("prefix") in (True, "true"))


@dataclass(frozen=True)
class Geo:
    """Places, as cells whose names have `precision` letters; with a `path` they are those of another field."""

    name: str
    path: str | None = None
    precision: int = _PRECISION

    def values(self, given: Any) -> list[str]:  # noqa: ANN401
        """The cells of a place or several."""
        return [geohash.cell(*point(each), self.precision) for each in _places(given)]

    def asked(self, given: Any) -> Iterator[Asked]:  # noqa: ANN401
        """A place, or `{"context": {…}, "boost": 2, "precision": 5, "neighbours": [4]}`, or several."""
        for each in _places(given):
            options = each if isinstance(each, Mapping) and "context" in each else {"context": each}
            _known(options, "geo", "context", "boost", "precision", "neighbours")
            length = min(self.precision, _precision(options.get("precision", _PRECISION)))
            home = geohash.cell(*point(options["context"]), length)
            for name in sorted(self._near(home, options.get("neighbours"))):
                yield Asked(name, _boost(options), len(name) < self.precision)

    def _near(self, home: str, neighbours: Any) -> set[str]:  # noqa: ANN401
        """The cell, and those around it, or around the larger ones that it is in."""
        if not neighbours:
            return {home, *(geohash.around(home) if len(home) == self.precision else ())}
        lengths = [_precision(each) for each in _listed(neighbours)]
        larger = [home[:length] for length in lengths if length < len(home)]
        return {home, *larger, *(name for each in larger for name in geohash.around(each))}


Context = Category | Geo


def contexts(given: Any) -> tuple[Context, ...]:  # noqa: ANN401
    """Those of a mapping. Raises BadMapping."""
    made = tuple(_context(each) for each in _listed(given))
    names = [each.name for each in made]
    if len(made) > _MOST:
        raise BadMapping(f"Limit of completion field contexts [{_MOST}] has been exceeded")
    if len(set(names)) < len(names):
        raise BadMapping(f"Context names must be unique, but are {java(names)}")
    return made


def asked(given: Any, known: Sequence[Context]) -> dict[str, list[Asked]]:  # noqa: ANN401
    """By context, what a query asks for. Raises BadQuery, IllegalArgument."""
    if not isinstance(given, Mapping):
        raise BadQuery(f"[completion] [contexts] must be an object, not [{java(given)[:100]}]")
    by_name = {each.name: each for each in known}
    found = {name: list(_named(by_name, name).asked(value)) for name, value in given.items()}
    if not any(found.values()):
        raise IllegalArgument("Missing mandatory contexts in context query")
    if sum(map(len, found.values())) > _MOST_ASKED:
        raise IllegalArgument(f"a query may ask for [{_MOST_ASKED}] contexts at most")
    return found


def values(given: Any, known: Sequence[Context]) -> dict[str, list[str]]:  # noqa: ANN401
    """By context, what a completion has. Raises IllegalArgument."""
    if not isinstance(given, Mapping):
        raise IllegalArgument(f"[contexts] must be an object, not [{java(given)[:100]}]")
    by_name = {each.name: each for each in known}
    return {name: sorted(set(_named(by_name, name).values(value))) for name, value in given.items()}


def _named(by_name: Mapping[str, Context], name: str) -> Context:
    if name not in by_name:
        raise IllegalArgument(f"Unknown context name [{name}], must be one of {java(list(by_name))}")
    return by_name[name]


def _context(given: Any) -> Context:  # noqa: ANN401
    if not isinstance(given, Mapping):
        raise BadMapping(f"a context must be an object of [name] and [type], not [{java(given)[:100]}]")
    name, kind, path = given.get("name"), given.get("type"), given.get("path")
    if not isinstance(name, str) or not name or not isinstance(kind, str):
        raise BadMapping(f"missing [name] or [type] in context mapping: [{java(given)[:100]}]")
    if path is not None and not isinstance(path, str):
        raise BadMapping(f"[path] of context [{name}] must be the name of a field")
    if kind not in ("category", "geo"):
        raise BadMapping(f"unknown context type[{kind}]; it is category or geo")
    if unknown := given.keys() - {"name", "type", "path", *(("precision",) if kind == "geo" else ())}:
        raise BadMapping(f"unsupported parameters {java(sorted(unknown))} of context [{name}]")
    if kind == "category":
        return Category(name, path)
    try:
        return Geo(name, path, _precision(given.get("precision", _PRECISION)))
    except IllegalArgument as error:
        raise BadMapping(str(error)) from None


def _precision(given: Any) -> int:  # noqa: ANN401
    """A length of cells' names, or a distance. Raises IllegalArgument."""
    if isinstance(given, str) and not given.isdecimal():
        return geohash.length_for(metres(given))
    try:
        length = int(given) if not isinstance(given, bool) and float(given).is_integer() else 0
    except (TypeError, ValueError, OverflowError):
        length = 0
    if not 1 <= length <= geohash.LONGEST:
        raise IllegalArgument(f"precision must be between 1 and 12, but was [{java(given)[:100]}]")
    return length


def _boost(options: Mapping[str, Any]) -> int:
    given = options.get("boost", 1)
    try:
        boost = int(given) if not isinstance(given, bool | float) else -1
    except (TypeError, ValueError):
        boost = -1
    if not 0 < boost < 2**31:
        raise IllegalArgument(f"Boost must be a positive integer, but was [{java(given)[:100]}]")
    return boost


def _known(options: Mapping[str, Any], kind: str, *names: str) -> None:
    if unknown := options.keys() - set(names):
        raise BadQuery(f"[{kind}] unknown field [{min(unknown)}]")


def _listed(given: Any) -> list[Any]:  # noqa: ANN401
    return given if isinstance(given, list) else [given]


def _places(given: Any) -> list[Any]:  # noqa: ANN401
    """One place or several; [lon, lat] is one."""
    numbers = isinstance(given, list) and given and all(type(each) in (int, float) for each in given)
    return [given] if numbers else _listed(given)
