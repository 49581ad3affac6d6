"""Chains that connote and Lucene are both to have, and texts to run through them.

tests/search/analysis/golden/generate.py asks Lucene.
"""
# ruff: noqa: RUF001 (texts of many languages)

from collections.abc import Sequence
from typing import Any, NamedTuple

TEXTS = [
    "The 2 QUICK Brown-Foxes jumped over the lazy dog's bone.",
    "Wi-Fi 4000 PowerShot SD500, O'Neil's re-usable XL_300 i.b.m. U.S.A.",
    "L'avion et l’île qu'elle a vus, jusqu'à Noël; les chevaux mangeaient délicieusement.",
    "Die Häuser der größten Städte grüßen überall; Äpfel und Öfen, 3,14 Meter.",
    "El niño corrió rápidamente hacia las montañas más altas y felices de España.",
    "Gli amici dell'università mangiano le belle città; un'amica e l'uomo.",
    "As crianças brasileiras comeram pães, canções e corações rapidamente.",
    "Мама мыла раму, а дети играли в саду весёлыми игрушками.",
    "東京都に住んでいます。カタカナ ｶﾞｷﾞ ＡＢＣ１２３ 한국어 텍스트",
    "مرحبا بالعالم، والكتاب الجديدة في المدرسة ١٢٣",
    "ภาษาไทย 👍🏽 👩‍👩‍👧 🇩🇪 #️⃣ naïve café ﬁne Ångström ǅ",
    "user@example.com http://example.com/a?b=c#d foo_bar_baz a.b.c 1,000.5 C++ AT&T",
    "  leading\ttabs\nand\u00a0no-break\u2003spaces  ",
    "İstanbul'da ISPARTA'nın çiçekleri; Ankara’ya gittik",
    "De fietsen en bromfietsen van de kinderen; eieren",
    "Mänga flickor och pojkarna sprang; husets dörrar",
    "আমি বাংলায় গান গাই, ছেলেমেয়েদের খেলাগুলো দেখছিলাম ১২৩",
    "लड़कियों ने किताबें पढ़ीं और हिन्दी में लिखा १२३",
    "Книгите на българските писатели стоят в библиотеките; най-големите градове",
    "Ģimenes un draugi satiekas Rīgas kafejnīcās ar lieliem suņiem",
    "Ďábelské ódy koní v českých městech a knihovnách",
    "Di mana buku-bukunya? Mereka membaca buku bersama-sama di perpustakaan sekolahku",
    "Deca se igraju u školama; ђаци читају књиге у Београду џакова",
    "پیاوەکان لە شارەکانی كوردستان دەژین؛ کتێبێکی نوێ",
    "Os nenos galegos xogan felizmente nas prazas fermosísimas",
    "",
    "x",
    "the",
    "a b c d e f g",
    "aa bb aa cc bb " * 3,
    "word" * 80,
]
# Where the lengths of texts matter: connote counts code points, Java UTF-16 code units.
NARROW = [text for text in TEXTS if all(character <= "\uffff" for character in text)]
HTML = [
    "<p>I&apos;m so <b>happy</b>!</p>",
    "a<br>b<br/>c <div class='x>y'>q</div>&lt;tag&gt; &eacute;t&eacute;&nbsp;&#65;&#x42;",
    "x<script>var a='<b>';</script>y<style>p {}</style>z<!-- c > -->w<?xml v?>v<!DOCTYPE html>u",
    "1 < 2 > 1 <unknown>t</unknown> a&b&; <1> <![CDATA[ c <d> ]]>e",
]


class Case(NamedTuple):
    """A chain as Elasticsearch writes it, and as Lucene does: names and arguments of its factories."""

    name: str
    settings: dict[str, Any]
    lucene: list[list[str]]  # tokenizer, filters; each a name, then keys and values. A char filter's name begins with <
    texts: list[str] = TEXTS


Part = str | dict[str, Any]


def _case(
    name: str,
    tokenizer: Part,
    filters: Sequence[Part],
    lucene: list[list[str]],
    before: Sequence[Part] = (),
    texts: list[str] = TEXTS,
) -> Case:
    settings = {"tokenizer": tokenizer, "filter": filters, "char_filter": list(before)}
    return Case(name, settings, lucene, texts)


_S = ["standard"]
_L = ["lowercase"]


def _filter(part: Part, *lucene: str, tokenizer: str = "standard", texts: list[str] = TEXTS) -> Case:
    return _case(f"{tokenizer} {_named(part)}", tokenizer, [part], [[tokenizer], list(lucene)], texts=texts)


def _tokenizer(part: Part, *lucene: str, texts: list[str] = TEXTS) -> Case:
    return _case(f"tokenizer {_named(part)}", part, [], [list(lucene)], texts=texts)


def _named(part: Part) -> str:
    return part if isinstance(part, str) else " ".join(f"{key}={value}" for key, value in part.items())


CASES = [
    _tokenizer("standard", "standard"),
    _tokenizer({"type": "standard", "max_token_length": 5}, "standard", "maxTokenLength", "5", texts=NARROW),
    _tokenizer("whitespace", "whitespace"),
    _tokenizer({"type": "whitespace", "max_token_length": 4}, "whitespace", "maxTokenLen", "4", texts=NARROW),
    _tokenizer("letter", "letter"),
    _tokenizer("keyword", "keyword"),
    _tokenizer("classic", "classic", texts=TEXTS[:-1]),
    _tokenizer("uax_url_email", "uax29URLEmail"),
    _tokenizer("ngram", "nGram", "minGramSize", "1", "maxGramSize", "2"),
    _tokenizer({"type": "ngram", "min_gram": 3, "max_gram": 4}, "nGram", "minGramSize", "3", "maxGramSize", "4"),
    _tokenizer("edge_ngram", "edgeNGram", "minGramSize", "1", "maxGramSize", "2"),
    _tokenizer({"type": "pattern"}, "pattern", "pattern", r"\W+"),
    _tokenizer({"type": "pattern", "pattern": ","}, "pattern", "pattern", ","),
    _tokenizer({"type": "pattern", "pattern": r"(\p{Lu})\w+", "group": 1},
               "pattern", "pattern", r"(\p{Lu})\w+", "group", "1"),
    _tokenizer({"type": "simple_pattern", "pattern": "[0123456789]{3}"}, "simplePattern", "pattern", "[0123456789]{3}"),
    _tokenizer({"type": "simple_pattern_split", "pattern": "_"}, "simplePatternSplit", "pattern", "_"),
    _tokenizer("path_hierarchy", "pathHierarchy"),
    _tokenizer({"type": "path_hierarchy", "delimiter": ".", "skip": 1}, "pathHierarchy", "delimiter", ".", "skip", "1"),
    _tokenizer(
        {"type": "path_hierarchy", "delimiter": ".", "reverse": True},
        "pathHierarchy", "delimiter", ".", "reverse", "true"
    ),
    _tokenizer(
        {"type": "path_hierarchy", "delimiter": " ", "replacement": "/", "reverse": True, "skip": 1},
        "pathHierarchy", "delimiter", " ", "replace", "/", "reverse", "true", "skip", "1",
    ),
    _filter("lowercase", "lowercase"),
    _filter({"type": "lowercase", "language": "greek"}, "greekLowercase"),
    _filter({"type": "lowercase", "language": "turkish"}, "turkishLowercase"),
    _filter({"type": "lowercase", "language": "irish"}, "irishLowercase"),
    _filter("uppercase", "uppercase"),
    _filter("asciifolding", "asciiFolding"),
    _filter({"type": "asciifolding", "preserve_original": True}, "asciiFolding", "preserveOriginal", "true"),
    _filter("decimal_digit", "decimalDigit"),
    _filter("cjk_width", "cjkWidth"),
    _filter("cjk_bigram", "cjkBigram"),
    _filter({"type": "cjk_bigram", "output_unigrams": True}, "cjkBigram", "outputUnigrams", "true"),
    _filter({"type": "cjk_bigram", "ignored_scripts": ["han", "hangul"]},
            "cjkBigram", "han", "false", "hangul", "false"),
    _filter("trim", "trim", tokenizer="keyword"),
    _filter({"type": "truncate", "length": 4}, "truncate", "prefixLength", "4", texts=NARROW),
    _filter("reverse", "reverseString"),
    _filter({"type": "length", "min": 3, "max": 5}, "length", "min", "3", "max", "5"),
    _filter("apostrophe", "apostrophe"),
    _filter("elision", "elision", "ignoreCase", "true"),
    _filter("unique", "removeDuplicates", tokenizer="keyword"),
    _filter({"type": "limit", "max_token_count": 3}, "limitTokenCount", "maxTokenCount", "3"),
    _filter("fingerprint", "fingerprint", "maxOutputTokenSize", "255"),
    _filter({"type": "fingerprint", "max_output_size": 30, "separator": "+"},
            "fingerprint", "maxOutputTokenSize", "30", "separator", "+"),
    _filter("ngram", "nGram", "minGramSize", "1", "maxGramSize", "2", tokenizer="whitespace"),
    _filter({"type": "ngram", "min_gram": 3, "max_gram": 4, "preserve_original": True},
            "nGram", "minGramSize", "3", "maxGramSize", "4", "preserveOriginal", "true"),
    _filter("edge_ngram", "edgeNGram", "minGramSize", "1", "maxGramSize", "1"),
    _filter({"type": "edge_ngram", "min_gram": 2, "max_gram": 10, "preserve_original": True},
            "edgeNGram", "minGramSize", "2", "maxGramSize", "10", "preserveOriginal", "true"),
    _filter("shingle", "shingle"),
    _filter({"type": "shingle", "min_shingle_size": 2, "max_shingle_size": 4, "output_unigrams": False},
            "shingle", "minShingleSize", "2", "maxShingleSize", "4", "outputUnigrams", "false"),
    _filter({"type": "shingle", "output_unigrams": False, "output_unigrams_if_no_shingles": True},
            "shingle", "outputUnigrams", "false", "outputUnigramsIfNoShingles", "true"),
    _case("shingle over holes", "standard", ["lowercase", "stop", "shingle"], [_S, _L, ["stop"], ["shingle"]]),
    _case("shingle without unigrams over holes", "standard",
          ["lowercase", "stop",
           {"type": "shingle", "max_shingle_size": 3, "output_unigrams": False, "filler_token": "*"}],
          [_S, _L, ["stop"], ["shingle", "maxShingleSize", "3", "outputUnigrams", "false", "fillerToken", "*"]]),
    _filter("classic", "classic", tokenizer="classic", texts=TEXTS[:-1]),
    _filter("keyword_repeat", "keywordRepeat"),
    _case("repeat, stem, once", "standard", ["lowercase", "keyword_repeat", "porter_stem", "remove_duplicates"],
          [_S, _L, ["keywordRepeat"], ["porterStem"], ["removeDuplicates"]]),
    _filter({"type": "keep_types", "types": ["<NUM>"]}, "type", "types", "@<NUM>", "useWhitelist", "true"),
    _filter({"type": "pattern_replace", "pattern": "(o)(.)", "replacement": "$2-$1"},
            "patternReplace", "pattern", "(o)(.)", "replacement", "$2-$1"),
    _filter({"type": "pattern_replace", "pattern": "[aeiou]", "replacement": "*", "all": False},
            "patternReplace", "pattern", "[aeiou]", "replacement", "*", "replace", "first"),
    _filter({"type": "pattern_capture", "patterns": ["([a-z]+)", r"(\d+)"]}, "!capture", "true", "([a-z]+)", r"(\d+)"),
    _filter({"type": "pattern_capture", "preserve_original": False, "patterns": ["([a-z]+)[A-Z]?", r"(\w)(\w)"]},
            "!capture", "false", "([a-z]+)[A-Z]?", r"(\w)(\w)"),
    _filter("word_delimiter_graph", "wordDelimiterGraph", tokenizer="whitespace"),
    _filter({"type": "word_delimiter_graph", "catenate_all": True, "preserve_original": True},
            "wordDelimiterGraph", "catenateAll", "1", "preserveOriginal", "1", tokenizer="whitespace"),
    _filter({"type": "word_delimiter_graph", "catenate_words": True, "catenate_numbers": True,
             "split_on_case_change": False, "split_on_numerics": False, "stem_english_possessive": False},
            "wordDelimiterGraph", "catenateWords", "1", "catenateNumbers", "1", "splitOnCaseChange", "0",
            "splitOnNumerics", "0", "stemEnglishPossessive", "0", tokenizer="whitespace"),
    _case("word_delimiter_graph, flat", "whitespace",
          [{"type": "word_delimiter_graph", "catenate_all": True, "preserve_original": True}, "flatten_graph"],
          [["whitespace"], ["wordDelimiterGraph", "catenateAll", "1", "preserveOriginal", "1"], ["flattenGraph"]]),
    _filter("word_delimiter", "wordDelimiter", tokenizer="whitespace"),
    _filter({"type": "word_delimiter", "catenate_all": True, "preserve_original": True},
            "wordDelimiter", "catenateAll", "1", "preserveOriginal", "1", tokenizer="whitespace"),
    _filter({"type": "common_grams", "common_words": ["the", "a", "lazy"]}, "commonGrams", "words", "@the\na\nlazy"),
    _filter({"type": "common_grams", "common_words": ["THE", "a", "x"], "ignore_case": True, "query_mode": True},
            "commonGramsQuery", "words", "@THE\na\nx", "ignoreCase", "true"),
    _case("common_grams over holes", "standard",
          ["lowercase", "stop", {"type": "common_grams", "common_words": ["quick", "c"], "query_mode": True}],
          [_S, _L, ["stop"], ["commonGramsQuery", "words", "@quick\nc"]]),
    _filter({"type": "delimited_payload", "delimiter": "_", "encoding": "identity"},
            "delimitedPayload", "delimiter", "_", "encoder", "identity", tokenizer="whitespace"),
    _filter({"type": "dictionary_decompounder", "word_list": ["fox", "es", "jump", "brow", "own", "wor", "word"]},
            "dictionaryCompoundWord", "dictionary", "@fox\nes\njump\nbrow\nown\nwor\nword",
            "onlyLongestMatch", "false"),
    _filter({"type": "dictionary_decompounder", "word_list": ["po", "pow", "power", "shot", "hot", "able"],
             "only_longest_match": True, "min_word_size": 4, "min_subword_size": 3, "max_subword_size": 4},
            "dictionaryCompoundWord", "dictionary", "@po\npow\npower\nshot\nhot\nable", "onlyLongestMatch", "true",
            "minWordSize", "4", "minSubwordSize", "3", "maxSubwordSize", "4"),
    _filter({"type": "min_hash", "bucket_count": 4, "with_rotation": True},
            "minHash", "hashCount", "1", "bucketCount", "4", "hashSetSize", "1", "withRotation", "true"),
    _filter({"type": "min_hash", "hash_count": 3, "bucket_count": 2, "hash_set_size": 2, "with_rotation": False},
            "minHash", "hashCount", "3", "bucketCount", "2", "hashSetSize", "2", "withRotation", "false"),
    _filter("arabic_normalization", "arabicNormalization"),
    _filter("german_normalization", "germanNormalization"),
    _filter("scandinavian_normalization", "scandinavianNormalization"),
    _filter("scandinavian_folding", "scandinavianFolding"),
    _case("mapping", "keyword", [], [["keyword"], ["<mapping", "mapping", ""]],
          [{"type": "mapping", "mappings": ["a => bc", "the => ", "qu => k", "e => \\u0065\\u0301"]}]),
    _case("pattern_replace before", "standard", [],
          [_S, ["<patternReplace", "pattern", r"(\d+)-?(?=\d)", "replacement", "$1__"]],
          [{"type": "pattern_replace", "pattern": r"(\d+)-?(?=\d)", "replacement": "$1__"}]),
    _case("pattern_replace camel", "standard", [],
          [_S, ["<patternReplace", "pattern", r"(?<=\p{Lower})(?=\p{Upper})", "replacement", " "]],
          [{"type": "pattern_replace", "pattern": r"(?<=\p{Lower})(?=\p{Upper})", "replacement": " "}]),
    _case("html_strip", "standard", [], [_S, ["<htmlStrip"]], ["html_strip"], HTML),
    _case("html_strip whole", "keyword", [], [["keyword"], ["<htmlStrip"]], ["html_strip"], HTML),
    *(
        _case(f"stemmer {language}", "standard", ["lowercase", {"type": "stemmer", "language": language}],
              [_S, _L, [factory]])
        for language, factory in {
            "english": "porterStem", "minimal_english": "englishMinimalStem", "possessive_english": "englishPossessive",
            "light_german": "germanLightStem", "minimal_german": "germanMinimalStem", "light_french": "frenchLightStem",
            "minimal_french": "frenchMinimalStem", "light_spanish": "spanishLightStem",
            "light_italian": "italianLightStem", "light_portuguese": "portugueseLightStem",
            "light_swedish": "swedishLightStem", "arabic": "arabicStem",
        }.items()
    ),
    *(
        _case(f"stemmer {language}", "standard", ["lowercase", {"type": "stemmer", "language": language}],
              [_S, _L, ["snowballPorter", "language", name]])
        for language, name in {
            "porter2": "English", "german": "German", "french": "French", "spanish": "Spanish", "italian": "Italian",
            "portuguese": "Portuguese", "dutch": "Dutch", "swedish": "Swedish", "russian": "Russian",
            "turkish": "Turkish", "danish": "Danish", "norwegian": "Norwegian", "finnish": "Finnish",
            "hungarian": "Hungarian", "romanian": "Romanian", "catalan": "Catalan", "basque": "Basque",
            "irish": "Irish", "armenian": "Armenian", "lithuanian": "Lithuanian",
        }.items()
    ),
]  # fmt: skip

# Filters of one word, by the settings that Elasticsearch has and Lucene's factory: golden/stems.json.gz has words.
STEMMERS: dict[str, tuple[Part, list[str]]] = {
    **{
        language: ({"type": "stemmer", "language": language}, factory.split())
        for language, factory in {
            "bengali": "bengaliStem", "brazilian": "brazilianStem", "bulgarian": "bulgarianStem",
            "czech": "czechStem", "galician": "galicianStem", "hindi": "hindiStem", "indonesian": "indonesianStem",
            "latvian": "latvianStem", "light_finnish": "finnishLightStem", "light_hungarian": "hungarianLightStem",
            "light_indonesian": "indonesianStem stemDerivational false",
            "light_norwegian": "norwegianLightStem variant nb", "light_nynorsk": "norwegianLightStem variant nn",
            "light_russian": "russianLightStem", "minimal_galician": "galicianMinimalStem",
            "minimal_norwegian": "norwegianMinimalStem variant nb",
            "minimal_nynorsk": "norwegianMinimalStem variant nn", "minimal_portuguese": "portugueseMinimalStem",
            "minimal_swedish": "swedishMinimalStem", "persian": "persianStem", "portuguese_rslp": "portugueseStem",
            "sorani": "soraniStem", "spanish_plural": "spanishPluralStem", "telugu": "teluguStem",
        }.items()
    },
    **{
        f"{language}_normalization": (f"{language}_normalization", [f"{language}Normalization"])
        for language in ("bengali", "hindi", "indic", "persian", "serbian", "sorani", "telugu")
    },
}  # fmt: skip

# Built-in analyzers, by their Lucene classes.
ANALYZERS = {
    "arabic": "ar.ArabicAnalyzer",
    "armenian": "hy.ArmenianAnalyzer",
    "basque": "eu.BasqueAnalyzer",
    "bengali": "bn.BengaliAnalyzer",
    "brazilian": "br.BrazilianAnalyzer",
    "bulgarian": "bg.BulgarianAnalyzer",
    "catalan": "ca.CatalanAnalyzer",
    "cjk": "cjk.CJKAnalyzer",
    "czech": "cz.CzechAnalyzer",
    "danish": "da.DanishAnalyzer",
    "dutch": "nl.DutchAnalyzer",
    "english": "en.EnglishAnalyzer",
    "finnish": "fi.FinnishAnalyzer",
    "french": "fr.FrenchAnalyzer",
    "galician": "gl.GalicianAnalyzer",
    "german": "de.GermanAnalyzer",
    "hindi": "hi.HindiAnalyzer",
    "hungarian": "hu.HungarianAnalyzer",
    "indonesian": "id.IndonesianAnalyzer",
    "irish": "ga.IrishAnalyzer",
    "italian": "it.ItalianAnalyzer",
    "keyword": "core.KeywordAnalyzer",
    "latvian": "lv.LatvianAnalyzer",
    "lithuanian": "lt.LithuanianAnalyzer",
    "norwegian": "no.NorwegianAnalyzer",
    "portuguese": "pt.PortugueseAnalyzer",
    "romanian": "ro.RomanianAnalyzer",
    "russian": "ru.RussianAnalyzer",
    "serbian": "sr.SerbianAnalyzer",
    "simple": "core.SimpleAnalyzer",
    "sorani": "ckb.SoraniAnalyzer",
    "spanish": "es.SpanishAnalyzer",
    "standard": "standard.StandardAnalyzer",
    "swedish": "sv.SwedishAnalyzer",
    "turkish": "tr.TurkishAnalyzer",
    "whitespace": "core.WhitespaceAnalyzer",
}
