"""The types of token filters, by their names in Elasticsearch, and how their settings are read."""

from collections.abc import Callable, Mapping

from connote.contract.errors import IllegalArgument
from connote.search.analysis.catalog import gram_bounds, refuse_file, unescaped, user_pattern
from connote.search.analysis.component import TokenFilter
from connote.search.analysis.filters import (
    case,
    cjk,
    common,
    compound,
    delimiter,
    folding,
    grams,
    keyword,
    minhash,
    pattern,
    payload,
    porter,
    select,
    stemmers,
    stop,
    trim,
)
from connote.search.analysis.filters.flatten import FlattenGraph
from connote.search.analysis.options import Options
from connote.search.analysis.pattern import Pattern, Replacement
from connote.search.analysis.tokenizers.classic import Classic
from connote.search.analysis.words import FRENCH_ARTICLES, given_words

_MOST = 2**31 - 1
_MOST_HASHES, _MOST_FUNCTIONS = 1 << 16, 512  # that `min_hash` may give of a text, and compute of each term
_MOST_LENGTHS = 100  # of words that `dictionary_decompounder` looks for at every place


def _lowercase(options: Options) -> TokenFilter:
    language = options.text("language")
    if language is None:
        return case.Lowercase()
    if language not in case.LANGUAGES:
        raise IllegalArgument(f"language [{language}] not support for lower case")
    return case.LANGUAGES[language]()


def _folding(options: Options) -> TokenFilter:
    keeps = options.boolean("preserve_original", False)
    return folding.AsciiFolding() if keeps else folding.AsciiFoldingAlone()


def _elision(options: Options) -> TokenFilter:
    refuse_file(options, "articles")
    articles = options.texts("articles", FRENCH_ARTICLES)
    return trim.Elision(articles, ignore_case=options.boolean("articles_case", False) or not options.has("articles"))


def _keep(options: Options) -> TokenFilter:
    refuse_file(options, "keep_words")
    if not options.has("keep_words"):
        raise IllegalArgument("keep requires either `keep_words` or `keep_words_path` to be configured")
    return select.Keep(options.texts("keep_words"), ignore_case=options.boolean("keep_words_case", False))


def _keep_types(options: Options) -> TokenFilter:
    mode = options.text("mode", "include")
    if mode not in ("include", "exclude"):
        raise IllegalArgument(f"`keep_types` tokenfilter mode can only be [include] or [exclude] but was [{mode}].")
    types = options.texts("types")
    if not types:
        raise IllegalArgument("keep_types requires `types` to be configured")
    return select.KeepTypes(types, exclude=mode == "exclude")


def _keyword_marker(options: Options) -> TokenFilter:
    refuse_file(options, "keywords")
    ignore_case, expression = options.boolean("ignore_case", False), options.text("keywords_pattern")
    if expression is not None:
        if options.has("keywords"):
            raise IllegalArgument("cannot specify both `keywords_pattern` and `keywords` or `keywords_path`")
        return keyword.KeywordPattern(Pattern(expression, where="keywords_pattern").matches)
    if not options.has("keywords"):
        raise IllegalArgument(
            "keyword filter requires either `keywords`, `keywords_path`, or `keywords_pattern` to be configured"
        )
    return keyword.KeywordMarker(options.texts("keywords"), ignore_case=ignore_case)


def _stemmer_override(options: Options) -> TokenFilter:
    refuse_file(options, "rules")
    if not options.has("rules"):
        raise IllegalArgument("stemmer override filter requires either `rules` or `rules_path` to be configured")
    stems: dict[str, str] = {}
    for rule in options.texts("rules"):
        sides = [side.strip() for side in rule.split("=>")]
        if len(sides) != 2 or not sides[1] or "," in sides[1] or not all(key.strip() for key in sides[0].split(",")):
            raise IllegalArgument(f"Invalid Keyword override Rule:{rule}")
        for key in sides[0].split(","):
            stems.setdefault(key.strip(), sides[1])
    return keyword.StemmerOverride(stems)


def _length(options: Options) -> TokenFilter:
    least, most = options.integer("min", 0), options.integer("max", _MOST)
    if least < 0 or least > most:
        raise IllegalArgument(f"[min] must be between 0 and [max], but is [{least}], and [max] is [{most}]")
    return trim.Length(least, most)


def _truncate(options: Options) -> TokenFilter:
    length = options.integer("length", -1) if options.has("length") else 10
    if length < 1:
        raise IllegalArgument(f"length parameter must be a positive number: {length}")
    return trim.Truncate(length)


def _limit(options: Options) -> TokenFilter:
    count = options.integer("max_token_count", 1)
    if count < 1:
        raise IllegalArgument("maxTokenCount must be greater than zero")
    return select.Limit(count)


def _shingle(options: Options) -> TokenFilter:
    least, most = options.integer("min_shingle_size", 2), options.integer("max_shingle_size", 2)
    unigrams = options.boolean("output_unigrams", True)
    if most < 2 or least < 2 or least > most:
        raise IllegalArgument(
            f"[min_shingle_size] and [max_shingle_size] must be at least 2 and rise, but are [{least}] and [{most}]"
        )
    difference, allowed = most - least + (1 if unigrams else 0), options.limits.max_shingle_diff
    if difference > allowed:
        raise IllegalArgument(
            "In Shingle TokenFilter the difference between max_shingle_size and min_shingle_size (and +1 if outputting "
            f"unigrams) must be less than or equal to: [{allowed}] but was [{difference}]. This limit can be set by "
            "changing the [index.max_shingle_diff] index level setting."
        )
    return grams.Shingle(
        least,
        most,
        unigrams=unigrams,
        unigrams_if_alone=options.boolean("output_unigrams_if_no_shingles", False),
        separator=options.text("token_separator", " ") or "",
        filler=options.text("filler_token", "_") or "",
    )


def _ngram(options: Options) -> TokenFilter:
    least, most = gram_bounds(options, 1, 2, limited=True)
    return grams.Ngram(least, most, preserve_original=options.boolean("preserve_original", False))


def _edge_ngram(options: Options) -> TokenFilter:
    least, most = gram_bounds(options, 1, 1, limited=False)
    side = options.text("side", "front")
    if side not in ("front", "back"):
        raise IllegalArgument(f"invalid side: {side}")
    return grams.EdgeNgram(
        least, most, preserve_original=options.boolean("preserve_original", False), from_back=side == "back"
    )


def _pattern_replace(options: Options) -> TokenFilter:
    expression = user_pattern(options, "pattern", flags=options.text("flags"))
    replacement = Replacement(options.text("replacement", "") or "", expression)
    return pattern.PatternReplace(expression, replacement, all_matches=options.boolean("all", True))


def _pattern_capture(options: Options) -> TokenFilter:
    if not options.has("patterns"):
        raise IllegalArgument(f"required setting 'patterns' is missing for token filter [{options.name}]")
    patterns = [Pattern(text, where="patterns") for text in options.texts("patterns")]
    return pattern.PatternCapture(patterns, preserve_original=options.boolean("preserve_original", True))


def _cjk_bigram(options: Options) -> TokenFilter:
    ignored = options.texts("ignored_scripts")
    for script in ignored:
        if script not in cjk.SCRIPTS:
            raise IllegalArgument(f"[ignored_scripts] holds [{script}]; it must be one of [{', '.join(cjk.SCRIPTS)}]")
    return cjk.CjkBigram(ignored, unigrams=options.boolean("output_unigrams", False))


def _delimiting(options: Options) -> delimiter.Delimiting:
    refuse_file(options, "protected_words")
    refuse_file(options, "type_table")
    return delimiter.Delimiting(
        word_parts=options.boolean("generate_word_parts", True),
        number_parts=options.boolean("generate_number_parts", True),
        catenate_words=options.boolean("catenate_words", False),
        catenate_numbers=options.boolean("catenate_numbers", False),
        catenate_all=options.boolean("catenate_all", False),
        preserve_original=options.boolean("preserve_original", False),
        split_on_case_change=options.boolean("split_on_case_change", True),
        split_on_numerics=options.boolean("split_on_numerics", True),
        english_possessive=options.boolean("stem_english_possessive", True),
        ignore_keywords=options.boolean("ignore_keywords", False),
        adjust_offsets=options.boolean("adjust_offsets", True),
        protected=frozenset(options.texts("protected_words")),
        types=dict(_character_type(rule) for rule in options.texts("type_table")),
    )


def _character_type(rule: str) -> tuple[str, int]:
    character, arrow, type_ = (part.strip() for part in rule.rpartition("=>"))
    character = unescaped(character)
    if not arrow or len(character) != 1 or type_ not in delimiter.TYPES:
        raise IllegalArgument(f"Invalid Mapping Rule : [{rule}]. Only a single character is allowed.")
    return character, delimiter.TYPES[type_]


def _stop(options: Options) -> TokenFilter:
    words = given_words(options, "stopwords", "_english_")
    return stop.Stop(words, ignore_case=options.boolean("ignore_case", False))


def _common_grams(options: Options) -> TokenFilter:
    refuse_file(options, "common_words")
    if not options.has("common_words"):
        raise IllegalArgument("missing or empty [common_words] or [common_words_path] configuration for common_grams")
    words = given_words(options, "common_words", "_none_")
    ignore_case, for_queries = options.boolean("ignore_case", False), options.boolean("query_mode", False)
    return common.CommonGrams(words, ignore_case=ignore_case, for_queries=for_queries)


def _decompounder(options: Options) -> TokenFilter:
    refuse_file(options, "word_list")
    if not options.has("word_list"):
        raise IllegalArgument(
            "word_list must be provided for [" + options.name + "], either as a path to a file, or directly"
        )
    least, most = options.integer("min_subword_size", 2), options.integer("max_subword_size", 15)
    if least < 1 or most < least or options.integer("min_word_size", 5) < 0:
        raise IllegalArgument(
            f"[min_subword_size] of [{options.name}] must be at least 1 and at most [max_subword_size], and "
            "[min_word_size] not negative"
        )
    made = compound.DictionaryDecompounder(
        options.texts("word_list"),
        least_word=options.integer("min_word_size", 5),
        least=least,
        most=most,
        only_longest=options.boolean("only_longest_match", False),
        ignore_case=options.boolean("word_list_case", False),
    )
    if len(made.lengths) > _MOST_LENGTHS:
        raise IllegalArgument(
            f"[word_list] of [{options.name}] has words of [{len(made.lengths)}] lengths from [min_subword_size] to "
            f"[max_subword_size]; connote allows {_MOST_LENGTHS}"
        )
    return made


def _delimited_payload(options: Options) -> TokenFilter:
    found, encoding = options.text("delimiter", "|") or "", options.text("encoding", "float")
    if len(found) != 1:
        raise IllegalArgument(f"delimiter must be a one char value, not [{found}]")
    if encoding not in payload.ENCODINGS:
        raise IllegalArgument(
            f"[encoding] of [{options.name}] must be one of {list(payload.ENCODINGS)}, not [{encoding}]"
        )
    return payload.DelimitedPayload(found)


def _min_hash(options: Options) -> TokenFilter:
    hashes, buckets = options.integer("hash_count", 1), options.integer("bucket_count", 512)
    kept = options.integer("hash_set_size", 1)
    for name, value in (("hashCount", hashes), ("bucketCount", buckets), ("hashSetSize", kept)):
        if value < 1:
            raise IllegalArgument(f"{name} must be greater than zero")
    if hashes > _MOST_FUNCTIONS:
        raise IllegalArgument(f"[hash_count] of [{options.name}] is [{hashes}]; connote allows {_MOST_FUNCTIONS}")
    if hashes * buckets * kept > _MOST_HASHES:
        raise IllegalArgument(
            f"[{options.name}] could give [{hashes * buckets * kept}] hashes of a text; connote allows {_MOST_HASHES}"
        )
    return minhash.MinHash(hashes, buckets, kept, rotates=options.boolean("with_rotation", buckets > 1))


FILTERS: Mapping[str, Callable[[Options], TokenFilter]] = {
    "apostrophe": lambda _: trim.Apostrophe(),
    "asciifolding": _folding,
    "cjk_bigram": _cjk_bigram,
    "cjk_width": lambda _: folding.CjkWidth(),
    "classic": lambda _: Classic(),
    "common_grams": _common_grams,
    "decimal_digit": lambda _: folding.DecimalDigit(),
    "delimited_payload": _delimited_payload,
    "dictionary_decompounder": _decompounder,
    "edge_ngram": _edge_ngram,
    "elision": _elision,
    "fingerprint": lambda options: select.Fingerprint(
        options.text("separator", " ") or "", options.integer("max_output_size", 255)
    ),
    "flatten_graph": lambda _: FlattenGraph(),
    "keep": _keep,
    "keep_types": _keep_types,
    "keyword_marker": _keyword_marker,
    "keyword_repeat": lambda _: keyword.KeywordRepeat(),
    "length": _length,
    "limit": _limit,
    "lowercase": _lowercase,
    "min_hash": _min_hash,
    "ngram": _ngram,
    "pattern_capture": _pattern_capture,
    "pattern_replace": _pattern_replace,
    "porter_stem": lambda _: porter.PorterStem(),
    "remove_duplicates": lambda _: select.Unique(only_on_same_position=True),
    "reverse": lambda _: trim.Reverse(),
    "shingle": _shingle,
    "snowball": stemmers.snowball_filter,
    "stemmer": stemmers.stemmer_filter,
    "stemmer_override": _stemmer_override,
    "stop": _stop,
    "trim": lambda _: trim.Trim(),
    "truncate": _truncate,
    "unique": lambda options: select.Unique(only_on_same_position=options.boolean("only_on_same_position", False)),
    "uppercase": lambda _: case.Uppercase(),
    "word_delimiter": lambda options: delimiter.WordDelimiter(_delimiting(options)),
    "word_delimiter_graph": lambda options: delimiter.WordDelimiterGraph(_delimiting(options)),
    **{f"{language}_normalization": make for language, make in stemmers.NORMALIZATIONS.items()},
    "scandinavian_folding": stemmers.scandinavian_folding,
    # Named by an analyzer without being defined.
    **{f"{language}_stem": stemmers.fixed(language) for language in stemmers.STEM_FILTERS},
}
