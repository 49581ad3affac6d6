"""The analyzers that every index has, by their types.

The languages have the chains that are in Elasticsearch's reference ("Language analyzers"); Estonian, whose stemmer
connote has not, is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from connote.contract.errors import IllegalArgument
from connote.search.analysis.analyzer import POSITION_GAP, Analyzer, Named
from connote.search.analysis.catalog import max_token_length, user_pattern
from connote.search.analysis.charfilters.replace import MappingCharFilter
from connote.search.analysis.component import TokenFilter, Tokenizer
from connote.search.analysis.filters import indic, light, persian
from connote.search.analysis.filters.bengali import normal_bengali
from connote.search.analysis.filters.case import GreekLowercase, IrishLowercase, Lowercase, TurkishLowercase
from connote.search.analysis.filters.cjk import CjkBigram
from connote.search.analysis.filters.composition import normal_indic
from connote.search.analysis.filters.english import PossessiveEnglish
from connote.search.analysis.filters.folding import AsciiFoldingAlone, CjkWidth, DecimalDigit
from connote.search.analysis.filters.keyword import KeywordMarker, StemmerOverride
from connote.search.analysis.filters.normal import serbian
from connote.search.analysis.filters.porter import PorterStem
from connote.search.analysis.filters.select import Fingerprint
from connote.search.analysis.filters.stemmers import Normal, Stem, snowball, snowball_filter, stemmer
from connote.search.analysis.filters.stop import Stop
from connote.search.analysis.filters.trim import Apostrophe, Elision
from connote.search.analysis.options import Options
from connote.search.analysis.tokenizers.pattern import PatternTokenizer
from connote.search.analysis.tokenizers.simple import KeywordTokenizer, LowercaseTokenizer, WhitespaceTokenizer
from connote.search.analysis.tokenizers.standard import StandardTokenizer
from connote.search.analysis.tokenizers.thai import ThaiTokenizer
from connote.search.analysis.words import (
    CATALAN_ARTICLES,
    FRENCH_ARTICLES,
    IRISH_ARTICLES,
    ITALIAN_ARTICLES,
    given_words,
)

Build = Callable[[Options], Analyzer]


def _chain(options: Options, tokenizer: Tokenizer, *filters: TokenFilter) -> Analyzer:
    named = [Named(type(part).__name__, part) for part in filters]
    gap = options.integer("position_increment_gap", POSITION_GAP)
    return Analyzer(options.name, Named(type(tokenizer).__name__, tokenizer), named, gap=gap)


def _stop(options: Options, default: str) -> Stop:
    return Stop(given_words(options, "stopwords", default))


def _standard(options: Options) -> Analyzer:
    return _chain(options, StandardTokenizer(max_token_length(options)), Lowercase(), _stop(options, "_none_"))


def _pattern(options: Options) -> Analyzer:
    pattern = user_pattern(options, "pattern", r"\W+", options.text("flags"))
    lowercase = [Lowercase()] if options.boolean("lowercase", True) else []
    return _chain(options, PatternTokenizer(pattern), *lowercase, _stop(options, "_none_"))


def _fingerprint(options: Options) -> Analyzer:
    joined = Fingerprint(options.text("separator", " ") or "", options.integer("max_output_size", 255))
    return _chain(options, StandardTokenizer(), Lowercase(), AsciiFoldingAlone(), _stop(options, "_none_"), joined)


def _cjk(options: Options) -> Analyzer:
    return _chain(options, StandardTokenizer(), CjkWidth(), Lowercase(), CjkBigram(), _stop(options, "_cjk_"))


def _snowball(options: Options) -> Analyzer:
    """Snowball's stemmer of a `language`, English by default; only four languages have stop words of their own here."""
    stemming = snowball_filter(options)
    language = (options.text("language") or "English").lower()
    possessive = [PossessiveEnglish()] if language in ("english", "porter") else []
    lowercase = TurkishLowercase() if language == "turkish" else Lowercase()
    stop = _stop(options, f"_{language}_" if language in ("english", "german", "french", "dutch") else "_none_")
    return _chain(options, StandardTokenizer(), *possessive, lowercase, stop, stemming)


def _language(
    name: str,
    *,
    first: Callable[[], Sequence[TokenFilter]] = lambda: [Lowercase()],
    after_stop: Callable[[], Sequence[TokenFilter]] = list,
    stem: Callable[[], TokenFilter] | None = None,
    then: Callable[[], Sequence[TokenFilter]] = list,
) -> Build:
    """A language's chain: what comes `first`, its stop words, what is `after_stop`, exclusions, its stemmer."""

    def build(options: Options) -> Analyzer:
        stemming = stem() if stem else snowball(name)
        return _chain(
            options,
            StandardTokenizer(),
            *first(),
            _stop(options, f"_{name}_"),
            *after_stop(),
            *_marker(options),
            *then(),
            stemming,
        )

    return build


def _marker(options: Options) -> list[TokenFilter]:
    excluded = frozenset(options.texts("stem_exclusion"))
    return [KeywordMarker(excluded)] if excluded else []


def _indian(name: str, normal: Callable[[str], str]) -> Build:
    """A chain whose words have their normal form before stop words are looked for."""
    return lambda options: _chain(
        options,
        StandardTokenizer(),
        *(Lowercase(), DecimalDigit(), *_marker(options), Normal(normal_indic), Normal(normal)),
        *(_stop(options, f"_{name}_"), stemmer(name)),
    )


def _persian(options: Options) -> Analyzer:
    filters = [Lowercase(), DecimalDigit(), Normal(light.normal_arabic), Normal(persian.normal_persian)]
    spaces = Named("mapping", MappingCharFilter({"\u200c": " "}))
    named = [Named(type(part).__name__, part) for part in (*filters, _stop(options, "_persian_"), stemmer("persian"))]
    return Analyzer(options.name, Named("standard", StandardTokenizer()), named, [spaces])


def _serbian(options: Options) -> Analyzer:
    stop = _stop(options, "_serbian_")
    stemming = (snowball("serbian"), Normal(serbian))
    return _chain(options, StandardTokenizer(), Lowercase(), stop, *_marker(options), *stemming)


def _thai(options: Options) -> Analyzer:
    return _chain(options, ThaiTokenizer(), Lowercase(), DecimalDigit(), _stop(options, "_thai_"))


# Words that the Dutch stemmer would get wrong.
_DUTCH = {"fiets": "fiets", "bromfiets": "bromfiets", "ei": "eier", "kind": "kinder"}

_LANGUAGES: Mapping[str, Build] = {
    "arabic": _language(
        "arabic",
        first=lambda: [Lowercase(), DecimalDigit()],
        after_stop=lambda: [Normal(light.normal_arabic)],
        stem=lambda: Stem(light.arabic),
    ),
    "bengali": _indian("bengali", normal_bengali),
    "catalan": _language("catalan", first=lambda: [Elision(CATALAN_ARTICLES, ignore_case=True), Lowercase()]),
    "dutch": _language("dutch", then=lambda: [StemmerOverride(_DUTCH)]),
    "english": _language("english", first=lambda: [PossessiveEnglish(), Lowercase()], stem=PorterStem),
    "french": _language(
        "french",
        first=lambda: [Elision(FRENCH_ARTICLES, ignore_case=True), Lowercase()],
        stem=lambda: Stem(light.french),
    ),
    "german": _language("german", then=lambda: [Normal(light.normal_german)], stem=lambda: Stem(light.german)),
    "greek": _language("greek", first=lambda: [GreekLowercase()], stem=lambda: stemmer("greek")),
    "hindi": _indian("hindi", indic.normal_hindi),
    "irish": _language(
        "irish",
        first=lambda: [
            Stop({"h", "n", "t"}, ignore_case=True), Elision(IRISH_ARTICLES, ignore_case=True), IrishLowercase()
        ],
    ),
    "italian": _language(
        "italian",
        first=lambda: [Elision(ITALIAN_ARTICLES, ignore_case=True), Lowercase()],
        stem=lambda: Stem(light.italian),
    ),
    "portuguese": _language("portuguese", stem=lambda: Stem(light.portuguese)),
    "persian": _persian,
    "serbian": _serbian,
    "sorani": _language(
        "sorani",
        first=lambda: [Normal(persian.normal_sorani), Lowercase(), DecimalDigit()],
        stem=lambda: stemmer("sorani"),
    ),
    "spanish": _language("spanish", stem=lambda: Stem(light.spanish)),
    "thai": _thai,
    "turkish": _language("turkish", first=lambda: [Apostrophe(), TurkishLowercase()]),
    **{
        name: _language(name)
        for name in (
            "armenian", "basque", "danish", "finnish", "hungarian", "lithuanian", "norwegian", "romanian", "russian",
            "swedish",
        )
    },
    **{
        name: _language(name, stem=partial(stemmer, name))
        for name in ("brazilian", "bulgarian", "czech", "galician", "indonesian", "latvian")
    },
}  # fmt: skip


def _estonian(options: Options) -> Analyzer:
    raise IllegalArgument(
        f"The analyzer [estonian] of [{options.name}] is not there in connote; there are "
        f"[{', '.join(sorted(ANALYZERS))}]"
    )


# What Elasticsearch has besides.
MISSING: Mapping[str, Build] = {"estonian": _estonian}

ANALYZERS: Mapping[str, Build] = {
    "chinese": _standard,
    "cjk": _cjk,
    "fingerprint": _fingerprint,
    "keyword": lambda options: _chain(options, KeywordTokenizer()),
    "pattern": _pattern,
    "simple": lambda options: _chain(options, LowercaseTokenizer()),
    "snowball": _snowball,
    "standard": _standard,
    "stop": lambda options: _chain(options, LowercaseTokenizer(), _stop(options, "_english_")),
    "whitespace": lambda options: _chain(options, WhitespaceTokenizer()),
    **_LANGUAGES,
}
