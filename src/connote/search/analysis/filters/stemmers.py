"""Which stemmer a language's name stands for, in `stemmer`, `snowball` and the filters named for one language."""

from collections.abc import Callable, Mapping

import Stemmer

from connote.contract.errors import IllegalArgument
from connote.search.analysis.component import TermFilter, TokenFilter
from connote.search.analysis.filters import light, porter
from connote.search.analysis.filters.english import PossessiveEnglish
from connote.search.analysis.filters.normal import scandinavian, scandinavian_folded
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
    "lithuanian", "norwegian", "portuguese", "romanian", "russian", "serbian", "spanish", "swedish", "turkish",
)  # fmt: skip

_OWN: Mapping[str, Callable[[str], str]] = {
    "arabic": light.arabic,
    "english": porter.stem,
    "light_french": light.french,
    "light_german": light.german,
    "light_italian": light.italian,
    "light_portuguese": light.portuguese,
    "light_spanish": light.spanish,
    "light_swedish": light.swedish,
    "minimal_english": light.minimal_english,
    "minimal_french": light.minimal_french,
    "minimal_german": light.minimal_german,
    "porter": porter.stem,
}
# What Elasticsearch has besides.
_MISSING = frozenset(
    [
        "bengali",
        "brazilian",
        "bulgarian",
        "czech",
        "dutch_kp",
        "estonian",
        "galician",
        "german2",
        "greek",
        "hindi",
        "indonesian",
        "kp",
        "latvian",
        "light_english",
        "light_finnish",
        "light_hungarian",
        "light_indonesian",
        "light_norwegian",
        "light_nynorsk",
        "light_russian",
        "lovins",
        "minimal_galician",
        "minimal_norwegian",
        "minimal_nynorsk",
        "minimal_portuguese",
        "minimal_swedish",
        "persian",
        "portuguese_rslp",
        "sorani",
        "spanish_plural",
        "tamil",
        "telugu",
        "kstem",
    ]
)

NORMALIZATIONS: Mapping[str, Callable[[Options], TokenFilter]] = {
    "arabic": lambda _: Normal(light.normal_arabic),
    "german": lambda _: Normal(light.normal_german),
    "scandinavian": lambda _: Normal(scandinavian),
}
STEM_FILTERS = ("arabic", "dutch", "french", "german", "russian")


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
    return lambda _: Stem(light.arabic) if language == "arabic" else snowball(language)


def scandinavian_folding(_: Options) -> TokenFilter:
    """Letters that Scandinavian languages write differently become a, o."""
    return Normal(scandinavian_folded)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")
