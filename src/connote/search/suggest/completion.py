"""What a text that is being typed may become: inputs of a completion field, the heaviest first.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/search-suggesters#completion-suggester
"""

import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.engine.fields import Words
from connote.search.engine.segment import Segment
from connote.search.fetch.source import SourceFilter
from connote.search.mapping.completion import PART, Completion, Input
from connote.search.mapping.contexts import Asked, asked
from connote.search.query.body import Body
from connote.search.query.edits import begun
from connote.search.query.fuzzy import Fuzziness
from connote.search.query.reader import Reader
from connote.search.suggest.belonging import Belonging
from connote.search.suggest.expression import Expression
from connote.search.suggest.heaviest import Heaviest
from connote.search.thread import check

# Options of one suggestion: as many as a search has hits.
_MOST = 10_000


class _Found(NamedTuple):
    """An input that fits, and where it stands: the reader, the segment, the document; the contexts it was found by."""

    score: float
    input: Input
    place: tuple[int, int, int]
    contexts: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Completions:
    """`size` documents by their heaviest input that begins with the text; with `fuzzy` nearly so."""

    kind: ClassVar[str] = "completion"
    field: str
    size: int
    is_distinct: bool
    fuzzy: Fuzziness | None = None
    least_length: int = 3
    contexts: Any = None
    flags: str = "ALL"
    expression: Expression | None = None

    @classmethod
    def parse(cls, body: Body) -> "Completions":
        """Raises BadQuery, IllegalArgument."""
        body.raw("analyzer"), body.raw("shard_size")
        how, least = _fuzzy(body.raw("fuzzy"))
        made = cls(
            body.required("field", str),
            body.whole("size", 5),
            body.flag("skip_duplicates", default=False),
            how,
            least,
            body.raw("contexts"),
            _flags(body.raw("regex")),
        )
        if not 1 <= made.size <= _MOST:
            raise IllegalArgument(f"[size] must be from 1 to {_MOST}, not [{made.size}]")
        return made

    def by_expression(self, text: str) -> "Completions":
        """Of inputs whose beginning a regular expression fits. Raises IllegalArgument."""
        return replace(self, expression=Expression(text, self.flags))

    def entries(self, text: str, readers: Sequence[Reader], source: SourceFilter) -> list[dict[str, Any]]:
        """One, of the text as a whole. Raises IllegalArgument for a field that is no completion field."""
        found = [each for at, reader in enumerate(readers) for each in self._found(text, at, reader)]
        found.sort(key=lambda each: (-each.score, each.input.shown, each.place))
        chosen, shown, known = list[_Found](), set[str](), set[tuple[int, int, int]]()
        for each in found:
            if each.place not in known and not (self.is_distinct and each.input.shown in shown):
                chosen.append(each)
            known.add(each.place)
            shown.add(each.input.shown)
        options = [_option(each, readers, source) for each in chosen[: self.size]]
        return [{"text": text, "offset": 0, "length": len(text), "options": options}]

    def _found(self, text: str, at: int, reader: Reader) -> Iterator[_Found]:
        field = reader.field(self.field)
        if field is None:
            raise IllegalArgument(f"no mapping found for field [{self.field}]")
        if not isinstance(field, Completion):
            raise IllegalArgument(f"Field [{self.field}] is not a completion suggest field")
        belonging = Belonging(field.contexts, self._asked(field), reader)
        key = text if self.expression else field.key(text, searched=True)
        for number, segment in enumerate(reader.snapshot.segments):
            words = segment.words(field.name)
            if words is not None and key:
                yield from self._in(segment, words, key, (at, number), belonging)

    def _asked(self, field: Completion) -> Mapping[str, Sequence[Asked]]:
        if field.contexts and not self.contexts:
            raise IllegalArgument("Missing mandatory contexts in context query")
        if self.contexts and not field.contexts:
            raise IllegalArgument(f"suggester [completion] doesn't expect any context on field [{field.name}]")
        return asked(self.contexts, field.contexts) if self.contexts else {}

    def _in(
        self, segment: Segment, words: Words, key: str, place: tuple[int, int], belonging: Belonging
    ) -> Iterator[_Found]:
        enough = self._enough(words, belonging) if self._is_plain(key) else None
        for ordinal, each, same in self._fitting(words, key):
            check()
            if enough is not None and enough.outdo(each, _score(each, belonging.most)):
                return
            for document in words.docs[words.span(ordinal)].tolist():
                if segment.live[document] and (found := belonging.of(each, segment, document)) is not None:
                    score = _score(each, same + found.boost)
                    if enough is not None:
                        enough.add(each, score, document)
                    yield _Found(score, each, (*place, document), found.contexts)

    def _is_plain(self, key: str) -> bool:
        """Whether what fits comes with the heaviest first."""
        return self.expression is None and (self.fuzzy is None or len(key) < self.least_length)

    def _enough(self, words: Words, belonging: Belonging) -> "_Enough | None":
        """None if what is found early may turn out not to be told: then all has to be looked at."""
        # What weighs nothing counts as 1 where something is asked for, and so not in its order.
        is_even = belonging.is_even and (not belonging.most or Heaviest.of(words).least > 0)
        return _Enough(self.size, self.is_distinct, is_even) if is_even or not self.is_distinct else None

    def _fitting(self, words: Words, key: str) -> Iterator[tuple[int, Input, int]]:
        """The ordinals of what fits; of what is fuzzy how much of the beginning is the same, which counts."""
        if self.expression is not None:
            fits = self.expression.begins()
            for ordinal in words.terms.prefixed(self.expression.start):
                each = Input.of(words.terms[ordinal])
                if fits(each.key):
                    yield ordinal, each, 0
            return
        how = self.fuzzy
        if how is None or len(key) < self.least_length:
            for ordinal in Heaviest.of(words).ordered(words.terms.prefixed(key)):
                yield ordinal, Input.of(words.terms[ordinal]), 0
            return
        fitting = words.terms.prefixed(key[: how.kept])
        for ordinal in begun(key, words.terms, fitting, PART, how.most(key), swapping=how.is_swapping):
            each = Input.of(words.terms[ordinal])
            yield ordinal, each, _same(each.key, key) or 1


class _Enough:
    """Whether a segment has told enough: so many documents, with texts of their own if it `is_distinct`.

    If it `is_even` they come in the order of their scores.
    """

    def __init__(self, size: int, is_distinct: bool, is_even: bool) -> None:
        self._size, self._is_distinct, self._is_even = size, is_distinct, is_even
        self._scores, self._last = list[float](), ("", 0)
        self._documents, self._shown = set[int](), set[str]()

    def add(self, each: Input, score: float, document: int) -> None:
        """A document was found by an input."""
        if document not in self._documents and not (self._is_distinct and each.shown in self._shown):
            bisect.insort(self._scores, score)
            self._last = each.shown, each.weight
        self._documents.add(document)
        self._shown.add(each.shown)

    def outdo(self, each: Input, most: float) -> bool:
        """Whether neither that one, which scores that much at most, nor what comes behind it can be among the first."""
        if len(self._scores) < self._size:
            return False
        least, (shown, weight) = self._scores[-self._size], self._last
        return least > most or (self._is_even and least == most and each.weight == weight and each.shown != shown)


def _score(each: Input, boost: int) -> float:
    return float(max(each.weight, 1) * boost if boost else each.weight)


def _fuzzy(given: Any) -> tuple[Fuzziness | None, int]:  # noqa: ANN401 (JSON)
    """How near what is typed must be, and from which length on."""
    given = {} if given is True else None if given is False else given
    if given is None:
        return None, 3
    own = Body("fuzzy", {"prefix_length": 1, **given} if isinstance(given, Mapping) else given)
    least = own.whole("min_length", 3)
    for name in ("unicode_aware", "max_determinized_states"):
        own.raw(name)
    how = Fuzziness.parse(own, own.raw("fuzziness", "AUTO"))
    own.done()
    return how, least


def _flags(given: Any) -> str:  # noqa: ANN401
    """What a regular expression may have."""
    if given is None:
        return "ALL"
    own = Body("regex", given)
    flags = own.text("flags") or "ALL"
    for name in ("flags_value", "max_determinized_states"):
        own.raw(name)
    own.done()
    return flags.upper()


def _same(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _option(found: _Found, readers: Sequence[Reader], source: SourceFilter) -> dict[str, Any]:
    check()
    reader, (_, number, document) = readers[found.place[0]], found.place
    segment = reader.snapshot.segments[number]
    option: dict[str, Any] = {
        "text": found.input.shown,
        "_index": reader.index,
        "_id": segment.ids[document],
        "_score": np.float32(found.score),
    }
    if found.contexts:
        option["contexts"] = found.contexts
    if reader.sources is not None and source.is_shown and reader.mapping.shown.is_shown:
        option["_source"] = source.apply(reader.mapping.shown.apply(dict(reader.sources.of(segment, document))))
    return option
