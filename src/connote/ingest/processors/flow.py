"""Processors that decide what happens: foreach, pipeline, script, drop, fail, terminate."""

from collections.abc import Callable, Generator
from typing import Any

from connote.contract.errors import IllegalArgument, ProcessorFailed
from connote.ingest.document import Document, plain
from connote.ingest.options import Options, Value
from connote.ingest.path import copied
from connote.ingest.pipeline import Dropped, Flow, Infer, Results, Step, Terminated
from connote.ingest.processors.fields import not_of

_TURN = ("_key", "_value")  # of `_ingest`, in a loop


def foreach(options: Options) -> Step:
    """Run a processor on each element of an array or object, which it sees as `_ingest._value` (and `_ingest._key`)."""
    field, missing = options.field(), options.flag("ignore_missing")
    inner = options.nested(options.map("processor"), "processor")

    def one(document: Document, key: str | None, value: Value) -> Generator[Infer, Results, tuple[Value, Value]]:
        before: dict[str, Value] = {name: document.ingest[name] for name in _TURN if name in document.ingest}
        document.ingest["_value"] = value
        if key is not None:
            document.ingest["_key"] = key
        try:
            yield from inner.run(document)
            return document.ingest.get("_key"), document.ingest.get("_value")
        finally:
            for name in _TURN:
                document.ingest.pop(name, None)
            document.ingest.update(before)

    def run(document: Document) -> Flow:
        at = field(document)
        values = document.read(at, missing=missing)
        if values is None and missing:
            return
        trace, document.trace = document.trace, None  # a simulation shows the loop, not its turns
        found = []
        try:
            for key, value in _turns(values, ".".join(at)):
                pair = yield from one(document, key, value)
                found.append(pair)
        finally:
            document.trace = trace
        is_map = isinstance(values, dict)
        document.put(at, {str(key): value for key, value in found} if is_map else [value for _, value in found])

    return run


def _turns(values: Value, field: str) -> list[tuple[str | None, Value]]:
    if values is None:
        raise IllegalArgument(f"field [{field}] is null, cannot loop over its elements.")
    if not isinstance(values, list | dict):
        raise IllegalArgument(not_of(field, values, "java.util.List"))
    return list(values.items()) if isinstance(values, dict) else [(None, value) for value in values]


def pipeline(options: Options) -> Step:
    """Run another pipeline."""
    name, missing, find = options.template("name"), options.flag("ignore_missing_pipeline"), options.find

    def run(document: Document) -> Flow | None:
        found = find(name(document))
        if found is not None:
            return found.run(document)
        if missing:
            return None
        raise IllegalArgument(f"Pipeline processor configured for non-existent pipeline [{name(document)}]")

    return run


def script(options: Options) -> Step:
    """Run a script over the document, `ctx`."""
    compiled, params = options.script()

    def run(document: Document) -> None:
        try:
            compiled.run(ctx=document.ctx, params=copied(params))
        finally:
            _tidy(document.ctx)

    return run


def _tidy(ctx: dict[Any, Value]) -> None:
    """Keep a document what it must be, whatever a script has made of it. Raises IllegalArgument for what cannot be."""
    name = "what the script made of the document"
    try:
        kept = plain(ctx, name)
        ctx.clear()
        ctx.update(kept)
    except IllegalArgument:
        for field in list(ctx):
            try:
                ctx.update(plain({field: ctx[field]}, name))
            except IllegalArgument:
                del ctx[field]
        raise


def _raise(error: Callable[[Document], Exception]) -> Step:
    def run(document: Document) -> None:
        raise error(document)

    return run


def drop(_: Options) -> Step:
    """Index the document not at all, without an error."""
    return _raise(lambda _: Dropped())


def terminate(_: Options) -> Step:
    """Leave the pipeline."""
    return _raise(lambda _: Terminated())


def fail(options: Options) -> Step:
    """Refuse the document."""
    message = options.template("message")
    return _raise(lambda document: ProcessorFailed(message(document)))


PROCESSORS = {
    "foreach": foreach,
    "pipeline": pipeline,
    "script": script,
    "drop": drop,
    "terminate": terminate,
    "fail": fail,
}
