"""From a pipeline's JSON to what runs."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connote.contract.errors import ParseFailed, Rejected
from connote.ingest import options
from connote.ingest.enrich import Lookup
from connote.ingest.options import Options
from connote.ingest.painless.values import java_class
from connote.ingest.pipeline import Node, Pipeline, Step
from connote.ingest.processors import (
    attachment,
    convert,
    dated,
    dissect,
    enrich,
    fields,
    fingerprint,
    flow,
    grok,
    inference,
    network,
    strings,
)

Value = Any
PROCESSORS: Mapping[str, Callable[[Options], Step]] = {
    **attachment.PROCESSORS,
    **fields.PROCESSORS,
    **strings.PROCESSORS,
    **convert.PROCESSORS,
    **dated.PROCESSORS,
    **dissect.PROCESSORS,
    **enrich.PROCESSORS,
    **fingerprint.PROCESSORS,
    **grok.PROCESSORS,
    **flow.PROCESSORS,
    **inference.PROCESSORS,
    **network.PROCESSORS,
}
_FIELDS = {
    "description": str, "version": int, "processors": list, "on_failure": list, "_meta": dict, "deprecated": bool,
}  # fmt: skip
_NESTED = ("processors", "on_failure")
_MOST_DEPTH, _MOST_PROCESSORS = 20, 10_000


def parse(
    id: str,
    body: Mapping[str, Any],
    find: Callable[[str], Pipeline | None],
    lookup: Callable[[str], Lookup | None] = lambda _: None,
) -> Pipeline:
    """The pipeline of that body; `find` is what its `pipeline` processors look others up with, and `lookup` policies.

    Raises ParseFailed, BadScript or IllegalArgument for the first thing that is wrong, with the others beside it.
    """
    for name, kind in _FIELDS.items():
        value = body.get(name)
        if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
            raise _wrong(name, f"property isn't a {_NAMES[kind]}, but of type [{java_class(value)}]")
    if body.get("processors") is None:
        raise _wrong("processors", "required property is missing")
    if body.get("on_failure") == []:
        raise ParseFailed(f"pipeline [{id}] cannot have an empty on_failure option defined")
    if unknown := [name for name in body if name not in _FIELDS]:
        raise ParseFailed(
            f"pipeline [{id}] doesn't support one or more provided configuration parameters [{', '.join(unknown)}]"
        )
    reader = _Reader(find, lookup)
    nodes = reader.nodes(body["processors"], 0)
    on_failure = reader.nodes(body.get("on_failure") or [], 0)
    options.checked(reader.errors)
    return Pipeline(id, nodes, on_failure, body)


_NAMES = {str: "string", int: "integer", list: "list", dict: "map", bool: "boolean"}


def models(body: Mapping[str, Any]) -> Iterator[str]:
    """The models and endpoints that a pipeline's processors infer with."""
    return _named(body, "inference", "model_id")


def policies(body: Mapping[str, Any]) -> Iterator[str]:
    """The policies that a pipeline's processors enrich by."""
    return _named(body, "enrich", "policy_name")


def _named(body: Mapping[str, Any], kind: str, option: str) -> Iterator[str]:
    """What the processors of a kind name by an option."""
    for nested in (*(body.get(name) for name in _NESTED), [body.get("processor")]):
        for each in nested if isinstance(nested, list) else ():
            for type, config in each.items() if isinstance(each, dict) else ():
                if isinstance(config, dict):
                    if type == kind and isinstance(config.get(option), str):
                        yield config[option]
                    yield from _named(config, kind, option)


class _Reader:
    """Reads processors, and goes on behind those that are wrong."""

    def __init__(self, find: Callable[[str], Pipeline | None], lookup: Callable[[str], Lookup | None]) -> None:
        self._find, self._lookup, self.errors, self._count = find, lookup, list[Rejected](), 0

    def nodes(self, given: list[Value], depth: int) -> list[Node]:
        """The processors of a list."""
        found = []
        for each in given:
            try:
                if not isinstance(each, dict):
                    raise ParseFailed(f"a processor must be an object, not of type [{java_class(each)}]")
                found += [self._node(type, config, depth) for type, config in each.items()]
            except Rejected as error:
                self.errors.append(error)
                if len(self.errors) > 20:
                    break
        return found

    def _node(self, type: str, given: Value, depth: int) -> Node:
        self._count += 1
        if depth > _MOST_DEPTH or self._count > _MOST_PROCESSORS:
            raise ParseFailed(f"a pipeline may have at most {_MOST_PROCESSORS} processors, nested {_MOST_DEPTH} deep")
        build = PROCESSORS.get(type)
        if build is None:
            error = ParseFailed(f"No processor type exists with name [{type}]")
            error.details = {"processor_type": type}
            raise error
        config = {"source": given} if type == "script" and isinstance(given, str) else given
        if not isinstance(config, dict):
            raise _wrong(type, f"property isn't a map, but of type [{java_class(given)}]")

        def nested(inner: Value, name: str) -> Node:
            if len(inner) != 1:
                raise read.failure(name, "Must specify exactly one processor type")
            ((kind, of),) = inner.items()
            return self._node(kind, of, depth + 1)

        read = Options(type, config, nested, self._find, self._lookup)
        description, condition = read.text("description", None), read.condition()
        ignore, handlers = read.flag("ignore_failure"), read.list("on_failure", None)
        if handlers == []:
            raise read.failure("on_failure", "processors list cannot be empty")
        step = build(read)
        read.end()
        on_failure = self.nodes(handlers or [], depth + 1)
        return Node(type, step, read.tag, description, condition, ignore, on_failure)


def _wrong(name: str, reason: str) -> ParseFailed:
    error = ParseFailed(f"[{name}] {reason}")
    error.details = {"property_name": name}
    return error
