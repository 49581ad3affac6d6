"""The grok processor: fields of a string, found by expressions with names.

https://www.elastic.co/docs/reference/enrich-processor/grok-processor
"""

from collections.abc import Mapping, Sequence
from functools import partial

from connote.contract.errors import IllegalArgument
from connote.ingest import path
from connote.ingest.document import Document
from connote.ingest.grok import Grok, library
from connote.ingest.options import Options, Value
from connote.ingest.pipeline import Step
from connote.ingest.processors.strings import bounded


def grok(options: Options) -> Step:
    """Find fields in a string by the first of some patterns such as `%{IP:client} %{NUMBER:bytes:int}` that fits."""
    field, missing = options.text("field"), options.flag("ignore_missing")
    at, traced, groks = options.fixed("field", field), options.flag("trace_match"), _groks(options)

    def run(document: Document) -> None:
        value = document.text(at, field, missing=missing)
        if value is None:
            return
        number, found = _first(groks, value)
        for name, given in found.items():
            document.put(path.parse(name), given)
        if traced:
            document.ingest["_grok_match_index"] = str(number)

    return run


def _groks(options: Options) -> list[Grok]:
    mode = options.choice("ecs_compatibility", {"disabled": None, "v1": None}, "disabled")
    own, patterns = options.map("pattern_definitions", {}), options.texts("patterns")
    if not all(isinstance(each, str) for each in own.values()):
        raise options.failure("pattern_definitions", "property must be an object of strings")
    if not patterns:
        raise options.failure("patterns", "List of patterns must not be empty")
    known = {**library(ecs=mode == "v1"), **own}
    try:
        groks = [Grok(pattern, known) for pattern in patterns]
    except IllegalArgument as error:
        raise options.failure("patterns", error.reason) from None
    for name in (name for each in groks for name in each.fields):
        options.fixed("patterns", name)
    return groks


def _first(groks: Sequence[Grok], text: str) -> tuple[int, Mapping[str, Value]]:
    """The number of the first that fits, and what it finds. Raises IllegalArgument."""
    for number, each in enumerate(groks):
        found = bounded(partial(each.match, text))
        if found is not None:
            return number, found
    raise IllegalArgument(f"Provided Grok expressions do not match field value: [{text[:1000]}]")


PROCESSORS = {"grok": grok}
