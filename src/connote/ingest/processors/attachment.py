"""Text from files, such as PDF: https://www.elastic.co/docs/reference/enrich-processor/attachment."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.ingest.attachments import process
from connote.ingest.attachments.reading import Reading
from connote.ingest.document import Document
from connote.ingest.options import Options
from connote.ingest.pipeline import Step

_PROPERTIES = (
    "content", "title", "author", "keywords", "date", "content_type", "content_length", "language", "modified",
    "format", "identifier", "contributor", "coverage", "modifier", "creator_tool", "publisher", "relation",
    "rights", "source", "type", "description", "print_date", "metadata_date", "latitude", "longitude", "altitude",
    "rating", "comments",
)  # fmt: skip
_MOST = 10_000_000


def attachment(options: Options) -> Step:
    """The text of a file in Base64 (PDF, Word, HTML, …), with its type, title and author, as `attachment`."""
    field, missing = options.text("field"), options.flag("ignore_missing")
    at, to = options.fixed("field", field), options.fixed("target_field", options.text("target_field", "attachment"))
    usual, own = options.whole("indexed_chars", 100_000), options.text("indexed_chars_field", None)
    most_at = None if own is None else options.fixed("indexed_chars_field", own)
    wanted = options.list("properties", None) or _PROPERTIES
    if unknown := [each for each in wanted if each not in _PROPERTIES]:
        raise options.failure("properties", f"illegal field option [{unknown[0]}]. valid values are {[*_PROPERTIES]}")
    removes = options.flag("remove_binary")
    options.text("resource_name", None)  # the bytes tell what it is

    def run(document: Document) -> None:
        value = document.text(at, field, missing=missing)
        if value is None:
            return
        given = usual if most_at is None or not document.given(most_at) else document.get(most_at)
        try:
            found = process.read(_bytes(value), _most(given))
        except IllegalArgument as error:
            raise IllegalArgument(f"Error parsing document in field [{field}]: {error.reason}") from None
        document.put(to, {name: value for name, value in _told(found).items() if name in wanted})
        if removes:
            document.remove(at)

    return run


def _most(given: Any) -> int:  # noqa: ANN401 (of a document)
    """How many characters are wanted; -1 is for all."""
    if not isinstance(given, int) or isinstance(given, bool):
        raise IllegalArgument(f"the number of characters to index must be an integer, not [{given}]")
    return min(given, _MOST) if given >= 0 else _MOST


def _bytes(value: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except ValueError as error:
        raise IllegalArgument(f"it is no Base64: {error}") from None


def _told(found: Reading) -> dict[str, str | int]:
    return {**found.about, "content_type": found.kind, "content": found.text.strip(), "content_length": len(found.text)}


PROCESSORS: Mapping[str, Callable[[Options], Step]] = {"attachment": attachment}
