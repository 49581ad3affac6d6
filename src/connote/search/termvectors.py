"""The terms of one document: where each stands in it, and how often in all documents.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-termvectors
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connote.chunking.words import to_utf16
from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analyzer, Token
from connote.search.mapping.document import Reader as DocumentReader
from connote.search.mapping.keyword import Keyword
from connote.search.mapping.mapping import Mapping as Mapped
from connote.search.mapping.text import Text
from connote.search.names import fits
from connote.search.query.body import Body
from connote.search.query.reader import Reader

Told = dict[str, Any]
# Tokens that are told of in answer to one request.
MOST_TOKENS = 500_000
_FILTER = {
    "terms": "max_num_terms",
    "least_in_document": "min_term_freq",
    "most_in_document": "max_term_freq",
    "least_documents": "min_doc_freq",
    "most_documents": "max_doc_freq",
    "least_length": "min_word_length",
    "most_length": "max_word_length",
}


@dataclass(frozen=True)
class Filter:
    """Which terms are told of each field: the `terms` best by frequency × rarity of those within the limits.

    A most of 0 is none. Lengths are code points.
    """

    terms: int = 25
    least_in_document: int = 1
    most_in_document: int = 0
    least_documents: int = 1
    most_documents: int = 0
    least_length: int = 0
    most_length: int = 0

    @classmethod
    def parse(cls, given: Any) -> "Filter":  # noqa: ANN401 (JSON)
        """`{"max_num_terms": 3, "min_term_freq": 1, "min_doc_freq": 1, …}`. Raises BadQuery."""
        body = Body("filter", given)
        made = cls(**{name: body.whole(told, getattr(cls, name)) for name, told in _FILTER.items()})
        body.done()
        return made

    def takes(self, term: str, count: int, documents: int) -> bool:
        """Whether a term that stands so often in the document, and in so many documents, is within the limits."""
        return (
            self.least_in_document <= count <= (self.most_in_document or count)
            and max(self.least_documents, 1) <= documents <= (self.most_documents or documents)
            and self.least_length <= len(term) <= (self.most_length or len(term))
        )


@dataclass(frozen=True)
class Wanted:
    """What is to be told.

    `fields` are names or patterns; None: those whose mapping has `term_vector`, or of an artificial document all.
    `analyzers` are by field, in place of its own.
    """

    fields: Sequence[str] | None = None
    analyzers: Mapping[str, str] = field(default_factory=dict)
    positions: bool = True
    offsets: bool = True
    field_statistics: bool = True
    term_statistics: bool = False
    filter: Filter | None = None

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Wanted":
        """From the body of a request, with what the URL says. Raises BadQuery."""
        body = Body("termvectors", given)
        fields, analyzers, limits = body.raw("fields"), body.raw("per_field_analyzer") or {}, body.raw("filter")
        listed = fields.split(",") if isinstance(fields, str) else fields
        if listed is not None and not (isinstance(listed, list) and all(isinstance(each, str) for each in listed)):
            raise BadQuery(f"[fields] must be an array of texts, not [{java(fields)[:100]}]")
        if not isinstance(analyzers, Mapping) or not all(isinstance(each, str) for each in analyzers.values()):
            raise BadQuery("[per_field_analyzer] must be an object of names of analyzers")
        body.flag("payloads", default=True)  # there are none
        names = ("positions", "offsets", "field_statistics", "term_statistics")
        flags = {name: body.flag(name, default=name != "term_statistics") for name in names}
        body.done()
        return cls(listed, analyzers, **flags, filter=None if limits is None else Filter.parse(limits))

    def told(
        self,
        reader: Reader,
        id: str,
        source: Mapping[str, Any],
        most: int = MOST_TOKENS,
        *,
        is_artificial: bool = False,
    ) -> Told:
        """The vectors by field, of a document with that source.

        Raises IllegalArgument for an unknown analyzer, and for more than `most` tokens.
        """
        values = DocumentReader(reader.mapping, id, lenient=True).read(source)
        found: Told = {}
        for name in self._chosen(reader.mapping, all_fields=is_artificial):
            own = reader.mapping.fields[name]
            if isinstance(own, Text):
                tokens = self._tokens(reader.mapping, own, values.texts.get(own.name, []))
            else:
                tokens = _words(values.words.get(own.name, []))
            most -= len(tokens)
            if most < 0:
                raise IllegalArgument(
                    f"more than [{MOST_TOKENS}] tokens would be told of; ask for fewer documents, or fewer [fields]"
                )
            if tokens:
                found[name] = self._field(reader, own.name, tokens)
        return found

    def _chosen(self, mapping: Mapped, *, all_fields: bool) -> list[str]:
        """The names of the fields of text and of words."""
        can = sorted(name for name, own in mapping.fields.items() if isinstance(own, Text | Keyword))
        if self.fields is not None:
            return [name for name in can if any(fits(name, pattern) for pattern in self.fields)]
        kept = [name for name in can if mapping.fields[name].params.get("term_vector")]
        return can if all_fields else [name for name in kept if mapping.fields[name]["term_vector"] != "no"]

    def _tokens(self, mapping: Mapped, own: Text, texts: Sequence[str]) -> list[Token]:
        name = self.analyzers.get(own.name)
        analyzer = own.analyzer if name is None else mapping.analysis.analyzer(name)
        if analyzer is None:
            raise IllegalArgument(f"No analyzer found for [{name}]")
        return _in_utf16(analyzer, texts)

    def _field(self, reader: Reader, name: str, tokens: Sequence[Token]) -> Told:
        by_term: dict[str, list[Token]] = {}
        for token in tokens:
            by_term.setdefault(token.term, []).append(token)
        views = [view for table in reader.tables if (view := table.text(name) or table.words(name)) is not None]
        documents = sum(view.count for view in views)
        told: Told = {}
        if self.field_statistics:
            sums = (sum(len(view.docs) for view in views), documents, sum(view.sum_length for view in views))
            told["field_statistics"] = dict(zip(("sum_doc_freq", "doc_count", "sum_ttf"), sums, strict=True))
        scores = None if self.filter is None else self._scores(self.filter, reader, name, by_term, documents)
        told["terms"] = {
            term: self._term(reader, name, term, by_term[term]) | ({} if scores is None else {"score": scores[term]})
            for term in sorted(
                by_term if scores is None else scores, key=lambda each: each.encode("utf-8", "surrogatepass")
            )
        }
        return told

    def _term(self, reader: Reader, name: str, term: str, tokens: Sequence[Token]) -> Told:
        told: Told = {}
        if self.term_statistics and (documents := reader.frequency(name, term)):
            told = {"doc_freq": documents, "ttf": _total(reader, name, term)}
        told["term_freq"] = len(tokens)
        if self.positions or self.offsets:
            told["tokens"] = [
                {
                    **({"position": each.position} if self.positions else {}),
                    **({"start_offset": each.start, "end_offset": each.end} if self.offsets else {}),
                }
                for each in tokens
            ]
        return told

    def _scores(
        self, limits: Filter, reader: Reader, name: str, by_term: Mapping[str, Sequence[Token]], documents: int
    ) -> dict[str, float]:
        """The scores of the best terms: tf × idf as Lucene's ClassicSimilarity has it, 1 + ln((N + 1) / (n + 1))."""
        found = list[tuple[float, str]]()
        for term, tokens in by_term.items():
            frequency = reader.frequency(name, term)
            if limits.takes(term, len(tokens), frequency):
                found.append((len(tokens) * (1 + math.log((documents + 1) / (frequency + 1))), term))
        found.sort(key=lambda each: (-each[0], each[1]))
        return {term: score for score, term in found[: limits.terms]}


def _in_utf16(analyzer: Analyzer, texts: Sequence[str]) -> list[Token]:
    """The tokens of a field's values, with offsets in UTF-16 code units as Java has them."""
    places = to_utf16(" ".join(texts))
    return [
        replace(each, start=int(places[each.start]), end=int(places[each.end])) for each in analyzer.analyze_all(texts)
    ]


def _words(words: Sequence[str]) -> list[Token]:
    """Values that are terms as a whole: one behind the other."""
    found, offset = list[Token](), 0
    for position, word in enumerate(words):
        size = int(to_utf16(word)[-1])
        found.append(Token(word, offset, offset + size, position))
        offset += size + 1
    return found


def _total(reader: Reader, name: str, term: str) -> int:
    """How often a term stands in all documents; of words, in how many."""
    total = 0
    for table in reader.tables:
        if (text := table.text(name)) is not None:
            total += int(text.postings(term).values.sum())
        elif (words := table.words(name)) is not None:
            total += words.frequency(term)
    return total


def counted(vectors: Told) -> int:
    """Of how many tokens they tell."""
    return sum(term["term_freq"] for each in vectors.values() for term in each["terms"].values())
