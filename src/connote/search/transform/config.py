"""The configuration of a transform, read and shown.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-transform-put-transform
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract import durations
from connote.contract.errors import IllegalArgument, InvalidRequest, Unparsable
from connote.contract.settings import java
from connote.search import names
from connote.search.query.parse import parse as parse_query
from connote.search.transform.latest import Latest
from connote.search.transform.pivot import Pivot

Body = Mapping[str, Any]
_ID = re.compile(r"[a-z0-9](?:[a-z0-9_\-]{0,62}[a-z0-9])?", re.ASCII)
_KNOWN = (
    "id", "source", "dest", "pivot", "latest", "description", "frequency", "sync", "retention_policy", "settings",
    "_meta",
)  # fmt: skip
_CHANGEABLE = tuple(name for name in _KNOWN if name not in ("id", "pivot", "latest"))
_SETTINGS = (
    "align_checkpoints", "dates_as_epoch_millis", "deduce_mappings", "docs_per_second", "max_page_search_size",
    "num_failure_retries", "unattended", "use_point_in_time",
)  # fmt: skip
_USUAL_PAGE, _MOST_PAGE = 500, 65_536
_LEAST_FREQUENCY, _MOST_FREQUENCY = 1.0, 3600.0


@dataclass(frozen=True)
class Transform:
    """`body` is the configuration as it is shown; the rest is read from it. Durations are in seconds."""

    id: str
    body: Body
    function: Pivot | Latest
    indices: Sequence[str]
    query: Body
    dest: str
    pipeline: str | None = None
    frequency: float = 60.0
    sync: tuple[str, float] | None = None  # the field of time, and how late documents may be
    retention: tuple[str, float] | None = None  # a field of time, and how old documents get
    page: int = _USUAL_PAGE
    per_second: float | None = None
    deduces: bool = True

    @classmethod
    def parse(cls, id: str, body: Body) -> "Transform":
        """Raises InvalidRequest, Unparsable, IllegalArgument, BadQuery."""
        if not _ID.fullmatch(id):
            told = "alphanumeric (lowercase), hyphens or underscores, beginning and ending with an alphanumeric one"
            raise InvalidRequest([f"Invalid transform id [{id[:100]}]: it must have 1 to 64 characters, {told}"])
        _check_keys(body, _KNOWN, "transform")
        if body.get("id", id) != id:
            raise IllegalArgument(f"Inconsistent id; [{java(body['id'])}] in the body, [{id}] in the path")
        source, dest = _object(body, "source"), _object(body, "dest")
        _check_keys(source, ("index", "query", "runtime_mappings"), "source")
        _check_keys(dest, ("index", "pipeline", "aliases"), "dest")
        if not isinstance(dest.get("index"), str) or not dest["index"]:
            raise Unparsable("[dest] needs an [index], a text")
        names.check(dest["index"])  # a pattern would be all that it fits when old documents or the index are deleted
        if "aliases" in dest:
            raise IllegalArgument("[aliases] of [dest] are not supported; make an alias of the index")
        if (pipeline := dest.get("pipeline")) is not None and not isinstance(pipeline, str):
            raise Unparsable(f"[pipeline] of [dest] must be a text, not [{java(pipeline)[:100]}]")
        settings = _object(body, "settings", {})
        _check_keys(settings, _SETTINGS, "settings")
        query = _object(source, "query", {"match_all": {}})
        parse_query(query)
        return cls(
            id,
            dict(body),
            _function(body),
            _names(source.get("index")),
            {"query": query, "runtime_mappings": _object(source, "runtime_mappings", {})},
            dest["index"],
            pipeline,
            _frequency(body.get("frequency", "1m")),
            _sync(body),
            _retention(body),
            _page(settings.get("max_page_search_size") or _USUAL_PAGE),
            _rate(settings.get("docs_per_second")),
            settings.get("deduce_mappings", True) is not False,
        )

    def updated(self, body: Body) -> "Transform":
        """With these parts in place of its own. Raises Unparsable for those that never change, and as `parse`."""
        _check_keys(body, _CHANGEABLE, "transform_config_update")
        return Transform.parse(self.id, {**self.body, **body})

    @property
    def is_continuous(self) -> bool:
        """Whether it goes on as documents come."""
        return self.sync is not None


def _function(body: Body) -> Pivot | Latest:
    if ("pivot" in body) == ("latest" in body):
        raise InvalidRequest(["transform configuration must specify exactly 1 function, [pivot] or [latest]"])
    return Pivot.parse(_object(body, "pivot")) if "pivot" in body else Latest.parse(_object(body, "latest"))


def _frequency(given: Any) -> float:  # noqa: ANN401 (JSON)
    found = durations.seconds(str(given), "frequency")
    if found is None or not _LEAST_FREQUENCY <= found <= _MOST_FREQUENCY:
        raise InvalidRequest([f"[frequency] must be between 1s and 1h, not [{java(given)[:100]}]"])
    return found


def _sync(body: Body) -> tuple[str, float] | None:
    given = _timed(body, "sync", ("field", "delay"))
    if given is None:
        return None
    delay = durations.seconds(str(given.get("delay", "60s")), "delay")
    return given["field"], delay or 0.0


def _retention(body: Body) -> tuple[str, float] | None:
    given = _timed(body, "retention_policy", ("field", "max_age"))
    if given is None:
        return None
    age = durations.seconds(str(given.get("max_age")), "max_age")
    if age is None or age < 1:
        raise InvalidRequest(["retention_policy.time.max_age must be at least [1s]"])
    return given["field"], age


def _timed(body: Body, name: str, known: Sequence[str]) -> Body | None:
    """What `{"time": {"field": …}}` holds; None if there is none."""
    if body.get(name) is None:
        return None
    given = _object(body, name)
    _check_keys(given, ("time",), name)
    time = _object(given, "time")
    _check_keys(time, known, f"{name}.time")
    if not isinstance(time.get("field"), str) or not time["field"]:
        raise Unparsable(f"[{name}.time] needs a [field], a text")
    return time


def _page(given: Any) -> int:  # noqa: ANN401
    if type(given) is not int or not 10 <= given <= _MOST_PAGE:
        raise InvalidRequest([f"settings.max_page_search_size [{java(given)}] is out of range. [10, {_MOST_PAGE}]"])
    return given


def _rate(given: Any) -> float | None:  # noqa: ANN401
    if given in (None, -1):
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not given > 0:
        raise InvalidRequest([f"settings.docs_per_second [{java(given)}] must be greater than 0"])
    return float(given)


def _names(given: Any) -> Sequence[str]:  # noqa: ANN401
    found = [given] if isinstance(given, str) else given
    if not isinstance(found, list) or not found or not all(isinstance(each, str) and each for each in found):
        raise Unparsable("[source] needs an [index], a text or an array of texts")
    return [part for each in found for part in each.split(",")]


def _object(body: Body, name: str, default: Body | None = None) -> Body:
    given = body.get(name, default)
    if not isinstance(given, Mapping):
        raise Unparsable(f"[{name}] must be an object, not [{java(given)[:100]}]")
    return given


def _check_keys(body: Body, known: Sequence[str], what: str) -> None:
    if unknown := [name for name in body if name not in known]:
        raise Unparsable(f"[{what}] unknown field [{unknown[0]}]; known are [{', '.join(known)}]")
