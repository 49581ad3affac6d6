"""A tokenizer gives the ids that transformers gives, cut where the model ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from checkpoints import FAMILIES, TEXTS, TOKENS, Toy, tokenizer
from connote.contract.errors import IllegalArgument, Unavailable
from connote.runtime.catalog import Head
from connote.runtime.tokenizer import Tokenizer

VOCABULARY = 300
LONG = "the dogs sat on a mat. " * 20


def opened(folder: Path, family: str = "bert", max_tokens: int = TOKENS) -> Tokenizer:
    tokenizer(family).save(str(folder / "tokenizer.json"))
    return Tokenizer(folder / "tokenizer.json", max_tokens, VOCABULARY)


def changed(folder: Path, **parts: object) -> Tokenizer:
    """The BERT tokenizer with parts of its file replaced."""
    content: dict[str, Any] = json.loads(tokenizer("bert").to_str()) | parts
    (folder / "tokenizer.json").write_text(json.dumps(content))
    return Tokenizer(folder / "tokenizer.json", TOKENS, VOCABULARY)


@pytest.mark.parametrize("family", FAMILIES)
def test_texts_get_the_ids_of_transformers_also_when_cut(tmp_path: Path, family: str) -> None:
    toy, texts = Toy.write(tmp_path, family, Head.MEAN), [*TEXTS, LONG, ""]
    expected = toy.inputs(texts)
    for row, item in enumerate(opened(tmp_path, family).encode(texts)):
        real = expected["attention_mask"][row].bool()
        assert item.ids.tolist() == expected["input_ids"][row][real].tolist()
        assert item.tokens == len(toy.raw.encode(texts[row]))
        assert item.is_truncated == (item.tokens > TOKENS)


@pytest.mark.parametrize("family", FAMILIES)
def test_pairs_get_the_ids_and_types_of_transformers_with_the_document_cut(tmp_path: Path, family: str) -> None:
    toy, texts = Toy.write(tmp_path, family, Head.CROSS), [*TEXTS, LONG, ""]
    expected = toy.inputs(texts, query="a mat")
    for row, item in enumerate(opened(tmp_path, family).encode_pairs("a mat", texts)):
        real = expected["attention_mask"][row].bool()
        assert item.ids.tolist() == expected["input_ids"][row][real].tolist()
        assert item.tokens == len(toy.raw.encode("a mat", texts[row]))
        if family == "bert":
            assert item.types.tolist() == expected["token_type_ids"][row][real].tolist()


def test_a_long_query_leaves_half_the_room_to_the_document(tmp_path: Path) -> None:
    (item,) = opened(tmp_path, max_tokens=13).encode_pairs("cat " * 50, ["dog " * 50])
    cls, sep, cat, dog = 2, 3, 6, 10
    assert item.ids.tolist() == [cls, *[cat] * 5, sep, *[dog] * 5, sep]
    assert item.types.tolist() == [0] * 7 + [1] * 6
    assert (item.tokens, item.used) == (103, 13)


def test_a_long_query_is_whole_if_the_document_leaves_room(tmp_path: Path) -> None:
    (item,) = opened(tmp_path, max_tokens=13).encode_pairs("cat " * 9, ["dog"])
    assert not item.is_truncated
    (item,) = opened(tmp_path, max_tokens=13).encode_pairs("cat " * 10, ["dog"])
    assert (item.tokens, item.used, item.ids.tolist().count(6)) == (14, 13, 9)


def test_long_queries_and_documents_do_not_multiply(tmp_path: Path) -> None:
    # The library keeps what it cuts off, and joins every piece of the one with every piece of the other.
    items = opened(tmp_path).encode_pairs("cat " * 20_000, ["dog " * 20_000] * 2)
    assert [(item.tokens, item.used) for item in items] == [(40_003, TOKENS)] * 2


def test_padding_and_truncation_of_the_file_are_switched_off(tmp_path: Path) -> None:
    raw = tokenizer("bert")
    raw.enable_padding(length=20)
    raw.enable_truncation(5)
    raw.save(str(tmp_path / "tokenizer.json"))
    (item,) = Tokenizer(tmp_path / "tokenizer.json", TOKENS, VOCABULARY).encode(["the cat sat on the mat."])
    assert item.used == item.tokens == 9


def test_all_special_tokens_at_the_end_survive_the_cut(tmp_path: Path) -> None:
    own = json.loads(tokenizer("bert").to_str())["post_processor"]
    twice = {**own, "single": [*own["single"], own["single"][-1]]}
    (item,) = changed(tmp_path, post_processor=twice).encode(["cat " * 50])
    assert item.ids.tolist() == [2, *[6] * (TOKENS - 3), 3, 3]


def test_display_shows_dots_as_underscores_and_nothing_where_there_is_no_token(tmp_path: Path) -> None:
    bert = opened(tmp_path)
    shown = bert.display()
    assert shown[[6, 16]].tolist() == ["cat", "__"]
    assert bert.hidden().tolist() == [0, 1, 2, 3, 4, *range(19, VOCABULARY)]
    assert set(shown[19:]) == {""}


def test_text_that_is_not_unicode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IllegalArgument, match="unpaired surrogates"):
        opened(tmp_path).encode(["fine", "\ud800"])
    with pytest.raises(IllegalArgument, match="unpaired surrogates"):
        opened(tmp_path).encode_pairs("\ud800", ["fine"])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        "null",
        "[" * 100_000,
        '{"version": "1.0", "model": {"type": "Unigram", "vocab": [], "unk_id": 7}}',
    ],
)
def test_what_is_not_a_tokenizer_is_unavailable(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(Unavailable, match=r"tokenizer\.json is not a tokenizer"):
        Tokenizer(tmp_path / "tokenizer.json", TOKENS, VOCABULARY)


def test_a_missing_tokenizer_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"tokenizer\.json is not a tokenizer"):
        Tokenizer(tmp_path / "tokenizer.json", TOKENS, VOCABULARY)


def test_a_panic_of_the_library_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="Cannot parse precompiled_charsmap"):
        changed(tmp_path, normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAA"})


def test_ids_that_the_model_does_not_have_are_refused(tmp_path: Path) -> None:
    tokenizer("bert").save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(Unavailable, match="has token id 18, the model has 18 tokens"):
        Tokenizer(tmp_path / "tokenizer.json", TOKENS, vocabulary=18)


def test_ids_of_special_tokens_that_the_model_does_not_have_are_refused(tmp_path: Path) -> None:
    own = json.loads(tokenizer("bert").to_str())["post_processor"]
    special = own["special_tokens"] | {"[SEP]": {"id": "[SEP]", "ids": [1 << 31], "tokens": ["[SEP]"]}}
    with pytest.raises(Unavailable, match="has token id 2147483648"):
        changed(tmp_path, post_processor={**own, "special_tokens": special})


def test_a_maximum_without_room_for_text_is_refused(tmp_path: Path) -> None:
    for max_tokens in (4, 0, -1):
        with pytest.raises(Unavailable, match=f"a maximum of {max_tokens} leaves no room"):
            opened(tmp_path, max_tokens=max_tokens)
    assert opened(tmp_path, max_tokens=5).encode_pairs("cat", ["dog"])[0].used == 5


def test_a_tokenizer_without_special_tokens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="needs a post_processor"):
        changed(tmp_path, post_processor=None)


def test_a_tokenizer_that_fails_at_an_unknown_word_is_unavailable(tmp_path: Path) -> None:
    model = json.loads(tokenizer("bert").to_str())["model"] | {"unk_token": "[NONE]"}
    broken = changed(tmp_path, model=model)
    assert broken.encode(["the cat"])[0].used == 4
    with pytest.raises(Unavailable, match="cannot tokenize the input"):
        broken.encode(["unheard"])


def test_a_tokenizer_that_drops_one_of_a_pair_is_unavailable(tmp_path: Path) -> None:
    own = json.loads(tokenizer("bert").to_str())["post_processor"]
    broken = changed(tmp_path, post_processor={**own, "pair": own["single"]})
    with pytest.raises(Unavailable, match="of two tokens it makes 1"):
        broken.encode_pairs("cat", ["dog"])
