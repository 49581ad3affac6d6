"""The highlights of one hit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connote.contract.errors import ConnoteError
from connote.search.analysis import Token
from connote.search.embedded import Embedded
from connote.search.fetch.fields import at, place
from connote.search.highlight import fragments, semantic
from connote.search.highlight.marks import Marks, marks
from connote.search.highlight.options import FieldOptions, Highlight
from connote.search.mapping.field import Field
from connote.search.mapping.keyword import Keyword
from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.text import Text, scalar
from connote.search.names import fits
from connote.search.query.query import Query
from connote.search.query.reader import Reader


def shown(
    highlight: Highlight,
    queries: Sequence[Query],
    source: Mapping[str, Any],
    kept: Mapping[str, Embedded],
    reader: Reader,
) -> dict[str, list[str]]:
    """The fragments by field; fields without any are not there. `queries` are the fields', as the index reads them."""
    found: dict[str, list[str]] = {}
    for options, query in zip(highlight.fields, queries, strict=True):
        for name in _names(options.pattern, reader):
            field = reader.field(name)
            if field is None:
                continue
            parts = _fragments(name, field, options, query, source, kept, reader)
            if parts:
                found[name] = parts
    return found


def _names(pattern: str, reader: Reader) -> Iterator[str]:
    if "*" not in pattern:
        return iter((pattern,))
    return (
        name
        for name, each in reader.mapping.fields.items()
        if fits(name, pattern) and isinstance(each, Text | Keyword | SemanticText)
    )


def _fragments(
    name: str,
    field: Field,
    options: FieldOptions,
    query: Query,
    source: Mapping[str, Any],
    kept: Mapping[str, Embedded],
    reader: Reader,
) -> list[str]:
    texts = {path: list(_texts(source, path, field)) for path in _paths(name, reader)}
    if isinstance(field, SemanticText):
        if field.name not in kept or options.type not in (None, "semantic"):
            return []
        return semantic.chunks(field, kept[field.name], texts, query, reader, options)
    if options.type == "semantic" or not isinstance(field, Text | Keyword):
        return []
    values = [text for each in texts.values() for text in each]
    return _marked(values, _wanted(field, options, query, reader), options)


def _wanted(field: Field, options: FieldOptions, query: Query, reader: Reader) -> list[tuple[Field, Marks]]:
    """The fields by whose terms the text is marked, with what the query is about in each."""
    names = dict.fromkeys((field.name, *options.matched))
    fields = [known for name in names if (known := reader.field(name)) is not None]
    pairs = [(known, marks(query, reader, {known.name} if options.needs_field else None)) for known in fields]
    return [(known, wanted) for known, wanted in pairs if wanted]


def _marked(values: Sequence[str], by: Sequence[tuple[Field, Marks]], options: FieldOptions) -> list[str]:
    found, offset, whole = list[fragments.Passage](), 0, options.type != "plain"
    for text in values if by else ():
        part = text if options.furthest is None else text[: options.furthest]
        tokens = [_tokens(field, part) for field, _ in by]
        spans = {span for (_, wanted), own in zip(by, tokens, strict=True) for span in wanted.spans(own, whole=whole)}
        for passage in fragments.passages(text, sorted(spans), tokens[0], options):
            passage.at = offset
            found.append(passage)
        offset += len(text) + 1
    if not found and options.no_match_size:
        first = next((text for text in values if text), "")
        part = fragments.beginning(first, options.no_match_size)
        return [part] if part else []
    best = fragments.chosen(found, options.most or len(found), options, offset)
    return [each.shown(options) for each in best]


def _tokens(field: Field, text: str) -> list[Token]:
    if isinstance(field, Text):
        return field.analyzer.analyze(text)
    return [Token(field.normal(text), 0, len(text), 0)] if isinstance(field, Keyword) else []


def _paths(name: str, reader: Reader) -> Iterator[str]:
    """Where in a document the field's values stand: at its own place, and at those that are copied to it."""
    yield place(name, reader.mapping)
    yield from (other for other, each in reader.mapping.fields.items() if name in each.copies)


def _texts(source: Mapping[str, Any], path: str, field: Field) -> Iterator[str]:
    for value in at(source, path.split("."), field):
        try:
            yield scalar(value)
        except ConnoteError:
            continue  # an object that was ignored as malformed
