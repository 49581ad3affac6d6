"""Words found by a pattern: prefix, wildcard, regular expression, nearness."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import regex

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine.arrays import Mask
from connote.search.engine.fields import Inverted
from connote.search.engine.segment import Table
from connote.search.mapping.text import Text
from connote.search.query.body import one_field
from connote.search.query.query import Constant, Find, MatchNone, Query, Weight
from connote.search.query.reader import Reader

# Seconds that a user's regular expression may take for one segment; how long it may be.
_PATIENCE, _MOST_LENGTH = 2.0, 1000


def matching(field: str, test: Callable[[str], bool]) -> Find:
    """Documents with a term that passes."""

    def ordinals(view: Inverted) -> Iterable[int]:
        return (ordinal for ordinal, term in enumerate(view.terms) if test(term))

    return _found(field, ordinals)


def prefixed(field: str, prefix: str) -> Find:
    """Documents with a term that begins so."""
    return _found(field, lambda view: view.terms.prefixed(prefix))


def insensitive(field: str, value: str) -> Find:
    """Documents with that term, whatever the case of its letters."""
    wanted = value.casefold()
    return matching(field, lambda term: term.casefold() == wanted)


def _found(field: str, ordinals: Callable[[Inverted], Iterable[int]]) -> Find:
    def find(table: Table) -> Mask:
        found = np.zeros(table.size, dtype=np.bool_)
        for view in (table.words(field), table.text(field)):
            if view is not None:
                found |= view.having(ordinals(view), table.size)
        return found

    return find


@dataclass(frozen=True, kw_only=True)
class Pattern(Query):
    """Base of the queries by pattern: all that match score the boost."""

    field: str
    value: str
    is_insensitive: bool = False

    def weigh(self, reader: Reader) -> Weight:
        """A filter over the field's terms."""
        field = reader.field(self.field)
        if field is None:
            return MatchNone().weigh(reader)
        return Constant(self.find(field.name, self._normal(field)), self.boost)

    def find(self, field: str, value: str) -> Find:
        """The documents with a term of the pattern."""
        raise NotImplementedError

    def _normal(self, field: Any) -> str:  # noqa: ANN401
        normal = getattr(field, "normal", None)
        return (
            str(normal(self.value))
            if normal and not isinstance(field, Text) and type(self) is not Regexp
            else self.value
        )


@dataclass(frozen=True, kw_only=True)
class Prefix(Pattern):
    """Terms that begin so."""

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

    def find(self, field: str, value: str) -> Find:
        """By the sorted dictionary."""
        if self.is_insensitive:
            wanted = value.casefold()
            return matching(field, lambda term: term.casefold().startswith(wanted))
        return prefixed(field, value)


@dataclass(frozen=True, kw_only=True)
class Wildcard(Pattern):
    """`*` for any characters, `?` for one; a backslash before one that means itself."""

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

    def find(self, field: str, value: str) -> Find:
        """What does not begin with a wildcard is looked for by its beginning first."""
        flags = re.IGNORECASE if self.is_insensitive else 0
        pattern = re.compile(wildcard(value), re.DOTALL | flags)
        head = re.match(r"[^*?\\]*", value)
        start = head[0] if head else ""
        if not start or self.is_insensitive:
            return matching(field, lambda term: pattern.fullmatch(term) is not None)

        def ordinals(view: Inverted) -> Iterable[int]:
            return (at for at in view.terms.prefixed(start) if pattern.fullmatch(view.terms[at]))

        return _found(field, ordinals)


@dataclass(frozen=True, kw_only=True)
class Regexp(Pattern):
    """Terms of a regular expression, which must fit the whole term."""

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"name": "con.*"}` or `{"name": {"value": "con.*"}}`."""
        field, body, _ = one_field("regexp", given, "value")
        value = str(body.required("value", lambda found: found))
        if len(value) > _MOST_LENGTH:
            raise IllegalArgument(
                f"The length of regex [{len(value)}] used in the Regexp Query request has exceeded the allowed maximum of "
                f"[{_MOST_LENGTH}]."
            )
        made = cls(
            field=field, value=value, is_insensitive=body.flag("case_insensitive", default=False), **body.common()
        )
        for name in ("flags", "max_determinized_states", "rewrite", "flags_value"):
            body.raw(name)
        body.done()
        return made

    def find(self, field: str, value: str) -> Find:
        """With a limit of time: a hostile expression may take for ever."""
        try:
            pattern = regex.compile(value, regex.IGNORECASE if self.is_insensitive else 0)
        except (regex.error, RecursionError, OverflowError, ValueError) as error:
            raise IllegalArgument(f"failed to parse regular expression [{value}]: {error}") from None

        def test(term: str) -> bool:
            try:
                return pattern.fullmatch(term, timeout=_PATIENCE) is not None
            except TimeoutError:
                raise IllegalArgument(f"the regular expression [{value}] takes too long") from None

        return matching(field, test)


@dataclass(frozen=True, kw_only=True)
class Fuzzy(Pattern):
    """Terms that are few edits away."""

    fuzziness: str = "AUTO"
    kept: int = 0
    is_swapping: bool = True

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"name": "conote"}` or `{"name": {"value": "conote", "fuzziness": 1}}`."""
        field, body, _ = one_field("fuzzy", given, "value")
        value = str(body.required("value", lambda found: found))
        fuzziness = str(body.raw("fuzziness", "AUTO"))
        edits(fuzziness, value)
        made = cls(
            field=field,
            value=value,
            fuzziness=fuzziness,
            kept=body.whole("prefix_length", 0),
            is_swapping=body.flag("transpositions", default=True),
            **body.common(),
        )
        body.whole("max_expansions", 50)
        body.raw("rewrite")
        body.done()
        return made

    def find(self, field: str, value: str) -> Find:
        """Those that begin alike are measured."""
        return near(field, value, edits(self.fuzziness, value), self.kept, swapping=self.is_swapping)


def near(field: str, value: str, most: int, kept: int, *, swapping: bool = True) -> Find:
    """Documents with a term at most so many edits away, the first `kept` characters alike."""
    return _found(field, lambda view: near_terms(view, value, most, kept, swapping=swapping))


def near_terms(view: Inverted, value: str, most: int, kept: int, *, swapping: bool = True) -> list[int]:
    """The ordinals of terms at most so many edits away."""
    start = value[:kept]
    places = view.terms.prefixed(start) if start else range(len(view.terms))
    return [at for at in places if distance(value, view.terms[at], most, swapping=swapping) <= most]


def edits(fuzziness: str, term: str) -> int:
    """How many edits a fuzziness allows a term: `AUTO`, `AUTO:3,6`, or a number. Raises IllegalArgument."""
    text = fuzziness.upper()
    if text.startswith("AUTO"):
        low, high = 3, 6
        if ":" in text:
            try:
                low, high = (int(part) for part in text[5:].split(","))
            except ValueError:
                raise IllegalArgument(f"failed to find low and high distance values in [{fuzziness}]") from None
        return 0 if len(term) < low else 1 if len(term) < high else 2
    try:
        most = int(float(text))
    except ValueError:
        raise IllegalArgument(f"Invalid fuzziness value: [{fuzziness}]") from None
    if not 0 <= most <= 2:
        raise IllegalArgument(f"Valid edit distances are [0, 1, 2] but was [{most}]")
    return most


def distance(one: str, other: str, most: int, *, swapping: bool = True) -> int:
    """How many characters are to be put in, taken out, replaced (or two neighbours swapped); `most` + 1 for more.

    Optimal string alignment: https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        earlier, before = before, row
        row = [i]
        for j, right in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if swapping and i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def wildcard(value: str) -> str:
    """The regular expression of a wildcard pattern.

    What stands between two `*` is looked for once, at its first place: later ones could not make more of the term fit. So
    no pattern takes longer than its length times the term's.
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
