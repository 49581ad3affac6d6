"""Processors that put values somewhere, and take them away."""

from collections.abc import Callable
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.ingest import path
from connote.ingest.document import Document
from connote.ingest.options import Options, Value
from connote.ingest.painless.values import java_class
from connote.ingest.path import Path
from connote.ingest.pipeline import Step


def set_(options: Options) -> Step:
    """Set a field to a value, or to a copy of another field's."""
    field, override = options.field(), options.flag("override", default=True)
    skip_empty = options.flag("ignore_empty_value")
    value = _value(options, missing=skip_empty)

    def run(document: Document) -> None:
        at = field(document)
        if not override and document.has(at) and document.get(at) is not None:
            return
        new = value(document)
        if not skip_empty or new not in (None, ""):
            document.put(at, new)

    return run


def _value(options: Options, *, missing: bool) -> Callable[[Document], Value]:
    """What `value` or `copy_from` says; exactly one of them is to be given. What is copied may be `missing`."""
    source, media_type = options.text("copy_from", None), options.media_type()
    if source is None:
        return options.values("value", options.value("value"), media_type)
    if options.value("value", None) is not None:
        raise options.failure("copy_from", "cannot set both `copy_from` and `value` in the same processor")
    at = options.path("copy_from", source)
    return lambda document: path.copied(document.read(at(document), missing=missing))


def append(options: Options) -> Step:
    """Add a value, or several, to a field that becomes an array."""
    field, duplicates = options.field(), options.flag("allow_duplicates", default=True)
    skip_empty = options.flag("ignore_empty_values")
    value = _value(options, missing=skip_empty)

    def run(document: Document) -> None:
        new = value(document)
        if skip_empty:
            new = [item for item in (new if isinstance(new, list) else [new]) if item not in (None, "")]
            if not new:
                return
        path.append(document.ctx, field(document), new, duplicates=duplicates)

    return run


def remove(options: Options) -> Step:
    """Remove fields, or all but those to keep."""
    gone, kept = options.texts("field", None), options.texts("keep", None)
    missing = options.flag("ignore_missing")
    if (gone is None) == (kept is None):
        told = "required property is missing" if gone is None else "cannot be given together with [keep]"
        raise options.failure("field", told)
    paths = [options.path("field", name) for name in (gone if kept is None else kept)]
    if kept is not None:
        return lambda document: _keep(document, [at(document) for at in paths])

    def run(document: Document) -> None:
        for at in (each(document) for each in paths):
            if not missing or document.has(at):
                document.remove(at)

    return run


def _keep(document: Document, kept: list[Path]) -> None:
    """Remove every field that is none of these, nor above or below one of them."""

    def strip(value: dict[str, Any], names: list[str], above: Path) -> None:
        for name in names:
            at = (*above, name)
            if at in kept:
                continue
            inner = value[name]
            if any(each[: len(at)] == at for each in kept) and isinstance(inner, dict):
                strip(inner, list(inner), at)
            else:
                del value[name]

    strip(document.ctx, list(document.source), ())


def rename(options: Options) -> Step:
    """Give a field another name."""
    field, target = options.field(), options.field("target_field")
    missing, override = options.flag("ignore_missing"), options.flag("override")

    def run(document: Document) -> None:
        at, to = field(document), target(document)
        if not document.has(at):
            if missing:
                return
            raise IllegalArgument(f"field [{'.'.join(at)}] doesn't exist")
        if document.has(to) and not override:
            raise IllegalArgument(f"field [{'.'.join(to)}] already exists")
        value = document.remove(at)
        try:
            document.put(to, value)
        except IllegalArgument:
            document.put(at, value)  # nothing is lost
            raise

    return run


def dot_expander(options: Options) -> Step:
    """Make objects of a field with dots in its name; `*` is for all such fields."""
    field, within = options.text("field"), options.text("path", None)
    override = options.flag("override")
    if "." not in field and field != "*":
        raise options.failure("field", "field does not contain a dot and is not a wildcard")
    if field.startswith(".") or field.endswith(".") or ".." in field:
        raise options.failure("field", "dots must stand between names")
    at = options.fixed("path", within) if within else ()

    def run(document: Document) -> None:
        parent = document.get(at)
        if not isinstance(parent, dict):
            raise IllegalArgument(f"[{within}] is no object but a [{java_class(parent)}]")
        for name in [name for name in parent if "." in name] if field == "*" else [field]:
            if name in parent:
                _expand(parent, name, override=override)

    return run


def _expand(parent: dict[str, Any], name: str, *, override: bool) -> None:
    to, value = path.parse(name), parent[name]
    if override or not path.has(parent, to):
        path.put(parent, to, value)
    else:
        path.append(parent, to, value)
    del parent[name]


def sort(options: Options) -> Step:
    """Sort an array of numbers or of strings."""
    field, order = options.text("field"), options.text("order", "asc")
    if order not in ("asc", "desc"):
        raise options.failure("order", f"Sort direction [{order}] not recognized. Valid values are: [asc, desc]")
    at = options.fixed("field", field)
    to = options.fixed("target_field", options.text("target_field", field))

    def run(document: Document) -> None:
        value = document.get(at)
        if not isinstance(value, list):
            raise IllegalArgument(
                f"field [{field}] is null, cannot sort." if value is None else not_of(field, value, "java.util.List")
            )
        try:
            document.put(to, sorted(value, reverse=order == "desc"))
        except TypeError:
            raise IllegalArgument(f"field [{field}] has values of several types, which cannot be sorted") from None

    return run


def not_of(field: str, value: Value, kind: str) -> str:
    """Elasticsearch's words for a value of another type than a processor takes."""
    return f"field [{field}] of type [{java_class(value)}] cannot be cast to [{kind}]"


PROCESSORS = {
    "set": set_,
    "append": append,
    "remove": remove,
    "rename": rename,
    "dot_expander": dot_expander,
    "sort": sort,
}
