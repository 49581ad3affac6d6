"""Processors over strings: each takes a string or an array of strings, and writes to `target_field` or the field."""

import html
import re
from collections.abc import Callable
from urllib.parse import unquote_plus

from connote.contract import expressions, sizes
from connote.contract.errors import IllegalArgument
from connote.ingest.document import Document
from connote.ingest.options import Options, Value
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import MOST_TEXT, text
from connote.ingest.pipeline import Step
from connote.ingest.processors.fields import not_of

# A comment that is not closed goes to the end: to look for its end from each of many would take for ever.
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|</?[a-zA-Z!?][^<>]*>", re.DOTALL)
_LINE_TAG = re.compile(r"</?(?:p|div|br|h[1-6]|li|ul|ol|tr|table|hr|pre|blockquote|dd|dl|dt)\b", re.IGNORECASE)
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")


def each(options: Options, change: Callable[[str], Value]) -> Step:
    """What does something to a string, or to each of an array of them."""
    field, missing = options.text("field"), options.flag("ignore_missing")
    at = options.fixed("field", field)
    to = options.fixed("target_field", options.text("target_field", field))

    def one(value: Value) -> Value:
        if not isinstance(value, str):
            raise IllegalArgument(not_of(field, value, "java.lang.String"))
        return change(value)

    def run(document: Document) -> None:
        value = document.read(at, missing=missing)
        if value is None:
            if missing:
                return
            raise IllegalArgument(f"field [{field}] is null, cannot process it.")
        document.put(to, [one(item) for item in value] if isinstance(value, list) else one(value))

    return run


def lowercase(options: Options) -> Step:
    """In lower case."""
    return each(options, str.lower)


def uppercase(options: Options) -> Step:
    """In upper case."""
    return each(options, str.upper)


def trim(options: Options) -> Step:
    """Without white space at either end."""
    return each(options, lambda value: value.strip("".join(map(chr, range(33)))))


def html_strip(options: Options) -> Step:
    """Without HTML: each tag that breaks a line becomes a new line, other tags nothing."""
    return each(options, lambda value: html.unescape(_TAG.sub(_untagged, value)))


def _untagged(tag: "re.Match[str]") -> str:
    return "\n" if _LINE_TAG.match(tag[0]) else ""


def urldecode(options: Options) -> Step:
    """With what is URL-encoded decoded."""
    return each(options, _urldecoded)


def _urldecoded(value: str) -> str:
    if _BAD_ESCAPE.search(value):
        raise IllegalArgument(f"URLDecoder: Illegal hex characters in escape (%) pattern in [{value[:100]}]")
    return unquote_plus(value)


def bytes_(options: Options) -> Step:
    """A size such as `1kb` as its number of bytes."""
    return each(options, lambda value: sizes.parse(value, f"[{options.type}] the value"))


def gsub(options: Options) -> Step:
    """With what matches a regular expression replaced."""
    pattern, by = options.text("pattern"), options.text("replacement")
    try:
        compiled = expressions.compiled(pattern)
    except ValueError as error:
        raise options.failure("pattern", f"Invalid regex pattern. {error}") from None
    return each(options, lambda value: bounded(lambda: expressions.replace(compiled, value, by, MOST_TEXT)))


def bounded(act: Callable[[], Value]) -> Value:
    """What it gives. Raises IllegalArgument for an expression that takes too long, or makes too much."""
    try:
        return act()
    except TimeoutError:
        raise IllegalArgument(f"a regular expression took longer than {expressions.TIMEOUT:g} s") from None
    except (OverflowError, ValueError) as error:
        raise IllegalArgument(str(error)) from None


def split(options: Options) -> Step:
    """A string as an array, cut where a regular expression matches."""
    field, missing = options.text("field"), options.flag("ignore_missing")
    at = options.fixed("field", field)
    to = options.fixed("target_field", options.text("target_field", field))
    trailing = -1 if options.flag("preserve_trailing") else 0
    try:
        separator = expressions.compiled(options.text("separator"))
    except ValueError as error:
        raise options.failure("separator", f"Invalid regex pattern. {error}") from None

    def run(document: Document) -> None:
        value = document.read(at, missing=missing)
        if value is None and missing:
            return
        if value is None:
            raise IllegalArgument(f"field [{field}] is null, cannot split.")
        if not isinstance(value, str):
            raise IllegalArgument(not_of(field, value, "java.lang.String"))
        document.put(to, bounded(lambda: expressions.split(separator, value, trailing)))

    return run


def join(options: Options) -> Step:
    """An array as one string."""
    field, separator = options.text("field"), options.text("separator")
    at = options.fixed("field", field)
    to = options.fixed("target_field", options.text("target_field", field))

    def run(document: Document) -> None:
        value = document.get(at)
        if value is None:
            raise IllegalArgument(f"field [{field}] is null, cannot join.")
        if not isinstance(value, list):
            raise IllegalArgument(not_of(field, value, "java.util.List"))
        parts = [item if isinstance(item, str) else bounded_text(item) for item in value]
        if sum(map(len, parts)) + len(separator) * len(parts) > MOST_TEXT:
            raise IllegalArgument(f"field [{field}] would have more than {MOST_TEXT} characters")
        document.put(to, separator.join(parts))

    return run


def bounded_text(value: Value) -> str:
    """A value as Java shows it. Raises IllegalArgument if that is too long."""
    try:
        return text(value)
    except Fault as fault:
        raise IllegalArgument(str(fault)) from None


PROCESSORS = {
    "lowercase": lowercase,
    "uppercase": uppercase,
    "trim": trim,
    "html_strip": html_strip,
    "urldecode": urldecode,
    "bytes": bytes_,
    "gsub": gsub,
    "split": split,
    "join": join,
}
