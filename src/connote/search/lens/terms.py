"""Which terms of a text field a query found in a document, what each adds, and where it stands."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connote.search.analysis import Token
from connote.search.lens.sight import Sight
from connote.search.mapping.text import Text
from connote.search.query.boolean import BoolWeight, DisMaxWeight
from connote.search.query.match import Boosted
from connote.search.query.multi import CombinedWeight
from connote.search.query.phrase import PhraseWeight, SynonymWeight
from connote.search.query.query import Weight
from connote.search.query.term import TermsWeight

Told = dict[str, Any]


@dataclass(frozen=True)
class _Found:
    """Terms that count together in a field, and the weight that they have there."""

    field: str
    terms: Sequence[str]
    weight: Weight
    boost: float


def terms(sight: Sight, weight: Weight) -> list[Told]:
    """The terms that the document has: each with its score, and the words of the document that became it."""
    told = []
    for each in _leaves(weight, 1.0):
        score = sight.score(each.weight)
        if score is not None:
            one = {"field": each.field, "term": " ".join(each.terms), "score": float(score) * each.boost}
            told.append({**one, "document_words": _words(sight, each.field, each.terms)})
    return sorted(told, key=lambda each: -each["score"])


def _leaves(weight: Weight, boost: float) -> Iterator[_Found]:
    for inner, own in _inner(weight):
        yield from _leaves(inner, boost * own)
    match weight:
        case TermsWeight(field=field, factors=factors):
            for term, factor in factors.items():
                yield _Found(field, [term], replace(weight, factors={term: factor}), boost)
        case SynonymWeight(field=field, terms=found):
            yield _Found(field, list(found), weight, boost)
        case PhraseWeight(field=field, slots=slots):
            yield _Found(field, [term for _, group in slots for term in group], weight, boost)
        case CombinedWeight(fields=fields, term=term):
            yield _Found(fields[0][0], [term], weight, boost)


def _inner(weight: Weight) -> list[tuple[Weight, float]]:
    """The weights that it is made of, and what each is multiplied by."""
    match weight:
        case Boosted(inner=inner, boost=boost):
            return [(inner, boost)]
        case BoolWeight(must=must, should=should, boost=boost):
            return [(each, boost) for each in (*must, *should)]
        case DisMaxWeight(weights=weights, boost=boost):
            return [(each, boost) for each in weights]
    return []


def _words(sight: Sight, field: str, wanted: Sequence[str]) -> list[Told]:
    found = sight.reader.field(field)
    if not isinstance(found, Text):
        return []
    by_term = defaultdict[str, list[tuple[int, int]]](list)
    token: Token
    for token in found.analyzer.analyze_all(sight.values.texts.get(field, [])):
        by_term[token.term].append((token.start, token.end))
    places = sorted(place for term in dict.fromkeys(wanted) for place in by_term[term])
    return sight.text(field).words(places)
