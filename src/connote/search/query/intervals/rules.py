"""The rules of the query `intervals`, from their JSON to sources.

https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-intervals-query
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.ingest.painless import Script
from connote.search.analysis import Analyzer, Token
from connote.search.mapping.field import Field
from connote.search.mapping.text import Text, scalar
from connote.search.query.body import Body
from connote.search.query.boolean import MOST_CLAUSES
from connote.search.query.fuzzy import Fuzziness, within
from connote.search.query.intervals.conjunction import combined
from connote.search.query.intervals.filters import FILTERS, filtered, scripted
from connote.search.query.intervals.source import Extended, Fixed, Source, Terms, any_of
from connote.search.query.match import analyzer_of, by_position
from connote.search.query.patterns import Ordinals, Prefix, Regexp, Wildcard
from connote.search.query.places import check_positions, expanded
from connote.search.query.reader import Reader
from connote.search.query.values import Bounds, words_between
from connote.search.write.script import read

# As deep as rules may be nested.
_MOST_DEPTH = 30


class Rule:
    """Base: what finds intervals, before the index is known."""

    def source(self, reader: Reader, field: Field) -> Source:
        """Its source on a field. Raises IllegalArgument, BadQuery."""
        raise NotImplementedError

    def fields(self) -> Iterator[str]:
        """The other fields that it looks in."""
        return iter(())


@dataclass(frozen=True)
class Place:
    """In which field a rule looks, and with which analyzer, if not with those of the query."""

    field: str | None
    analyzer: str | None

    @classmethod
    def parse(cls, body: Body) -> "Place":
        """`use_field` and `analyzer`."""
        return cls(body.text("use_field"), body.text("analyzer"))

    def chosen(self, reader: Reader, field: Field) -> Text:
        """The field. Raises IllegalArgument for one without positions."""
        known = field if self.field is None else reader.field(self.field)
        if not isinstance(known, Text):
            own = field if known is None else known
            raise IllegalArgument(
                f"Can only use interval queries on text fields - not on [{own.name}] which is of type [{own.kind}]"
            )
        check_positions(known, f"Cannot create intervals over field [{known.name}] with no positions indexed")
        return known

    def cutter(self, reader: Reader, field: Text) -> Analyzer:
        """What cuts or normalizes the text of the rule."""
        return analyzer_of(reader, field, self.analyzer)

    def fixed(self, source: Source) -> Source:
        """The source, kept apart if it is of another field."""
        return source if self.field is None else Fixed(source)

    def fields(self) -> Iterator[str]:
        """The other field."""
        return iter(() if self.field is None else (self.field,))


@dataclass(frozen=True)
class Filter:
    """Intervals of another rule by which those of one are chosen."""

    kind: str
    rule: Rule

    @classmethod
    def parse(cls, given: Any, depth: int) -> "Filter | ScriptFilter":  # noqa: ANN401 (JSON)
        """`{"containing": {"match": …}}`, or `{"script": {"source": "interval.gaps < 3"}}`."""
        if not isinstance(given, Mapping) or len(given) != 1:
            raise BadQuery(f"[filter] must be an object with one filter, not [{java(given)[:100]}]")
        ((kind, inner),) = given.items()
        if kind.lower() == "script":
            return ScriptFilter(*read(inner, ("interval", "params")))
        if kind.lower() not in FILTERS:
            raise BadQuery(f"Unknown filter type [{kind}]")
        return cls(kind.lower(), parse(inner, depth))

    def passed(self, source: Source, reader: Reader, field: Field) -> Source:
        """Those of a source that pass."""
        return filtered(self.kind, source, self.rule.source(reader, field))

    def fields(self) -> Iterator[str]:
        """Other fields."""
        return self.rule.fields()


@dataclass(frozen=True)
class ScriptFilter:
    """A script by which intervals are chosen."""

    script: Script
    params: Mapping[str, Any]

    def passed(self, source: Source, reader: Reader, field: Field) -> Source:  # noqa: ARG002 (as Filter's)
        """Those of a source that pass."""
        return scripted(source, self.script, self.params)

    def fields(self) -> Iterator[str]:
        """None."""
        return iter(())


def _passed(given: Filter | ScriptFilter | None, source: Source, reader: Reader, field: Field) -> Source:
    return source if given is None else given.passed(source, reader, field)


def _filter(body: Body, depth: int) -> Filter | ScriptFilter | None:
    given = body.raw("filter")
    return None if given is None else Filter.parse(given, depth)


def _filter_fields(given: Filter | ScriptFilter | None) -> Iterator[str]:
    return iter(()) if given is None else given.fields()


@dataclass(frozen=True)
class Match(Rule):
    """The words of a text."""

    text: str
    gaps: int
    ordered: bool
    place: Place
    filter: Filter | ScriptFilter | None

    @classmethod
    def parse(cls, body: Body, depth: int) -> Rule:
        """`{"query": "hot water", "max_gaps": 0, "ordered": true}`."""
        text = _text(body, "query")
        gaps, ordered = body.whole("max_gaps", -1), body.flag("ordered", default=False)
        return cls(text, gaps, ordered, Place.parse(body), _filter(body, depth))

    def source(self, reader: Reader, field: Field) -> Source:
        """All of the words."""
        own = self.place.chosen(reader, field)
        tokens = self.place.cutter(reader, own).analyze(self.text)
        made = self.place.fixed(combined(_words(own.name, tokens), self.gaps, ordered=self.ordered))
        return _passed(self.filter, made, reader, field)

    def fields(self) -> Iterator[str]:
        """Its own and the filter's."""
        yield from self.place.fields()
        yield from _filter_fields(self.filter)


def _words(field: str, tokens: Sequence[Token]) -> list[Source]:
    """A part for each position: a word, or its synonyms, of which those of several words are in a row.

    Words that the analyzer has left out before it make it so much wider.
    """
    if len(tokens) == 1:
        return [Terms(field, (tokens[0].term,))]
    parts, end = list[Source](), 0
    for paths in by_position(tokens):
        before = paths[0][0].position - end
        singles = tuple(dict.fromkeys(path[0].term for path in paths if len(path) == 1))
        made = [Terms(field, singles)] if singles else []
        rows = [
            combined([Terms(field, (each.term,)) for each in path], 0, ordered=True) for path in paths if len(path) > 1
        ]
        source = any_of([*made, *rows])
        parts.append(Extended(source, before) if before else source)
        end = max(path[-1].position + path[-1].length for path in paths)
    return parts


@dataclass(frozen=True)
class Combine(Rule):
    """Several rules, all of which must find something, or any."""

    is_all: bool
    rules: Sequence[Rule]
    gaps: int
    ordered: bool
    filter: Filter | ScriptFilter | None

    @classmethod
    def parse(cls, body: Body, depth: int) -> Rule:
        """`{"intervals": [{"match": …}], "max_gaps": 0, "ordered": true}`."""
        listed, is_all = body.raw("intervals"), body.kind == "all_of"
        if not isinstance(listed, list):
            raise BadQuery(f"[{body.kind}] requires [intervals], an array of rules")
        if len(listed) > MOST_CLAUSES:
            raise IllegalArgument(f"too_many_clauses: maxClauseCount is set to {MOST_CLAUSES}")
        gaps = body.whole("max_gaps", -1) if is_all else -1
        ordered = body.flag("ordered", default=False) if is_all else False
        return cls(is_all, [parse(each, depth) for each in listed], gaps, ordered, _filter(body, depth))

    def source(self, reader: Reader, field: Field) -> Source:
        """The combination."""
        parts = [each.source(reader, field) for each in self.rules]
        made = combined(parts, self.gaps, ordered=self.ordered) if self.is_all else any_of(parts)
        return _passed(self.filter, made, reader, field)

    def fields(self) -> Iterator[str]:
        """Those of the rules and the filter."""
        for rule in self.rules:
            yield from rule.fields()
        yield from _filter_fields(self.filter)


class Asked(NamedTuple):
    """How terms are asked for: their ordinals once the analyzer is known, and how that is told."""

    ordinals: Callable[[Analyzer], Ordinals]
    told: str


@dataclass(frozen=True)
class Expand(Rule):
    """All terms of a pattern, within bounds, or near a word."""

    asked: Asked
    place: Place

    def source(self, reader: Reader, field: Field) -> Source:
        """Any of the terms that the index has."""
        own = self.place.chosen(reader, field)
        ordinals = self.asked.ordinals(self.place.cutter(reader, own))
        return self.place.fixed(Terms(own.name, expanded(reader, own.name, ordinals, self.asked.told), self.asked.told))

    def fields(self) -> Iterator[str]:
        """The other field."""
        return self.place.fields()


def _expand(read: Callable[[Body], Asked]) -> Callable[[Body, int], Rule]:
    return lambda body, _: Expand(read(body), Place.parse(body))


def _prefix(body: Body) -> Asked:
    text = _text(body, "prefix")
    return Asked(lambda cut: Prefix(field="", value=text).ordinals(cut.normalize(text)), f"prefix {text}")


def _wildcard(body: Body) -> Asked:
    text = _text(body, "pattern")
    return Asked(lambda cut: Wildcard(field="", value=text).ordinals(cut.normalize(text)), text)


def _regexp(body: Body) -> Asked:
    text = _text(body, "pattern")
    pattern = Regexp(field="", value=text).checked()
    return Asked(lambda cut: pattern.ordinals(cut.normalize(text)), text)


def _fuzzy(body: Body) -> Asked:
    text = _text(body, "term")
    how = Fuzziness.parse(body, body.raw("fuzziness", "AUTO"))

    def ordinals(cut: Analyzer) -> Ordinals:
        word = cut.normalize(text)
        return lambda view: (
            view.find(term) for term, _ in within(view, word, how.most(word), how) if view.find(term) >= 0
        )

    return Asked(ordinals, f"{text}~{how.edits}")


def _range(body: Body) -> Asked:
    sides = [_side(body, *names) for names in (("gte", "gt"), ("lte", "lt"))]
    (low, with_low), (high, with_high) = sides

    def ordinals(cut: Analyzer) -> Ordinals:
        bounds = Bounds(cut.normalize(low), cut.normalize(high), with_low, with_high)
        return lambda view: words_between(view, bounds)

    return Asked(ordinals, f"{'[' if with_low else '{'}{low} TO {high}{']' if with_high else '}'}")


def _side(body: Body, with_it: str, without: str) -> tuple[str, bool]:
    """A bound, and whether it is in the range itself."""
    given = [name for name in (with_it, without) if name in body]
    if not given:
        raise BadQuery(f"Required one of fields [{with_it}, {without}], but none were specified.")
    if len(given) > 1:
        raise BadQuery(f"[range] cannot have both [{with_it}] and [{without}]")
    return _text(body, given[0]), given[0] == with_it


def _text(body: Body, name: str) -> str:
    value = body.required(name, lambda given: given)
    if isinstance(value, Mapping | list):
        raise BadQuery(f"[{body.kind}] [{name}] must be a text, not [{java(value)[:100]}]")
    return scalar(value)


_KINDS: Mapping[str, Callable[[Body, int], Rule]] = {
    "match": Match.parse,
    "any_of": Combine.parse,
    "all_of": Combine.parse,
    "prefix": _expand(_prefix),
    "wildcard": _expand(_wildcard),
    "fuzzy": _expand(_fuzzy),
    "regexp": _expand(_regexp),
    "range": _expand(_range),
}
KINDS = tuple(_KINDS)


def parse(given: Any, depth: int = 0) -> Rule:  # noqa: ANN401 (JSON)
    """The rule in `{"KIND": {…}}`. Raises BadQuery, IllegalArgument."""
    if depth > _MOST_DEPTH:
        raise IllegalArgument(f"rules of [intervals] may be nested {_MOST_DEPTH} deep")
    if not isinstance(given, Mapping) or len(given) != 1:
        raise BadQuery(f"[intervals] expects an object with one rule, one of {java(list(KINDS))}")
    ((kind, value),) = given.items()
    if kind not in _KINDS:
        raise BadQuery(f"Unknown interval type [{kind}], expecting one of {java(list(KINDS))}")
    body = Body(kind, value)
    made = _KINDS[kind](body, depth + 1)
    body.done()
    return made
