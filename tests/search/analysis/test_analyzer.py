"""Analyzers, from texts to terms."""

from connote.search.analysis import Analysis, Token

TEXT = "The 2 QUICK Brown-Foxes jumped over the lazy dog's bone."


def test_standard_cuts_at_word_boundaries_and_lowers() -> None:
    analyzer = Analysis().default
    terms = ["the", "2", "quick", "brown", "foxes", "jumped", "over", "the", "lazy", "dog's", "bone"]
    assert analyzer.terms(TEXT) == terms
    assert [token.term for token in analyzer.analyze(TEXT)] == terms
    assert analyzer.analyze(TEXT)[1] == Token("2", 4, 5, 1, "<NUM>")


def test_english_stems_and_leaves_holes_where_stop_words_were() -> None:
    analyzer = Analysis().analyzer("english")
    assert analyzer is not None
    expected = ["2", "quick", "brown", "fox", "jump", "over", "lazi", "dog", "bone"]
    assert analyzer.positioned([TEXT]) == (expected, [1, 2, 3, 4, 5, 6, 8, 9, 10])


def test_snowball_is_the_chain_that_its_reference_tells() -> None:
    english = {"tokenizer": "standard", "filter": ["possessive", "lowercase", "stop", "snowball"]}
    possessive = {"possessive": {"type": "stemmer", "language": "possessive_english"}}
    swedish = {"type": "snowball", "language": "Swedish", "stopwords": ["och"]}
    made = Analysis({"analysis": {"analyzer": {"mine": english, "swedish": swedish}, "filter": possessive}})
    text = f"{TEXT} Generously sized, happily"
    mine, theirs, other = made.analyzer("mine"), made.analyzer("snowball"), made.analyzer("swedish")
    assert mine is not None
    assert theirs is not None
    assert other is not None
    assert theirs.positioned([text]) == mine.positioned([text])
    assert "happili" in theirs.terms(text)
    assert other.terms("hundarna och katterna") == ["hund", "katt"]


def test_values_of_a_field_are_a_hundred_positions_apart() -> None:
    analyzer = Analysis().default
    assert analyzer.positioned(["a b", "c"]) == (["a", "b", "c"], [0, 1, 102])
    assert [(t.position, t.start) for t in analyzer.analyze_all(["a b", "c"])] == [(0, 0), (1, 2), (102, 4)]
