"""Which stemmer a language's name stands for, in `stemmer`, `snowball` and the filters named for one language."""

from collections.abc import Callable, Mapping

import Stemmer

from connote.contract.errors import IllegalArgument
from connote.search.analysis.component import TermFilter, TokenFilter
from connote.search.analysis.filters import eastern, indic, indonesian, light, nordic, persian, porter, rslp
from connote.search.analysis.filters.bengali import normal_bengali
from connote.search.analysis.filters.brazilian import brazilian
from connote.search.analysis.filters.composition import normal_indic
from connote.search.analysis.filters.english import PossessiveEnglish
from connote.search.analysis.filters.normal import scandinavian, scandinavian_folded, serbian
from connote.search.analysis.filters.spanish import singular
from connote.search.analysis.options import Options
from connote.search.analysis.token import Token


class Stem(TermFilter):
    """Stems terms, but for keywords."""

    heeds_keywords = True

    def __init__(self, stem: Callable[[str], str]) -> None:
        self.stem = stem

    def keep(self, token: Token) -> bool:
        """Change the term."""
        if not token.keyword:
            token.term = self.stem(token.term)
        return True


class Normal(TermFilter):
    """Writes terms in one way, keywords too."""

    normalizes = True

    def __init__(self, normal: Callable[[str], str]) -> None:
        self.normal = normal

    def keep(self, token: Token) -> bool:
        """Change the term."""
        token.term = self.normal(token.term)
        return True


# Languages of Snowball (https://snowballstem.org); `porter` and `english` stand apart.
SNOWBALL = (
    "armenian", "basque", "catalan", "danish", "dutch", "finnish", "french", "german", "hungarian", "irish", "italian",
    "lithuanian", "norwegian", "portuguese", "romanian", "russian", "serbian", "spanish", "swedish", "tamil", "turkish",
    "yiddish",
)  # fmt: skip
_GREEK = Stemmer.Stemmer("greek", 0)


def greek(word: str) -> str:
    """The stem of a Greek word, by Snowball, which has Georgios Ntais' rules as Lucene's own stemmer has them."""
    stem: str = _GREEK.stemWord(word) if len(word) > 3 else word
    return stem


_OWN: Mapping[str, Callable[[str], str]] = {
    "arabic": light.arabic,
    "bengali": indic.bengali,
    "brazilian": brazilian,
    "bulgarian": eastern.bulgarian,
    "czech": eastern.czech,
    "english": porter.stem,
    "galician": rslp.galician,
    "greek": greek,
    "hindi": indic.hindi,
    "indonesian": indonesian.indonesian,
    "latvian": eastern.latvian,
    "light_finnish": nordic.finnish,
    "light_french": light.french,
    "light_german": light.german,
    "light_hungarian": eastern.hungarian,
    "light_indonesian": indonesian.light_indonesian,
    "light_italian": light.italian,
    "light_norwegian": nordic.light_norwegian,
    "light_nynorsk": nordic.light_nynorsk,
    "light_portuguese": light.portuguese,
    "light_russian": eastern.russian,
    "light_spanish": light.spanish,
    "light_swedish": light.swedish,
    "minimal_english": light.minimal_english,
    "minimal_french": light.minimal_french,
    "minimal_galician": rslp.minimal_galician,
    "minimal_german": light.minimal_german,
    "minimal_norwegian": nordic.minimal_norwegian,
    "minimal_nynorsk": nordic.minimal_nynorsk,
    "minimal_portuguese": rslp.minimal_portuguese,
    "minimal_swedish": nordic.minimal_swedish,
    "persian": persian.persian,
    "porter": porter.stem,
    "portuguese_rslp": rslp.portuguese,
    "sorani": persian.sorani,
    "spanish_plural": singular,
    "telugu": indic.telugu,
}
# What Elasticsearch has besides; the Krovetz stemmer needs a dictionary of English.
_MISSING = frozenset(["dutch_kp", "estonian", "german2", "kp", "kstem", "light_english", "lovins"])

NORMALIZATIONS: Mapping[str, Callable[[Options], TokenFilter]] = {
    "arabic": lambda _: Normal(light.normal_arabic),
    "bengali": lambda _: Normal(normal_bengali),
    "german": lambda _: Normal(light.normal_german),
    "hindi": lambda _: Normal(indic.normal_hindi),
    "indic": lambda _: Normal(normal_indic),
    "persian": lambda _: Normal(persian.normal_persian),
    "scandinavian": lambda _: Normal(scandinavian),
    "serbian": lambda _: Normal(serbian),
    "sorani": lambda _: Normal(persian.normal_sorani),
    "telugu": lambda _: Normal(indic.normal_telugu),
}
STEM_FILTERS = ("arabic", "brazilian", "czech", "dutch", "french", "german", "persian", "russian")


def snowball(language: str) -> Stem:
    """Snowball's stemmer, by the language's name in lower case."""
    return Stem(Stemmer.Stemmer(language, 0).stemWord)


def stemmer(language: str) -> TokenFilter:
    """The stemmer that `stemmer` has by that name. Raises IllegalArgument."""
    name = _snake(language)
    if name == "possessive_english":
        return PossessiveEnglish()
    if name == "porter2":
        return snowball("english")
    if name in _OWN:
        return Stem(_OWN[name])
    if name in SNOWBALL:
        return snowball(name)
    if name in _MISSING:
        known = sorted((*_OWN, *SNOWBALL, "porter2", "possessive_english"))
        raise IllegalArgument(f"The stemmer [{language}] is not there in connote; there are [{', '.join(known)}]")
    raise IllegalArgument(f"Invalid stemmer class specified: {language}")


def stemmer_filter(options: Options) -> TokenFilter:
    """`stemmer`: by `language`, or `name`."""
    return stemmer(options.text("language") or options.text("name") or "porter")


def snowball_filter(options: Options) -> TokenFilter:
    """`snowball`: by `language`, which begins in upper case."""
    language = options.text("language") or options.text("name") or "English"
    name = language.lower()
    if name not in (*SNOWBALL, "arabic", "english", "porter"):
        raise IllegalArgument(f"Invalid stemmer class specified: {language}")
    return snowball(name)


def fixed(language: str) -> Callable[[Options], TokenFilter]:
    """The filter of one language, such as `french_stem`."""
    return lambda _: Stem(_OWN[language]) if language in _OWN else snowball(language)


def scandinavian_folding(_: Options) -> TokenFilter:
    """Letters that Scandinavian languages write differently become a, o."""
    return Normal(scandinavian_folded)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")
