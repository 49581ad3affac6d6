"""Processors that read a value out of a string: numbers, JSON, dates, CSV, pairs."""

import csv
import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson

from connote.contract import dates, expressions
from connote.contract.errors import IllegalArgument
from connote.ingest import path
from connote.ingest.document import Document, plain
from connote.ingest.options import Options, Value
from connote.ingest.painless.values import INTEGERS
from connote.ingest.pipeline import Step
from connote.ingest.processors.fields import not_of
from connote.ingest.processors.strings import bounded, bounded_text

_LONGS = range(-(1 << 63), 1 << 63)
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]{1,16}|[0-9]{1,25})", re.ASCII)
_FLOAT = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?[fFdD]?\s*", re.ASCII)


def convert(options: Options) -> Step:
    """Give a value, or each of an array, another type."""
    field, missing = options.text("field"), options.flag("ignore_missing")
    at = options.fixed("field", field)
    to = options.fixed("target_field", options.text("target_field", field))
    kind = options.text("type")
    if kind not in _CONVERSIONS:
        raise options.failure("type", f"type [{kind}] not supported, cannot convert field.")
    change = _CONVERSIONS[kind]

    def run(document: Document) -> None:
        value = document.read(at, missing=missing)
        if value is None:
            if missing:
                return
            raise IllegalArgument(f"Field [{field}] is null, cannot be converted to type [{kind}]")
        document.put(to, [change(item) for item in value] if isinstance(value, list) else change(value))

    return run


def _integer(name: str, within: range, value: Value) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value in within:
        return value
    text = value if isinstance(value, str) else ""
    found = int(text, 16 if "x" in text.lower() else 10) if _INTEGER.fullmatch(text) else None
    if found is None or found not in within:
        raise IllegalArgument(f"unable to convert [{bounded_text(value)}] to {name}")
    return found


def _float(name: str, value: Value) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str) or not _FLOAT.fullmatch(value):
        raise IllegalArgument(f"unable to convert [{bounded_text(value)}] to {name}")
    found = float(value.strip().rstrip("fFdD"))
    if not math.isfinite(found):
        raise IllegalArgument(f"unable to convert [{value}] to {name}")
    return found


def _boolean(value: Value) -> bool:
    text = bounded_text(value).lower()
    if text not in ("true", "false"):
        raise IllegalArgument(f"[{bounded_text(value)}] is not a boolean value, cannot convert to boolean")
    return text == "true"


def _ip(value: Value) -> str:
    try:
        ipaddress.ip_address(value if isinstance(value, str) else "")
    except ValueError:
        raise IllegalArgument(f"'{bounded_text(value)}' is not an IP string literal.") from None
    return str(value)


def _auto(value: Value) -> Value:
    """A string as the first type that it can be; any other value as it is."""
    if not isinstance(value, str):
        return value
    for change in (partial(_integer, "integer", INTEGERS), partial(_integer, "long", _LONGS), partial(_float, "float")):
        try:
            return change(value)
        except IllegalArgument:
            continue
    return value.lower() == "true" if value.lower() in ("true", "false") else value


_CONVERSIONS: Mapping[str, Callable[[Value], Value]] = {
    "integer": partial(_integer, "integer", INTEGERS),
    "long": partial(_integer, "long", _LONGS),
    "float": partial(_float, "float"),
    "double": partial(_float, "double"),
    "boolean": _boolean,
    "string": bounded_text,
    "ip": _ip,
    "auto": _auto,
}


def json(options: Options) -> Step:
    """Read a string as JSON."""
    field, to_root = options.text("field"), options.flag("add_to_root")
    given = options.text("target_field", None)
    if to_root and given is not None:
        raise options.failure("target_field", "Cannot set a target field while also setting `add_to_root` to true")
    at, to = options.fixed("field", field), options.fixed("target_field", given or field)
    merge = options.text("add_to_root_conflict_strategy", "replace")
    if merge not in ("replace", "merge"):
        raise options.failure("add_to_root_conflict_strategy", f"conflict strategy [{merge}] not supported, "
                              "cannot convert field.")  # fmt: skip
    options.flag("allow_duplicate_keys")
    strict = options.flag("strict_json_parsing", default=True)

    def run(document: Document) -> None:
        found = _loaded(document.get(at), field, strict=strict)
        if not to_root:
            document.put(to, found)
        elif not isinstance(found, dict):
            raise IllegalArgument("cannot add non-map fields to root of document")
        elif merge == "merge":
            _merge(document.ctx, found)
        else:
            document.ctx.update({name: value for name, value in found.items() if name != "_ingest"})

    return run


def _loaded(value: Value, field: str, *, strict: bool) -> Value:
    if not isinstance(value, str):
        if isinstance(value, dict | list):
            raise IllegalArgument(not_of(field, value, "java.lang.String"))
        return value
    try:
        return plain(orjson.loads(value), f"the JSON in field [{field}]")
    except orjson.JSONDecodeError as error:
        if not strict:
            first = value.split(None, 1)[0] if value.strip() else ""
            if first and first != value:
                return _loaded(first, field, strict=True)
        raise IllegalArgument(f"field [{field}] holds no JSON: {error.msg} at line {error.lineno}, "
                              f"column {error.colno}") from None  # fmt: skip


def _merge(into: dict[str, Value], other: dict[str, Value]) -> None:
    for name, value in other.items():
        there = into.get(name)
        if isinstance(there, dict) and isinstance(value, dict) and name != "_ingest":
            _merge(there, value)
        else:
            into[name] = value


_TAI = re.compile(r"@?([0-9a-fA-F]{16})([0-9a-fA-F]{8})?")


def date(options: Options) -> Step:
    """Read a date, and write it in ISO 8601 or another format."""
    field, formats = options.text("field"), options.list("formats")
    at = options.fixed("field", field)
    to = options.fixed("target_field", options.text("target_field", "@timestamp"))
    zone, _ = options.template("timezone", "UTC"), options.template("locale", "ENGLISH")
    output = options.text("output_format", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX")
    if not all(isinstance(each, str) for each in formats):
        raise options.failure("formats", "property isn't a list of strings")
    try:
        for each in [*formats, output]:
            if each not in ("UNIX", "UNIX_MS", "TAI64N") and "{{" not in each:
                dates.check(each)
    except IllegalArgument as error:
        raise options.failure("formats", error.reason) from None
    patterns = [options.filled("formats", each) for each in formats]

    def run(document: Document) -> None:
        value = document.get(at)
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise IllegalArgument(f"field [{field}] is null or no text, cannot be read as a date")
        named = dates.zone_of(zone(document))
        moment = read_date(bounded_text(value), [pattern(document) for pattern in patterns], named)
        document.put(to, bounded(partial(dates.render, moment, output, named)))

    return run


def read_date(text: str, formats: list[str], zone: Any) -> int:  # noqa: ANN401 (a tzinfo)
    """Milliseconds since 1970, by the first of some formats that fits. Raises IllegalArgument."""
    for each in formats:
        try:
            return _milliseconds(text, each, zone)
        except (IllegalArgument, ValueError, OverflowError):
            continue
    error = IllegalArgument(f"unable to parse date [{text}]")
    error.caused_by = {"type": "illegal_argument_exception", "reason": f"unable to parse date [{text}] with any of "
                       f"the formats [{', '.join(formats)}]"}  # fmt: skip
    raise error


def _milliseconds(text: str, form: str, zone: Any) -> int:  # noqa: ANN401
    if form in ("UNIX", "UNIX_MS"):
        found = float(text) * (1000 if form == "UNIX" else 1)
        return dates.milliseconds(dates.moment_of(found))
    if form == "TAI64N":
        match = _TAI.fullmatch(text)
        # https://cr.yp.to/libtai/tai64.html: 2^62 seconds before 1970, which was 10 seconds behind TAI.
        return (int(match[1], 16) - (1 << 62) - 10) * 1000 + int(match[2] or "0", 16) // 10**6 if match else int("")
    if _lacks_year(form):  # a log's date is of this year
        return dates.parse(f"{datetime.now(UTC).year} {text}", f"yyyy {form}", zone=zone)
    return dates.parse(text, form, zone=zone)


def _lacks_year(form: str) -> bool:
    """Whether it is a pattern of days without their year. The names of formats have underscores, or are these."""
    letters = re.sub("'[^']*'", "", form)
    is_named = "_" in letters or letters in ("ISO8601", "iso8601", "date", "hour", "time", "year")
    return not is_named and not re.search("[yuYD]", letters) and bool(re.search("[MLdE]", letters))


def csv_(options: Options) -> Step:
    """Read one line of CSV into fields."""
    field, names = options.text("field"), options.list("target_fields")
    at = options.fixed("field", field)
    separator, quote = options.text("separator", ","), options.text("quote", '"')
    missing, strip, empty = options.flag("ignore_missing"), options.flag("trim"), options.value("empty_value", None)
    if len(separator) != 1 or len(quote) != 1 or separator == quote or separator in "\r\n" or quote in "\r\n":
        raise options.failure("separator", "separator and quote must be single, different characters")
    if not names or not all(isinstance(name, str) for name in names):
        raise options.failure("target_fields", "target fields list can't be empty, and must be strings")
    targets = [options.fixed("target_fields", name) for name in names]

    def run(document: Document) -> None:
        line = document.read(at, missing=missing)
        if line is None and missing:
            return
        if not isinstance(line, str):
            raise IllegalArgument(f"field [{field}] is null or no text, cannot process it.")
        values = _line(line, separator, quote)
        for to, value in zip(targets, values, strict=False):
            read = value.strip() if strip else value
            if read or empty is not None:
                document.put(to, read or empty)

    return run


def _line(line: str, separator: str, quote: str) -> list[str]:
    try:
        # An escaped line break would end the reading, which the doubled one-line form of CSV does not know.
        return next(csv.reader([line], delimiter=separator, quotechar=quote, strict=True), [])
    except csv.Error as error:
        raise IllegalArgument(f"Illegal character inside unquoted or quoted field: {error}") from None


def kv(options: Options) -> Step:
    """Read pairs such as `ip=1.2.3.4 error=REFUSED` into fields."""
    field, missing, strips = options.field(), options.flag("ignore_missing"), options.flag("strip_brackets")
    pairs, within = _compiled(options, "field_split"), _compiled(options, "value_split")
    target, prefix = options.text("target_field", None), options.text("prefix", "")
    only, never = options.list("include_keys", None), options.list("exclude_keys", None)
    trim_key, trim_value = options.text("trim_key", ""), options.text("trim_value", "")
    base = options.path("target_field", target) if target else None

    def run(document: Document) -> None:
        at = field(document)
        value = document.read(at, missing=missing)
        if value is None and missing:
            return
        if not isinstance(value, str):
            raise IllegalArgument(f"field [{'.'.join(at)}] is null or no text, cannot extract key-value pairs.")
        for part in bounded(lambda: expressions.split(pairs, value)):
            key, *rest = bounded(partial(expressions.split, within, part, 2))
            if not rest:
                raise IllegalArgument(f"field [{'.'.join(at)}] does not contain value_split [{within.pattern}]")
            # An empty set of characters strips nothing, as it should.
            key, read = key.strip(trim_key), rest[0].strip(trim_value)
            if (only is None or key in only) and (never is None or key not in never):
                to = (*(base(document) if base else ()), *path.parse(f"{prefix}{key}"))
                _add(document, to, _bare(read) if strips else read)

    return run


def _add(document: Document, to: path.Path, value: str) -> None:
    """Set a field, or add to it."""
    if document.has(to):
        path.append(document.ctx, to, value)
    else:
        document.put(to, value)


def _bare(text: str) -> str:
    """Without the brackets or quotes around it."""
    pairs = ("()", "[]", "<>", "''", '""')
    return text[1:-1] if len(text) > 1 and text[0] + text[-1] in pairs else text


def _compiled(options: Options, name: str) -> Any:  # noqa: ANN401
    try:
        return expressions.compiled(options.text(name))
    except ValueError as error:
        raise options.failure(name, f"Invalid regex pattern. {error}") from None


PROCESSORS = {
    "convert": convert,
    "json": json,
    "date": date,
    "csv": csv_,
    "kv": kv,
}
