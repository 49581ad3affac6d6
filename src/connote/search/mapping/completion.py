"""`completion`: what may be suggested to whoever types, with a weight.

An input is kept as a word of the dictionary: as it is compared, its weight, and as it is shown. So what begins with a
text is a run of the dictionary.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from connote.contract.errors import BadMapping, IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analysis, Analyzer
from connote.search.mapping.contexts import Context, contexts, values
from connote.search.mapping.field import COMMON, Field, Param, anything, flag, text, whole
from connote.search.mapping.values import Values

# Between tokens of what is compared, and between the parts of a word; no input has them.
GAP, PART = "\x1f", "\x00"
_RESERVED = re.compile("[\x00\x1e\x1f]")
_MOST_WEIGHT = 2**31 - 1
# Of an input with its contexts, in characters.
_MOST_LENGTH = 32_766


@dataclass(frozen=True)
class Input:
    """What was given: as it is compared, shown, what it weighs, and by context what it belongs to."""

    key: str
    weight: int
    shown: str
    contexts: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, word: str, *, whole: bool = True) -> "Input":
        """From a word of the dictionary; without its contexts, if it is not to be `whole`."""
        key, numbers, shown = word.split(PART, 2)
        weight, _, rest = numbers.partition("{")
        return cls(key, int(weight), shown, json.loads(f"{{{rest}") if rest and whole else {})

    @property
    def word(self) -> str:
        """For the dictionary: the contexts behind the weight, as JSON, which has no such parts."""
        contexts = json.dumps(self.contexts, sort_keys=True) if self.contexts else ""
        return f"{self.key}{PART}{self.weight}{contexts}{PART}{self.shown}"


class Completion(Field):
    """Texts, or objects of `input`, `weight` and `contexts`."""

    kind: ClassVar[str] = "completion"
    params = COMMON | {
        "analyzer": Param(text),
        "search_analyzer": Param(text),
        "preserve_separators": Param(flag, True),
        "preserve_position_increments": Param(flag, True),
        "max_input_length": Param(whole, 50, updatable=True),
        "contexts": Param(anything),
    }
    takes_objects = True

    def prepare(self, analysis: Analysis) -> None:
        """The analyzers are there, and contexts are well formed."""
        object.__setattr__(self, "_contexts", () if self["contexts"] is None else contexts(self["contexts"]))
        own = self["analyzer"] or "simple"
        for place, name in (("_analyzer", own), ("_searcher", self["search_analyzer"] or own)):
            if (found := analysis.analyzer(name)) is None:
                raise BadMapping(f"Failed to parse mapping: analyzer [{name}] not found for field [{self.name}]")
            object.__setattr__(self, place, found)

    @property
    def contexts(self) -> tuple[Context, ...]:
        """What inputs may belong to."""
        found: tuple[Context, ...] = self.__dict__["_contexts"]
        return found

    def key(self, given: str, *, searched: bool = False) -> str:
        """A text as it is compared."""
        analyzer: Analyzer = self.__dict__["_searcher" if searched else "_analyzer"]
        terms = [token.term for token in analyzer.analyze(given)]
        return (GAP if self["preserve_separators"] else "").join(terms)

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401 (JSON)
        """A text, or an object. Raises IllegalArgument."""
        inputs, weight, given = self._read(value)
        belongs = values(given, self.contexts)
        if self.contexts and not any(belongs.values()) and not any(each.path for each in self.contexts):
            raise IllegalArgument(f"Contexts are mandatory in context enabled completion field [{self.name}]")
        for each in inputs:
            _check(each)
            shown = each[: self["max_input_length"]]
            if not shown:
                raise IllegalArgument("value must have a length > 0")
            if key := self.key(shown):
                word = Input(key, weight, shown, belongs).word
                if len(word) > _MOST_LENGTH:
                    raise IllegalArgument(f"[contexts] of field [{self.name}] are too long: [{len(word)}] characters")
                into.words[self.name].append(word)

    def _read(self, value: Any) -> tuple[list[str], int, Any]:  # noqa: ANN401
        weight: Any = 1
        given: Any = {}
        if isinstance(value, Mapping):
            known = ["input", "weight", *(["contexts"] if self.contexts else [])]
            if unknown := value.keys() - set(known):
                raise IllegalArgument(f"unknown field name [{min(unknown)}], must be one of [{', '.join(known)}]")
            value, weight, given = value.get("input"), value.get("weight", 1), value.get("contexts") or {}
        listed = value if isinstance(value, list) else [value]
        if not listed or not all(isinstance(each, str) for each in listed):
            raise IllegalArgument(f"[input] must be a text, or an array of texts, not [{java(value)[:100]}]")
        if isinstance(weight, str) and weight.isdecimal():
            weight = int(weight[:20])
        if type(weight) is not int or not 0 <= weight <= _MOST_WEIGHT:
            raise IllegalArgument(f"weight must be in the interval [0..2147483647], but was [{java(weight)[:100]}]")
        return listed, weight, given


def _check(given: str) -> None:
    """Raise IllegalArgument for a character that stands between what is kept."""
    found = _RESERVED.search(given)
    if found is not None:
        raise IllegalArgument(
            f"Illegal input [{given[:100]}] UTF-16 codepoint [{ord(found[0]):#x}] at position {found.start()} is a "
            "reserved character"
        )
