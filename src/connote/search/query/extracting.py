"""`grok` and `dissect` of scripts that make runtime fields: patterns by which a text is taken apart.

https://www.elastic.co/docs/explore-analyze/scripting/grok, https://www.elastic.co/docs/explore-analyze/scripting/dissect
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

from connote.contract.errors import IllegalArgument
from connote.ingest.grok import compiled
from connote.ingest.painless.extractor import Extractor
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import Value, class_cast
from connote.ingest.processors.dissect import Pattern
from connote.ingest.processors.strings import bounded

_dissected = lru_cache(maxsize=1000)(Pattern.parse)


def _extractor(made: Callable[[str], Callable[[str], Mapping[str, Value] | None]], pattern: Value) -> Extractor:
    if not isinstance(pattern, str):
        raise class_cast(pattern, "String")
    try:
        find = made(pattern)
    except IllegalArgument as error:
        raise Fault(error.reason) from None
    return Extractor(partial(_found, find))


def _found(find: Callable[[str], Mapping[str, Value] | None], text: str) -> Mapping[str, Value] | None:
    try:
        found: Mapping[str, Value] | None = bounded(partial(find, text))
    except IllegalArgument as error:
        raise Fault(error.reason) from None
    return found


EXTRACTORS: Mapping[str, Callable[[Value], Extractor]] = {
    "grok": partial(_extractor, lambda pattern: compiled(pattern).match),
    "dissect": partial(_extractor, lambda pattern: _dissected(pattern).fields),
}
