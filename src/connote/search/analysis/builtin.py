"""The analyzers that every index has, by their types."""

from collections.abc import Callable, Mapping

from connote.search.analysis.analyzer import POSITION_GAP, Analyzer, Named
from connote.search.analysis.component import TokenFilter, Tokenizer
from connote.search.analysis.filters.case import Lowercase
from connote.search.analysis.filters.english import PossessiveEnglish
from connote.search.analysis.filters.porter import PorterStem
from connote.search.analysis.filters.stop import Stop
from connote.search.analysis.options import Options
from connote.search.analysis.tokenizers.simple import KeywordTokenizer, LowercaseTokenizer, WhitespaceTokenizer
from connote.search.analysis.tokenizers.standard import StandardTokenizer
from connote.search.analysis.words import given_words


def _standard(options: Options) -> Analyzer:
    tokenizer = StandardTokenizer(options.integer("max_token_length", 255))
    return _chain(options, tokenizer, Lowercase(), Stop(given_words(options, "stopwords", "_none_")))


def _english(options: Options) -> Analyzer:
    stop = Stop(given_words(options, "stopwords", "_english_"))
    return _chain(options, StandardTokenizer(), PossessiveEnglish(), Lowercase(), stop, PorterStem())


def _stop(options: Options) -> Analyzer:
    return _chain(options, LowercaseTokenizer(), Stop(given_words(options, "stopwords", "_english_")))


def _chain(options: Options, tokenizer: Tokenizer, *filters: TokenFilter) -> Analyzer:
    named = [Named(type(part).__name__, part) for part in filters]
    gap = options.integer("position_increment_gap", POSITION_GAP)
    return Analyzer(options.name, Named(type(tokenizer).__name__, tokenizer), named, gap=gap)


ANALYZERS: Mapping[str, Callable[[Options], Analyzer]] = {
    "default": _standard,
    "english": _english,
    "keyword": lambda options: _chain(options, KeywordTokenizer()),
    "simple": lambda options: _chain(options, LowercaseTokenizer()),
    "standard": _standard,
    "stop": _stop,
    "whitespace": lambda options: _chain(options, WhitespaceTokenizer()),
}
