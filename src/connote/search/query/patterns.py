"""Words found by a pattern: prefix, wildcard, regular expression."""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import regex

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine.arrays import Mask
from connote.search.engine.fields import Inverted
from connote.search.engine.segment import Table
from connote.search.mapping.field import Field
from connote.search.mapping.keyword import ConstantKeyword, Keyword
from connote.search.mapping.special import Flattened
from connote.search.mapping.text import Text
from connote.search.query.body import one_field
from connote.search.query.query import Constant, Find, MatchNone, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.regexps import expression

# Seconds that a user's regular expression may take for one segment; how long it may be.
_PATIENCE, _MOST_LENGTH = 2.0, 1000


# The terms of a field that are meant, by their ordinals in its dictionary.
Ordinals = Callable[[Inverted], Iterable[int]]


def passing(test: Callable[[str], bool]) -> Ordinals:
    """The terms that pass."""
    return lambda view: (ordinal for ordinal, term in enumerate(view.terms) if test(term))


def matching(field: str, test: Callable[[str], bool]) -> Find:
    """Documents with a term that passes."""
    return _found(field, passing(test))


def prefixed(field: str, prefix: str) -> Find:
    """Documents with a term that begins so."""
    return _found(field, lambda view: view.terms.prefixed(prefix))


def insensitive(field: str, value: str) -> Find:
    """Documents with that term, whatever the case of its letters."""
    wanted = value.casefold()
    return matching(field, lambda term: term.casefold() == wanted)


def _found(field: str, ordinals: Ordinals) -> Find:
    def find(table: Table) -> Mask:
        found = np.zeros(table.size, dtype=np.bool_)
        for view in (table.words(field), table.text(field)):
            if view is not None:
                found |= view.having(ordinals(view), table.size)
        return found

    return find


def check_words(kind: str, field: Field) -> None:
    """Raise IllegalArgument for a field without words or terms."""
    if not isinstance(field, Keyword | Text | Flattened):
        raise IllegalArgument(
            f"Can only use {kind} queries on keyword, text and wildcard fields - not on [{field.name}] "
            f"which is of type "
            f"[{field.kind}]"
        )


def _all_or_none(is_all: bool, boost: float) -> Weight:
    return Constant(lambda table: np.full(table.size, is_all, dtype=np.bool_), boost)


@dataclass(frozen=True, kw_only=True)
class Pattern(Query):
    """Base of the queries by pattern: all that match score the boost.

    `is_lowered` lets the analyzer of a text field lower the pattern, as queries that people type want it.
    """

    kind: ClassVar[str]
    field: str
    value: str
    is_insensitive: bool = False
    is_lowered: bool = False

    def weigh(self, reader: Reader) -> Weight:
        """A filter over the field's terms."""
        if self.field == "_index":
            return _all_or_none(self.fits(reader.index), self.boost)
        field = reader.field(self.field)
        if field is None:
            return MatchNone().weigh(reader)
        if isinstance(field, ConstantKeyword):
            return _all_or_none(field["value"] is not None and self.fits(field["value"]), self.boost)
        check_words(self.kind, field)
        found = _found(field.name, self.ordinals(self.normal(field)))
        return Constant(found, self.boost, f"{self.field}:{self.value}")

    def ordinals(self, value: str) -> Ordinals:
        """The terms of the pattern."""
        raise NotImplementedError

    def fits(self, word: str) -> bool:
        """Whether a name is of the pattern. Raises IllegalArgument if names cannot be asked so."""
        raise IllegalArgument(f"[{self.kind}] queries are not supported on [{self.field}], which is [{word}]")

    def normal(self, field: Field) -> str:
        """The pattern as the field's terms are."""
        if isinstance(field, Keyword):
            return field.normal(self.value)
        if self.is_lowered and isinstance(field, Text):
            return field.search_analyzer.normalize(self.value)
        return self.value


@dataclass(frozen=True, kw_only=True)
class Prefix(Pattern):
    """Terms that begin so."""

    kind: ClassVar[str] = "prefix"

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"name": "con"}` or `{"name": {"value": "con"}}`."""
        field, body, _ = one_field("prefix", given, "value")
        value = str(body.required("value", lambda found: found))
        made = cls(
            field=field, value=value, is_insensitive=body.flag("case_insensitive", default=False), **body.common()
        )
        body.raw("rewrite")
        body.done()
        return made

    def fits(self, word: str) -> bool:
        """Whether it begins so."""
        return word.startswith(self.value)

    def ordinals(self, value: str) -> Ordinals:
        """By the sorted dictionary."""
        if self.is_insensitive:
            wanted = value.casefold()
            return passing(lambda term: term.casefold().startswith(wanted))
        return lambda view: view.terms.prefixed(value)


@dataclass(frozen=True, kw_only=True)
class Wildcard(Pattern):
    """`*` for any characters, `?` for one; a backslash before one that means itself."""

    kind: ClassVar[str] = "wildcard"

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"name": "con*"}` or `{"name": {"value": "con*"}}`."""
        field, body, _ = one_field("wildcard", given, "value")
        value = body.raw("value")
        value = body.raw("wildcard") if value is None else value
        if value is None:
            raise BadQuery("value cannot be null")
        made = cls(
            field=field, value=str(value), is_insensitive=body.flag("case_insensitive", default=False), **body.common()
        )
        body.raw("rewrite")
        body.done()
        return made

    def fits(self, word: str) -> bool:
        """Whether all of it fits."""
        return re.fullmatch(wildcard(self.value), word, re.DOTALL) is not None

    def ordinals(self, value: str) -> Ordinals:
        """What does not begin with a wildcard is looked for by its beginning first."""
        flags = re.IGNORECASE if self.is_insensitive else 0
        pattern = re.compile(wildcard(value), re.DOTALL | flags)
        head = re.match(r"[^*?\\]*", value)
        start = head[0] if head else ""
        if not start or self.is_insensitive:
            return passing(lambda term: pattern.fullmatch(term) is not None)
        return lambda view: (at for at in view.terms.prefixed(start) if pattern.fullmatch(view.terms[at]))


@dataclass(frozen=True, kw_only=True)
class Regexp(Pattern):
    """Terms of a regular expression in Lucene's syntax, which must fit the whole term."""

    kind: ClassVar[str] = "regexp"
    flags: str = "ALL"

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"name": "con.*"}` or `{"name": {"value": "con.*"}}`."""
        field, body, _ = one_field("regexp", given, "value")
        made = cls(
            field=field,
            value=str(body.required("value", lambda found: found)),
            is_insensitive=body.flag("case_insensitive", default=False),
            flags=(body.text("flags") or "ALL").upper(),
            **body.common(),
        )
        for name in ("max_determinized_states", "rewrite", "flags_value"):
            body.raw(name)
        body.done()
        return made.checked()

    def checked(self) -> "Regexp":
        """Itself: what is wrong is told before any index is looked at. Raises IllegalArgument."""
        if len(self.value) > _MOST_LENGTH:
            raise IllegalArgument(
                f"The length of regex [{len(self.value)}] used in the Regexp Query request has exceeded the allowed "
                f"maximum of "
                f"[{_MOST_LENGTH}]."
            )
        self.ordinals(self.value)
        return self

    def normal(self, field: Field) -> str:  # noqa: ARG002
        """As it is."""
        return self.value

    def ordinals(self, value: str) -> Ordinals:
        """With a limit of time for each segment: a hostile expression may take for ever."""
        translated = expression(value, self.flags)
        try:
            pattern = regex.compile(translated, regex.DOTALL | (regex.IGNORECASE if self.is_insensitive else 0))
        except (regex.error, RecursionError, OverflowError, ValueError) as error:
            raise IllegalArgument(f"failed to parse regular expression [{value}]: {error}") from None

        def ordinals(view: Inverted) -> Iterable[int]:
            end = time.monotonic() + _PATIENCE

            def test(term: str) -> bool:
                try:
                    return pattern.fullmatch(term, timeout=max(end - time.monotonic(), 1e-6)) is not None
                except TimeoutError:
                    raise IllegalArgument(f"the regular expression [{value}] takes too long") from None

            return passing(test)(view)

        return ordinals


def wildcard(value: str) -> str:
    """The regular expression of a wildcard pattern.

    What stands between two `*` is looked for once, at its first place: later ones could not make more of the term fit.
    So no pattern takes longer than its length times the term's.
    """
    pieces, at = [""], 0
    while at < len(value):
        letter = value[at]
        if letter == "\\" and at + 1 < len(value):
            at += 1
            pieces[-1] += re.escape(value[at])
        elif letter == "*":
            pieces.append("")
        else:
            pieces[-1] += "." if letter == "?" else re.escape(letter)
        at += 1
    if len(pieces) == 1:
        return pieces[0]
    first, *inner, last = pieces
    return first + "".join(f"(?>.*?{piece})" for piece in inner if piece) + ".*" + last
