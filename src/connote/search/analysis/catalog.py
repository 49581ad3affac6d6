"""The types of tokenizers and char filters, by their names in Elasticsearch, and how their settings are read."""

import re
from collections.abc import Callable, Mapping

from connote.contract.errors import IllegalArgument
from connote.search.analysis.charfilters.html import HtmlStrip
from connote.search.analysis.charfilters.replace import MappingCharFilter, PatternCharFilter
from connote.search.analysis.component import CharFilter, Tokenizer
from connote.search.analysis.options import Options
from connote.search.analysis.pattern import Pattern, Replacement
from connote.search.analysis.tokenizers import classic, grams, simple, standard, url
from connote.search.analysis.tokenizers.path import PathTokenizer
from connote.search.analysis.tokenizers.pattern import PatternTokenizer
from connote.search.analysis.tokenizers.thai import ThaiTokenizer

_MOST = 1024 * 1024  # characters of a token


def max_token_length(options: Options) -> int:
    """`max_token_length`, 255 if it is not set."""
    length = options.integer("max_token_length", simple.MAX_TOKEN_LENGTH)
    if not 1 <= length <= _MOST:
        raise IllegalArgument(f"maxTokenLen must be greater than 0 and less than {_MOST} passed: {length}")
    return length


def gram_bounds(options: Options, least: int, most: int, *, limited: bool) -> tuple[int, int]:
    """`min_gram` and `max_gram`, with their defaults; `limited` by the index's `max_ngram_diff`."""
    least, most = options.integer("min_gram", least), options.integer("max_gram", most)
    if least < 1:
        raise IllegalArgument("minGram must be greater than zero")
    if least > most:
        raise IllegalArgument("minGram must not be greater than maxGram")
    if limited and most - least > options.limits.max_ngram_diff:
        raise IllegalArgument(
            "The difference between max_gram and min_gram in NGram Tokenizer must be less than or equal to: "
            f"[{options.limits.max_ngram_diff}] but was [{most - least}]. This limit can be set by changing the "
            "[index.max_ngram_diff] index level setting."
        )
    return least, most


def user_pattern(options: Options, key: str, default: str | None = None, flags: str | None = None) -> Pattern:
    """The expression that a setting holds. Raises IllegalArgument if there is none."""
    text = options.text(key, default)
    if text is None:
        raise IllegalArgument(f"{key} is missing for [{options.name}] {options.kind} of type '{options.type}'")
    return Pattern(text, flags, where=key)


def _token_chars(options: Options) -> Callable[[str], bool]:
    kinds = options.texts("token_chars")
    for kind in kinds:
        if kind.lower() not in (*grams.KINDS, "custom"):
            raise IllegalArgument(
                f"Unknown token type: '{kind.lower()}', must be one of [{', '.join(sorted((*grams.KINDS, 'custom')))}]"
            )
    if "custom" in kinds and not options.has("custom_token_chars"):
        raise IllegalArgument("Token type: 'custom' requires setting `custom_token_chars`")
    custom = options.text("custom_token_chars", "") or ""
    return grams.belongs([kind.lower() for kind in kinds], custom if "custom" in kinds else "")


def _ngram(options: Options) -> Tokenizer:
    return grams.NgramTokenizer(*gram_bounds(options, 1, 2, limited=True), _token_chars(options))


def _edge_ngram(options: Options) -> Tokenizer:
    return grams.NgramTokenizer(*gram_bounds(options, 1, 2, limited=False), _token_chars(options), edge=True)


def _pattern(options: Options) -> Tokenizer:
    pattern, group = user_pattern(options, "pattern", r"\W+", options.text("flags")), options.integer("group", -1)
    if group > pattern.groups:
        raise IllegalArgument(f"invalid group specified: pattern only has: {pattern.groups} capturing groups")
    return PatternTokenizer(pattern, group)


def _path(options: Options) -> Tokenizer:
    delimiter = _one_character(options, "delimiter", "/")
    replacement = _one_character(options, "replacement", delimiter)
    skip = options.integer("skip", 0)
    if skip < 0:
        raise IllegalArgument("skip cannot be negative")
    return PathTokenizer(delimiter, replacement, skip=skip, reverse=options.boolean("reverse", False))


def _one_character(options: Options, key: str, default: str) -> str:
    value = options.text(key, default) or default
    if len(value) != 1:
        raise IllegalArgument(f"{key} must be a one char value")
    return value


_KINDS = {
    "letter": str.isalpha,
    "digit": grams.belongs(["digit"]),
    "whitespace": grams.belongs(["whitespace"]),
    "punctuation": grams.belongs(["punctuation"]),
    "symbol": grams.belongs(["symbol"]),
}


def _char_group(options: Options) -> Tokenizer:
    tests, characters = list[Callable[[str], bool]](), set[str]()
    for entry in options.texts("tokenize_on_chars"):
        if entry in _KINDS:
            tests.append(_KINDS[entry])
        else:
            characters.add(_character(entry))
    return simple.CharTokenizer(
        lambda character: character not in characters and not any(test(character) for test in tests),
        max_token_length(options),
    )


def _character(entry: str) -> str:
    character = unescaped(entry) if entry.startswith("\\") else entry
    if len(character) != 1:
        raise IllegalArgument(f"Invalid escaped char in [{entry}]")
    return character


def _simple_pattern(options: Options, group: int) -> Tokenizer:
    return PatternTokenizer(Pattern(options.text("pattern", "") or "(?!)", where="pattern"), group)


TOKENIZERS: Mapping[str, Callable[[Options], Tokenizer]] = {
    "PathHierarchy": _path,
    "char_group": _char_group,
    "classic": lambda options: classic.ClassicTokenizer(max_token_length(options)),
    "edge_ngram": _edge_ngram,
    "keyword": lambda _: simple.KeywordTokenizer(),
    "letter": lambda _: simple.LetterTokenizer(),
    "lowercase": lambda _: simple.LowercaseTokenizer(),
    "ngram": _ngram,
    "path_hierarchy": _path,
    "pattern": _pattern,
    "simple_pattern": lambda options: _simple_pattern(options, 0),
    "simple_pattern_split": lambda options: _simple_pattern(options, -1),
    "standard": lambda options: standard.StandardTokenizer(max_token_length(options)),
    "thai": lambda _: ThaiTokenizer(),
    "uax_url_email": lambda options: url.UrlEmailTokenizer(max_token_length(options)),
    "whitespace": lambda options: simple.WhitespaceTokenizer(max_token_length(options)),
}


def _mapping(options: Options) -> CharFilter:
    refuse_file(options, "mappings")
    if not options.has("mappings"):
        raise IllegalArgument("mapping requires either `mappings` or `mappings_path` to be configured")
    return MappingCharFilter(dict(map(_arrow, options.texts("mappings"))))


def _arrow(rule: str) -> tuple[str, str]:
    before, arrow, after = rule.rpartition("=>")
    if not arrow:
        raise IllegalArgument(f"Invalid Mapping Rule : [{rule}]")
    key, value = unescaped(before.strip()), unescaped(after.strip())
    if not key:
        raise IllegalArgument(f"Invalid Mapping Rule : [{rule}]. Nothing stands before [=>]")
    return key, value


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([^u]))|\\", re.DOTALL)


def unescaped(text: str) -> str:
    """A text with Java's escapes read. Raises IllegalArgument if one is not whole."""

    def character(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        if not found[2]:
            raise IllegalArgument(f"Invalid escaped char in [{text}]")
        return _ESCAPES.get(found[2], found[2])

    return _ESCAPE.sub(character, text)


def _pattern_replace(options: Options) -> CharFilter:
    pattern = user_pattern(options, "pattern", flags=options.text("flags"))
    return PatternCharFilter(pattern, Replacement(options.text("replacement", "") or "", pattern))


def refuse_file(options: Options, key: str) -> None:
    """Raise IllegalArgument if a setting names a file."""
    if options.has(f"{key}_path"):
        raise IllegalArgument(
            f"[{key}_path] of [{options.name}] names a file; connote reads none. Give its lines as [{key}]"
        )


CHAR_FILTERS: Mapping[str, Callable[[Options], CharFilter]] = {
    "html_strip": lambda options: HtmlStrip(options.texts("escaped_tags")),
    "mapping": _mapping,
    "pattern_replace": _pattern_replace,
}
