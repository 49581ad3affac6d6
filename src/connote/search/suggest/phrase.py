"""The whole text as it may have been meant: `phrase`.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/search-suggesters#phrase-suggester
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.analysis.filters import grams, synonyms
from connote.search.fetch.source import SourceFilter
from connote.search.mapping.field import Field
from connote.search.mapping.text import Text
from connote.search.query.body import Body
from connote.search.query.reader import Reader
from connote.search.suggest import smoothing
from connote.search.suggest.candidates import Candidate, Drawing, Generator
from connote.search.suggest.collate import Collate
from connote.search.suggest.correction import Correction, Likelihood, Place, best, score
from connote.search.suggest.smoothing import Grams, Smoothing, StupidBackoff
from connote.search.suggest.term import tokens
from connote.search.suggest.vocabulary import Vocabulary

# Generators, and words of a text that are corrected.
_MOST_GENERATORS, _MOST_WORDS = 10, 100
_WIDEST = 3  # words that a model looks at together


@dataclass(frozen=True)
class Phrases:
    """Phrases that are likelier than the text."""

    kind: ClassVar[str] = "phrase"
    field: str
    analyzer: str | None
    size: int
    kept: int  # phrases, and other words for each one, that are compared; of an index in Elasticsearch
    width: int | None
    likelihood: float
    confidence: float
    errors: float
    separator: str
    words: int
    needs_unigrams: bool
    generators: tuple[Generator, ...]
    model: Smoothing
    tags: tuple[str, str] | None
    collate: Collate | None

    @classmethod
    def parse(cls, body: Body) -> "Phrases":
        """Raises BadQuery, IllegalArgument."""
        size = body.whole("size", 5)
        width, given, collate = body.raw("gram_size"), body.raw("smoothing"), body.raw("collate")
        made = cls(
            body.required("field", str),
            body.text("analyzer"),
            size,
            body.whole("shard_size", max(size, 5)),
            None if width is None else Body("phrase", {"gram_size": width}).whole("gram_size", 1),
            body.number("real_word_error_likelihood", 0.95),
            body.number("confidence", 1.0),
            body.number("max_errors", 0.5),
            body.text("separator", " ") or "",
            body.whole("token_limit", 10),
            body.flag("force_unigrams", default=True),
            _generators(body.raw("direct_generator")),
            StupidBackoff() if given is None else smoothing.parse(given),
            _tags(body.raw("highlight")),
            None if collate is None else Collate.parse(collate),
        )
        made._check()
        return made

    def _check(self) -> None:
        counts = {"size": self.size, "shard_size": self.kept, "token_limit": self.words}
        for name, count in {**counts, "gram_size": 1 if self.width is None else self.width}.items():
            if count < 1:
                raise IllegalArgument(f"{name} must be >= 1")
        if self.words > _MOST_WORDS:
            raise IllegalArgument(f"token_limit must be at most {_MOST_WORDS} here; see docs/compatibility.md")
        for name, value in (("max_error", self.errors), ("real_word_error_likelihood", self.likelihood)):
            if not 0 < value < math.inf:
                raise IllegalArgument(f"{name} must be > 0.0")
        if not 0 <= self.confidence < math.inf:
            raise IllegalArgument("confidence must be >= 0.0")

    def entries(self, text: str, readers: Sequence[Reader], source: SourceFilter) -> list[dict[str, Any]]:  # noqa: ARG002
        """One, of the text as a whole. Raises IllegalArgument for a field that is not there, or of no words."""
        words = Vocabulary(self.kind, self.field, readers)
        options = self._options(text, words, readers) if words.views else []
        return [{"text": text, "offset": 0, "length": len(text), "options": options}]

    def _options(self, text: str, words: Vocabulary, readers: Sequence[Reader]) -> list[dict[str, Any]]:
        field = words.fields[0]
        width = self._width(field)
        generators = self.generators or (self._own_generator(field),)
        drawn = [made for each in generators if (made := each.over(readers, self.likelihood)) is not None]
        places = self._places(text, drawn, readers[0], field) if drawn else []
        if not 0 < len(places) < self.words:
            return []
        reach, likelihood = min(width, _WIDEST), self._likelihood(Grams(words, self.separator))
        least = score(places, likelihood, reach) * self.confidence
        errors = self.errors if self.errors >= 1 else max(math.floor(self.errors * len(places) + 0.5), 1)
        found = best(places, likelihood, reach=reach, errors=int(errors), most=self.kept)
        return self._shown([each for each in found if each.score > least], words, readers)

    def _width(self, field: Field) -> int:
        """How many words together are looked at: as many as the field's shingles have, if it is not said."""
        shingle = _shingle(field)
        if self.width is not None or shingle is None:
            return self.width or 1
        if self.analyzer is None and not shingle.unigrams:
            raise IllegalArgument(
                f"The default analyzer for field: [{self.field}] doesn't emit unigrams. If this is intentional try to "
                "set the analyzer explicitly"
            )
        return shingle.most

    def _own_generator(self, field: Field) -> Generator:
        shingle = _shingle(field)
        if shingle is not None and not shingle.unigrams and self.needs_unigrams:
            raise IllegalArgument(
                f"The default candidate generator for phrase suggest can't operate on field: [{self.field}] since it "
                "doesn't emit unigrams. If this is intentional try to set the candidate generator field explicitly"
            )
        return Generator.parse({"field": self.field})

    def _places(self, text: str, drawn: Sequence[Drawing], reader: Reader, field: Field) -> list[Place]:
        """The words, each with the others that may be meant; nothing if there are too many."""
        found = tokens(text, reader, field, self.analyzer)
        alone = [token for token in found if not (self.needs_unigrams and token.type == "shingle")]
        if found and not alone:
            raise IllegalArgument("At least one unigram is required but all tokens were ngrams")
        typed, synonyms_of, before = list[Candidate](), list[list[Candidate]](), -1
        for token in alone:
            if token.type == synonyms.TYPE and token.position == before and typed:
                other = drawn[0].known(token.term, self.likelihood)
                synonyms_of[-1] += [other] if other.count else []
            else:
                typed.append(drawn[0].known(token.term, is_typed=True))
                synonyms_of.append([])
            before = token.position
        if len(typed) >= self.words:
            return []
        return [Place(word, self._others(word, also, drawn)) for word, also in zip(typed, synonyms_of, strict=True)]

    def _others(self, word: Candidate, synonyms_of: list[Candidate], drawn: Sequence[Drawing]) -> list[Candidate]:
        """The most frequent and most alike, each once."""
        found = {each.term: each for each in synonyms_of}
        for each in drawn:
            found |= {other.term: other for other in each.near(word.term)}
        ordered = sorted(found.values(), key=lambda each: each.term)
        return sorted(ordered, key=lambda each: each.score, reverse=True)[: self.kept]

    def _likelihood(self, counted: Grams) -> Likelihood:
        """Of a word in its place, and of what was typed if it was meant."""

        def of(run: Sequence[Candidate]) -> float:
            word, before = run[-1], run[-2].count if len(run) > 1 else 0
            channel = self.likelihood if word.likeness == 1 else word.likeness
            found = channel * self.model.of(tuple(each.term for each in run), before, counted)
            return math.log10(found) if found > 0 else -math.inf

        return of

    def _shown(self, found: Sequence[Correction], words: Vocabulary, readers: Sequence[Reader]) -> list[dict[str, Any]]:
        options: dict[str, dict[str, Any]] = {}
        for each in found:
            words.check()  # queries take their time
            text = each.text()
            matches = self.collate is None or text in options or self.collate.matches(text, readers)
            if text in options or not (matches or (self.collate is not None and self.collate.prunes)):
                continue
            options[text] = {"text": text}
            if self.tags is not None:
                options[text]["highlighted"] = each.text(*self.tags)
            options[text]["score"] = np.float32(each.score)
            if self.collate is not None and self.collate.prunes:
                options[text]["collate_match"] = matches
        return sorted(options.values(), key=lambda option: (-option["score"], option["text"]))[: self.size]


def _shingle(field: Field) -> grams.Shingle | None:
    """The filter of shingles that the field is indexed with, if it has one."""
    parts = field.analyzer.filters if isinstance(field, Text) else ()
    return next((named.part for named in parts if isinstance(named.part, grams.Shingle)), None)


def _generators(given: Any) -> tuple[Generator, ...]:  # noqa: ANN401 (JSON)
    listed = [] if given is None else given if isinstance(given, list) else [given]
    if len(listed) > _MOST_GENERATORS:
        raise IllegalArgument(f"[phrase] has [{len(listed)}] generators, and at most [{_MOST_GENERATORS}] are taken")
    return tuple(Generator.parse(each) for each in listed)


def _tags(given: Any) -> tuple[str, str] | None:  # noqa: ANN401
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise BadQuery(f"[phrase] [highlight] must be an object, not [{java(given)[:100]}]")
    body = Body("highlight", given)
    before, after = body.text("pre_tag"), body.text("post_tag")
    body.done()
    if (before is None) != (after is None):
        raise IllegalArgument("Pre and post tag must both be null or both not be null.")
    return None if before is None or after is None else (before, after)
