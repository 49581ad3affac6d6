"""Phrases: terms that stand in a row, or near it; and synonyms, which count as one term."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connote.search.analysis import Token
from connote.search.engine.arrays import Floats
from connote.search.engine.fields import Text
from connote.search.engine.scores import Bm25
from connote.search.engine.segment import Table
from connote.search.query.query import Explanation, Hits, MatchNone, Weight
from connote.search.query.reader import Reader

# A place in a document as one number: the document above, the position below.
_SHIFT = 32


@dataclass(frozen=True)
class PhraseWeight:
    """BM25 of a phrase: how often it stands in a document, and the sum of its terms' idf.

    `slots` are, by their distance from the first term, the terms that may stand there. With `slop` the terms may be
    moved by so many places in all; a match then counts 1 / (1 + moves), as in Lucene.
    """

    field: str
    slots: Sequence[tuple[int, Sequence[str]]]
    slop: int
    idf: float
    model: Bm25
    expands: int = 0  # the last slot's term is the beginning of a word, of which so many are tried

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has the phrase."""
        view = table.text(self.field)
        if view is None:
            return Hits.none(table.size)
        frequencies = self.frequencies(view, table.size)
        mask = frequencies > 0
        if not scored:
            return Hits(mask)
        weight, one = np.float32(self.idf), np.float32(1)
        return Hits(mask, weight - weight / (one + frequencies * self.model.inverse[view.norms]))

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The frequency and the weight."""
        hits = self.run(table, scored=True)
        if not hits.mask[document]:
            return None
        words = " ".join("|".join(terms) for _, terms in self.slots)
        return Explanation(
            float(hits.points()[document]), f'weight({self.field}:"{words}" in {document}), phrase of idf {self.idf:g}'
        )

    def frequencies(self, view: Text, size: int) -> Floats:
        """float32 [size]: how often each document has the phrase; with slop, the nearer the more."""
        places = [self._places(view, terms, last=at == len(self.slots) - 1) for at, (_, terms) in enumerate(self.slots)]
        found = np.zeros(size, dtype=np.float32)
        if any(len(each) == 0 for each in places):
            return found
        if self.slop == 0:
            starts = places[0] - self.slots[0][0]
            for (offset, _), each in zip(self.slots[1:], places[1:], strict=True):
                starts = starts[np.isin(starts, each - offset, assume_unique=False)]
            np.add.at(found, starts >> _SHIFT, np.float32(1))
            return found
        self._sloppy(places, found)
        return found

    def _places(self, view: Text, terms: Sequence[str], *, last: bool) -> NDArray[np.int64]:
        if last and self.expands:
            ordinals = list(view.terms.prefixed(terms[0]))[: self.expands]
            terms = [view.terms[at] for at in ordinals]
        found = []
        for term in terms:
            postings = view.postings(term)
            positions, owners = view.positions(term)
            documents = np.repeat(postings.docs.astype(np.int64), np.diff(owners.starts))
            found.append(documents << _SHIFT | positions.astype(np.int64))
        return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)

    def _sloppy(self, places: list[NDArray[np.int64]], found: Floats) -> None:
        """Of each place of the first term, the nearest places of the others in the same document."""
        offsets = [offset for offset, _ in self.slots]
        shared = set.intersection(*({*(each >> _SHIFT).tolist()} for each in places))
        for document in shared:
            inside = [each[each >> _SHIFT == document] & ((1 << _SHIFT) - 1) for each in places]
            aligned = [each - offset for each, offset in zip(inside, offsets, strict=True)]
            for start in aligned[0]:
                moved = [int(each[np.argmin(np.abs(each - start))]) for each in aligned[1:]]
                spread = max([int(start), *moved]) - min([int(start), *moved])
                if spread <= self.slop:
                    found[document] += np.float32(1 / (1 + spread))


@dataclass(frozen=True)
class SynonymWeight:
    """Terms of one meaning, as one: frequencies add up, and the document frequency is the highest of theirs."""

    field: str
    terms: Sequence[str]
    idf: float
    model: Bm25

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has one of them."""
        view = table.text(self.field)
        if view is None:
            return Hits.none(table.size)
        frequencies = np.zeros(table.size, dtype=np.float32)
        for term in dict.fromkeys(self.terms):
            postings = view.postings(term)
            frequencies[postings.docs] += postings.values
        mask = frequencies > 0
        if not scored:
            return Hits(mask)
        weight, one = np.float32(self.idf), np.float32(1)
        return Hits(mask, weight - weight / (one + frequencies * self.model.inverse[view.norms]))

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The sum."""
        hits = self.run(table, scored=True)
        if not hits.mask[document]:
            return None
        return Explanation(
            float(hits.points()[document]), f"weight(Synonym({self.field}:{'|'.join(self.terms)}) in {document})"
        )


def weight(reader: Reader, field: str, tokens: Sequence[Token], slop: int, expands: int) -> Weight:
    """The weight of these tokens as a phrase; those at one position are alternatives."""
    slots: dict[int, list[str]] = {}
    first = tokens[0].position
    for token in tokens:
        slots.setdefault(token.position - first, []).append(token.term)
    model = reader.model(field)
    idf = sum(float(model.idf(reader.frequency(field, term))) for terms in slots.values() for term in terms)
    if model.count == 0:
        return MatchNone().weigh(reader)
    return PhraseWeight(field, sorted(slots.items()), slop, idf, model, expands)


def synonyms(reader: Reader, field: str, terms: Sequence[str]) -> Weight:
    """The weight of synonyms."""
    model = reader.model(field)
    return SynonymWeight(field, terms, float(model.idf(max(reader.frequency(field, term) for term in terms))), model)
