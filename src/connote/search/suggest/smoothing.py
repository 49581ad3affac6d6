"""How likely a word is behind others, by how often they are together: the models that Elasticsearch has.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/search-suggesters#_smoothing_models
"""

from dataclasses import dataclass
from typing import Any, Protocol

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.query.body import Body
from connote.search.suggest.vocabulary import Vocabulary

# What keeps Elasticsearch from dividing by zero.
_TINY = 1e-11


class Grams:
    """How often runs of words are there, as one term of a field of shingles."""

    def __init__(self, words: Vocabulary, separator: str) -> None:
        self.words, self._separator = words, separator

    def count(self, *run: str) -> int:
        """Of the words in that order."""
        return self.words.count(self._separator.join(run))


class Smoothing(Protocol):
    """A model: the likelihood of the last of one, two or three words."""

    def of(self, run: tuple[str, ...], before: int, grams: Grams) -> float:
        """`before`: how often the word before it is in the field that suggests."""
        ...


def _alone(word: str, grams: Grams) -> float:
    return (1 + grams.count(word)) / max(grams.words.occurrences + grams.words.size, 1)


@dataclass(frozen=True)
class StupidBackoff:
    """The share of what follows; where nothing does the word alone, at a discount.

    T. Brants and others, "Large language models in machine translation", 2007.
    """

    discount: float = 0.4

    def of(self, run: tuple[str, ...], before: int, grams: Grams) -> float:
        """Of the word behind those before it."""
        if len(run) == 1:
            return _alone(run[-1], grams)
        pairs = grams.count(*run[-2:])
        if pairs < 1:
            return self.discount * _alone(run[-1], grams)
        if len(run) == 2:
            return pairs / (before + _TINY)
        triples = grams.count(*run)
        return triples / (pairs + _TINY) if triples else self.discount * (pairs / (before + _TINY))


@dataclass(frozen=True)
class Laplace:
    """As if each run had been there `alpha` times more."""

    alpha: float = 0.5

    def of(self, run: tuple[str, ...], before: int, grams: Grams) -> float:
        """Of the word behind those before it."""
        known = self.alpha * grams.words.size
        whole = grams.words.occurrences if len(run) == 1 else before if len(run) == 2 else grams.count(*run[-2:])
        return (self.alpha + grams.count(*run)) / ((whole + known) or 1)


@dataclass(frozen=True)
class Interpolation:
    """The shares of three words, two, and one, weighted."""

    three: float
    two: float
    one: float

    def of(self, run: tuple[str, ...], before: int, grams: Grams) -> float:
        """Of the word behind those before it. That of three looks the words up last to first, as Elasticsearch does."""
        if len(run) == 1:
            return _alone(run[-1], grams)
        pairs = grams.count(*run[-2:])
        found = self.one * _alone(run[-1], grams) + (self.two * (pairs / (0.5 + before)) if pairs else 0)
        if len(run) == 2:
            return found
        back = run[::-1]
        triples = grams.count(*back)
        return found + (self.three * (triples / (1 + grams.count(*back[:2]))) if triples else 0)


def parse(given: Any) -> Smoothing:  # noqa: ANN401 (JSON)
    """`{"laplace": {"alpha": 0.7}}` and the like. Raises BadQuery, IllegalArgument."""
    outer = Body("smoothing", given)
    names = outer.names()
    if len(names) != 1 or names[0] not in _KINDS:
        raise BadQuery(f"[smoothing] needs one model of {list(_KINDS)}, and has {names}")
    body = Body(names[0], outer.raw(names[0]))
    made = _KINDS[names[0]](body)
    body.done()
    return made


def _backoff(body: Body) -> Smoothing:
    discount = body.number("discount", 0.4)
    if not 0 < discount <= 1:
        raise IllegalArgument(f"discount must be between 0 and 1, but was [{discount}]")
    return StupidBackoff(discount)


def _laplace(body: Body) -> Smoothing:
    alpha = body.number("alpha", 0.5)
    if not 0 < alpha < float("inf"):
        raise IllegalArgument(f"alpha must be positive, but was [{alpha}]")
    return Laplace(alpha)


def _interpolation(body: Body) -> Smoothing:
    shares = [body.required(f"{name}_lambda", _share) for name in ("trigram", "bigram", "unigram")]
    if abs(sum(shares) - 1) > 0.001:
        raise IllegalArgument("linear smoothing lambdas must sum to 1")
    return Interpolation(*(share / sum(shares) for share in shares))


def _share(value: Any) -> float:  # noqa: ANN401
    found = Body("linear_interpolation", {"lambda": value}).number("lambda", 0)
    if not 0 <= found < float("inf"):
        raise IllegalArgument(f"a lambda must be positive, but was [{found}]")
    return found


_KINDS = {"stupid_backoff": _backoff, "laplace": _laplace, "linear_interpolation": _interpolation}
