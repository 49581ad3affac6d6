"""Lists of words: stop words by language, and those that settings give."""

from functools import cache
from importlib.resources import files

from connote.contract.errors import IllegalArgument
from connote.search.analysis.options import Options

# What stands before an apostrophe, by Lucene's lists.
FRENCH_ARTICLES = ("l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu")
CATALAN_ARTICLES = ("d", "l", "m", "n", "s", "t")
IRISH_ARTICLES = ("d", "m", "b")
ITALIAN_ARTICLES = (
    "c", "l", "all", "dall", "dell", "nell", "sull", "coll", "pell", "gl", "agl", "dagl", "degl", "negl", "sugl", "un",
    "m", "t", "s", "v", "d",
)  # fmt: skip


@cache
def stop_words(language: str) -> frozenset[str]:
    """The stop words of a language: those that Lucene has. Raises KeyError if there are none."""
    file = files(__package__).joinpath("data", "stopwords", f"{language}.txt")
    if not language.isalpha() or not file.is_file():
        raise KeyError(language)
    return frozenset(file.read_text(encoding="utf-8").split("\n")) - {""}


def given_words(options: Options, key: str, default: str) -> frozenset[str]:
    """The words that a setting lists, `_language_` standing for a language's; those of `default` if it is not set."""
    if options.has(f"{key}_path"):
        raise IllegalArgument(
            f"[{key}_path] of [{options.name}] names a file; connote reads none. List the words in [{key}]"
        )
    if options.text(key) == "_none_":
        return frozenset()
    words = set[str]()
    for word in options.texts(key, [default]):
        try:
            words |= stop_words(word[1:-1]) if word.startswith("_") and word.endswith("_") and len(word) > 2 else {word}
        except KeyError:
            words.add(word)
    return frozenset(words)
