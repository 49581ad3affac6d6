"""The dissect processor: fields of a string, told apart by what stands between them.

https://www.elastic.co/docs/reference/enrich-processor/dissect-processor
"""

import re
from dataclasses import dataclass

from connote.contract.errors import IllegalArgument
from connote.ingest import path
from connote.ingest.document import Document
from connote.ingest.options import Options
from connote.ingest.pipeline import Step

_KEY = re.compile(r"%\{(?P<sign>[+*&?]?)(?P<name>[^{}]*?)(?:/(?P<order>\d{1,4}))?(?P<padded>->)?\}")


@dataclass(frozen=True)
class _Key:
    """A part of the pattern: its name, what is done with it, and what ends it."""

    sign: str
    name: str
    order: int
    padded: bool
    ends: str


@dataclass(frozen=True)
class Pattern:
    """A pattern: what stands before its first key, and its keys."""

    first: str
    parts: list[_Key]

    @classmethod
    def parse(cls, pattern: str) -> "Pattern":
        """The pattern in a text. Raises IllegalArgument."""
        keys = list(_KEY.finditer(pattern))
        if not keys:
            raise IllegalArgument(f"Unable to parse pattern: {pattern}. Reason: no keys found")
        starts = [key.start() for key in keys[1:]]
        ends = [pattern[key.end() : start] for key, start in zip(keys, [*starts, None], strict=True)]
        if not all(ends[:-1]):
            raise IllegalArgument(f"Unable to parse pattern: {pattern}. Reason: nothing stands between two keys")
        parts = [
            _Key(key["sign"], key["name"], int(key["order"] or 0), bool(key["padded"]), end)
            for key, end in zip(keys, ends, strict=True)
        ]
        return cls(pattern[: keys[0].start()], parts)

    @property
    def names(self) -> list[str]:
        """The fields that it gives, but for those whose names stand in the text."""
        return list(dict.fromkeys(each.name for each in self.parts if each.name and each.sign in ("", "+")))

    def fields(self, text: str, between: str = "") -> dict[str, str] | None:
        """What it finds in a text; None if the text does not fit. `between` stands between what is appended."""
        found = _values(text, self.first, self.parts)
        return None if found is None else _fields(self.parts, found, between)


def dissect(options: Options) -> Step:
    """Take a string apart by a pattern such as `%{clientip} %{+ts} %{->} "%{verb}"`."""
    field, missing = options.text("field"), options.flag("ignore_missing")
    at, pattern = options.fixed("field", field), options.text("pattern")
    between = options.text("append_separator", "")
    try:
        parsed = Pattern.parse(pattern)
    except IllegalArgument as error:
        raise options.failure("pattern", error.reason) from None
    for part in parsed.parts:
        if part.name and part.sign not in ("*", "&", "?"):
            options.fixed("pattern", part.name)

    def run(document: Document) -> None:
        value = document.text(at, field, missing=missing)
        if value is None:
            return
        found = parsed.fields(value, between)
        if found is None:
            raise IllegalArgument(f"Unable to find match for dissect pattern: {pattern} against source: {value[:200]}")
        for name, text in found.items():
            document.put(path.parse(name), text)

    return run


def _values(text: str, first: str, parts: list[_Key]) -> list[str] | None:
    """What stands for each key; None if the text does not have what is between them."""
    if not text.startswith(first):
        return None
    found, start = [], len(first)
    for part in parts:
        end = text.find(part.ends, start) if part.ends else len(text)
        if end < 0:
            return None
        found.append(text[start:end])
        start = end + len(part.ends)
        while part.padded and part.ends and text.startswith(part.ends, start):
            start += len(part.ends)
    return found


def _fields(parts: list[_Key], values: list[str], between: str) -> dict[str, str]:
    plain, appended, names = dict[str, str](), dict[str, list[tuple[int, str]]](), dict[str, str]()
    for part, value in zip(parts, values, strict=True):
        if part.sign == "*":
            names[part.name] = value
        elif part.sign in ("", "+") and part.name:
            appended.setdefault(part.name, []).append((part.order, value))
    for name, pieces in appended.items():
        plain[name] = between.join(value for _, value in sorted(pieces, key=lambda piece: piece[0]))
    pairs = [(names.get(part.name), value) for part, value in zip(parts, values, strict=True) if part.sign == "&"]
    return plain | {name: value for name, value in pairs if name}


PROCESSORS = {"dissect": dissect}
