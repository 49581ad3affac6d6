"""What `grok(…)` and `dissect(…)` give in a script: the named parts of a text.

https://www.elastic.co/docs/explore-analyze/scripting/grok
"""

from collections.abc import Callable, Mapping

from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import Value, class_cast


class Extractor:
    """A pattern; `find` gives the parts of a text by name, None if it does not fit. It may raise Fault."""

    def __init__(self, find: Callable[[str], Mapping[str, Value] | None]) -> None:
        self._find = find

    def extract(self, text: Value) -> Value:
        """The parts as a map, null if the text does not fit. Raises Fault for what is no text."""
        if text is None:
            raise Fault("cannot extract from a null reference", "null_pointer_exception")
        if not isinstance(text, str):
            raise class_cast(text, "String")
        found = self._find(text)
        return None if found is None else dict(found)


OF_EXTRACTORS = {"extract": Extractor.extract}
