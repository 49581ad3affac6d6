"""The types that connote has: tokenizers, token filters and char filters by their names in Elasticsearch."""

from collections.abc import Callable, Mapping

from connote.search.analysis.component import CharFilter, TokenFilter, Tokenizer
from connote.search.analysis.filters import case, english, porter, stop
from connote.search.analysis.options import Options
from connote.search.analysis.tokenizers import simple, standard
from connote.search.analysis.words import given_words

TOKENIZERS: Mapping[str, Callable[[Options], Tokenizer]] = {
    "keyword": lambda _: simple.KeywordTokenizer(),
    "letter": lambda _: simple.LetterTokenizer(),
    "lowercase": lambda _: simple.LowercaseTokenizer(),
    "standard": lambda options: standard.StandardTokenizer(options.integer("max_token_length", 255)),
    "whitespace": lambda options: simple.WhitespaceTokenizer(options.integer("max_token_length", 255)),
}

FILTERS: Mapping[str, Callable[[Options], TokenFilter]] = {
    "lowercase": lambda _: case.Lowercase(),
    "porter_stem": lambda _: porter.PorterStem(),
    "possessive_english": lambda _: english.PossessiveEnglish(),
    "stop": lambda options: stop.Stop(
        given_words(options, "stopwords", "_english_"), ignore_case=options.boolean("ignore_case", False)
    ),
    "uppercase": lambda _: case.Uppercase(),
}

CHAR_FILTERS: Mapping[str, Callable[[Options], CharFilter]] = {}
