"""What is to be highlighted, and how."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.query.body import Body
from connote.search.query.parse import parse as parse_query
from connote.search.query.query import Query

TYPES = ("unified", "plain", "fvh", "semantic")
# What is taken and makes no difference: how Elasticsearch finds the same places, or for what it gives up.
_IGNORED = (
    "boundary_chars", "boundary_max_scan", "boundary_scanner_locale", "force_source", "fragmenter", "fragment_offset",
    "phrase_limit", "max_fragment_length",
)  # fmt: skip
_SCHEMES = {"styled": ('<em class="hlt1">', "</em>"), "default": ("<em>", "</em>")}


@dataclass(frozen=True)
class FieldOptions:
    """One field or pattern. `size` and the number `most` of fragments: 0 is the whole text."""

    pattern: str
    type: str | None = None
    size: int = 100
    most: int = 5
    before: str = "<em>"
    after: str = "</em>"
    by_score: bool = False
    needs_field: bool = True
    query: Query | None = None
    no_match_size: int = 0
    is_html: bool = False
    matched: Sequence[str] = ()
    scanner: str = "sentence"
    furthest: int | None = None


@dataclass(frozen=True)
class Highlight:
    """The fields, in the order of the answer."""

    fields: Sequence[FieldOptions] = field(default_factory=list)

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Highlight":
        """`{"fields": {"body": {}}, "pre_tags": ["<b>"]}`. Raises BadQuery, IllegalArgument."""
        common = {name: value for name, value in given.items() if name != "fields"}
        _options("", common)  # what is wrong is told even without fields
        return cls([_options(name, {**common, **own}) for name, own in _fields(given.get("fields") or {})])

    def queries(self) -> Iterator[Query]:
        """The fields' own queries."""
        return (each.query for each in self.fields if each.query is not None)


def _fields(given: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:  # noqa: ANN401 (JSON)
    """Fields as an object, or as an array of objects, which has an order."""
    for each in given if isinstance(given, list) else [given]:
        if not isinstance(each, Mapping):
            raise BadQuery(f"[highlight] [fields] must be an object, or an array of objects, not [{java(given)[:100]}]")
        for name, own in each.items():
            if not isinstance(own, Mapping):
                raise BadQuery(f"[highlight] [fields] of [{name}] must be an object, not [{java(own)[:100]}]")
            yield name, own


def _options(name: str, given: Mapping[str, Any]) -> FieldOptions:
    body = Body("highlight", given)
    for ignored in _IGNORED:
        body.raw(ignored)
    kind, query = body.text("type"), body.raw("highlight_query")
    if kind is not None and kind not in TYPES:
        raise IllegalArgument(f"unknown highlighter type [{kind}] for the field [{name}]")
    before, after = _SCHEMES[_one_of(body, "tags_schema", tuple(_SCHEMES), "default")]
    furthest = body.raw("max_analyzed_offset")
    if furthest is not None and (type(furthest) is not int or (furthest < 1 and furthest != -1)):
        raise IllegalArgument(f"[max_analyzed_offset] must be a positive integer, or -1, not [{java(furthest)}]")
    made = FieldOptions(
        name,
        kind,
        _count(body, "fragment_size", 100),
        _count(body, "number_of_fragments", 5),
        _tag(body, "pre_tags", before),
        _tag(body, "post_tags", after),
        _one_of(body, "order", ("none", "score"), "none") == "score",
        body.flag("require_field_match", default=True),
        None if query is None else parse_query(query),
        _count(body, "no_match_size", 0),
        _one_of(body, "encoder", ("default", "html"), "default") == "html",
        _names(body.raw("matched_fields", [])),
        _one_of(body, "boundary_scanner", ("sentence", "word", "chars"), "sentence"),
        furthest if furthest != -1 else None,
    )
    if left := body.names():
        raise BadQuery(f"[highlight] unknown field [{left[0]}]")
    return made


def _count(body: Body, name: str, default: int) -> int:
    number = body.whole(name, default)
    if number < 0:
        raise IllegalArgument(f"[highlight] [{name}] must not be negative, but was [{number}]")
    return number


def _one_of(body: Body, name: str, known: Sequence[str], default: str) -> str:
    value = (body.text(name) or default).lower()
    if value not in known:
        raise IllegalArgument(f"[highlight] [{name}] must be one of {list(known)}, not [{value}]")
    return value


def _tag(body: Body, name: str, default: str) -> str:
    """The first: the others are for importances that only one of Elasticsearch's highlighters knows."""
    tags = _names(body.raw(name, []))
    return tags[0] if tags else default


def _names(given: Any) -> list[str]:  # noqa: ANN401
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise BadQuery(f"[highlight] texts are needed, not [{java(given)[:100]}]")
    return listed
