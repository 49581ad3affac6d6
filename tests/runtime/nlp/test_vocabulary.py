"""Tokenizers of uploaded vocabularies find what those of transformers find."""

import base64
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

import networks
from connote.contract import tokenization
from connote.contract.errors import Rejected
from connote.contract.vocabulary import Vocabulary
from connote.runtime.library import Library
from connote.runtime.nlp.pieces import Pieces
from connote.runtime.vocabulary import build

# Made once by the tokenizers of transformers 4.57 that run sentencepiece itself, with the models that VOCABULARIES are
# of; these have the normaliser of the published XLM-RoBERTa.
SENTENCEPIECE = json.loads(Path(__file__).with_name("sentencepiece.json").read_text(encoding="utf-8"))
TEXTS = [
    *networks.CORPUS,
    "",
    "   ",
    "  two  spaces\tand\na newline ",
    "naïve café Straße ǅ ﬁne ①②③ ½",
    "नमस्ते दुनिया مرحبا بالعالم สวัสดีชาวโลก",
    "emoji 👩‍👩‍👧 🤗 end",
    "a [MASK] token, <mask> and [SEP] </s> in the text",
    "supercalifragilistic" * 10,
    "a\u0000b\u0007c\ufffd\u200b",
]
Case = tuple[str, dict[str, Any], dict[str, Any]]
CASES: Sequence[Case] = [
    ("bert", {"do_lower_case": True}, {"do_lower_case": True}),
    ("bert", {}, {"do_lower_case": False}),
    ("mpnet", {"do_lower_case": True}, {"do_lower_case": True}),
    ("roberta", {}, {}),
    ("roberta", {"add_prefix_space": True}, {"add_prefix_space": True}),
]


@cache
def both(number: int) -> tuple[Pieces, Any]:
    kind, ours, theirs = CASES[number]
    own = Pieces(networks.VOCABULARIES[kind], tokenization.parse({kind: ours}))
    return own, networks.tokenizer(kind, **theirs)


def check(number: int, text: str) -> None:
    own, theirs = both(number)
    (found,) = own.encode([text], located=True)
    (fast,) = own.encode([text])
    expected = theirs(text, add_special_tokens=False, return_offsets_mapping=True)
    assert found.ids.tolist() == fast.ids.tolist() == expected["input_ids"]
    assert [tuple(pair) for pair in found.offsets.tolist()] == expected["offset_mapping"]


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: f"{CASES[number][0]}-{number}")
@pytest.mark.parametrize("text", TEXTS)
def test_ids_and_offsets_are_those_of_transformers(number: int, text: str) -> None:
    check(number, text)


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=40), number=st.integers(0, len(CASES) - 1))
def test_they_are_so_for_any_text(text: str, number: int) -> None:
    check(number, text)


@pytest.mark.parametrize("kind", ["xlm_roberta", "deberta_v2"])
def test_a_sentencepiece_vocabulary_gives_the_ids_of_sentencepiece(kind: str) -> None:
    kept = SENTENCEPIECE[kind]
    own = Pieces(networks.VOCABULARIES[kind], tokenization.parse({kind: {}}))
    found = {text: tokens.ids.tolist() for text, tokens in zip(kept, own.encode(list(kept)), strict=True)}
    assert found == kept


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=40))
def test_of_any_text_xlm_roberta_makes_what_the_published_tokenizer_makes(text: str) -> None:
    own, theirs = xlm_roberta()
    (found,) = own.encode([text], located=True)
    expected = theirs(text, add_special_tokens=False, return_offsets_mapping=True)
    assert found.ids.tolist() == expected["input_ids"]
    assert [tuple(pair) for pair in found.offsets.tolist()] == expected["offset_mapping"]


@cache
def xlm_roberta() -> tuple[Pieces, Any]:
    whole, plain = networks.VOCABULARIES["xlm_roberta"], tokenization.parse({"xlm_roberta": {}})
    charsmap = base64.b64decode(json.loads(build(whole, plain).to_str())["normalizer"]["precompiled_charsmap"])
    pieces = list(zip(whole.tokens, whole.scores, strict=True))
    return Pieces(whole, plain), networks.hf.XLMRobertaTokenizer(vocab=pieces, _spm_precompiled_charsmap=charsmap)


# Without the mask, which the E5 that is pulled does not know as a special token.
@pytest.mark.parametrize(
    "text",
    [*(text for text in TEXTS if "<mask>" not in text), "\uff26\uff35\uff2c\uff2c\u3000\uff57 ㌔ ﷺ e\u0301 \ufffc"],
)
def test_the_vocabulary_of_the_real_e5_gives_the_ids_of_its_own_tokenizer(library: Library, text: str) -> None:
    own, theirs = e5(str(library.pull(library.find("intfloat/multilingual-e5-small"), lambda *_: None)))
    (found,) = own.encode([text])
    assert found.ids.tolist() == theirs.encode(text, add_special_tokens=False).ids


@cache
def e5(folder: str) -> tuple[Pieces, Tokenizer]:
    file = Path(folder) / "tokenizer.json"
    pairs = json.loads(file.read_text(encoding="utf-8"))["model"]["vocab"]
    whole = Vocabulary([piece for piece, _ in pairs], scores=[score for _, score in pairs])
    return Pieces(whole, tokenization.parse({"xlm_roberta": {}})), Tokenizer.from_file(str(file))


@pytest.mark.parametrize("lower", [False, True])
def test_japanese_is_parted_into_words_as_transformers_does_it(tmp_path: Path, lower: bool) -> None:
    words = [
        "日本",
        "語",
        "の",
        "文章",
        "です",
        "。",
        "東京",
        "は",
        "##大きい",
        "大きい",
        "都市",
        "Tokyo",
        "tokyo",
        "1",
        "##0",
    ]
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join([*networks.BERT, *words]), encoding="utf-8")
    theirs = networks.hf.BertJapaneseTokenizer(
        str(file), word_tokenizer_type="mecab", do_lower_case=lower, mecab_kwargs={"mecab_dic": "ipadic"}
    )
    own = Pieces(Vocabulary([*networks.BERT, *words]), tokenization.parse({"bert_ja": {"do_lower_case": lower}}))
    texts = ["日本語の文章です。", "東京は 大きい都市です。Tokyo \uff11\uff10", "", "知らない言葉", "ｶﾀｶﾅ Tokyo"]
    for text, found in zip(texts, own.encode(texts), strict=True):
        assert found.ids.tolist() == theirs(text, add_special_tokens=False)["input_ids"], text


def test_what_comes_after_a_null_character_counts_in_japanese_too() -> None:
    own = Pieces(Vocabulary([*networks.BERT, "日本", "東京"]), tokenization.parse({"bert_ja": {}}))
    (found,) = own.encode(["日本\0東京"])
    assert found.ids.tolist() == [5, 6]


def test_a_vocabulary_of_another_tokenisation_is_refused() -> None:
    with pytest.raises(
        Rejected, match=r"lacks \[<unk>\], \[<s>\], \[</s>\], which the tokenization \[xlm_roberta\] needs"
    ):
        build(Vocabulary(["[CLS]", "a"], scores=[0, 1]), tokenization.parse({"xlm_roberta": {}}))
    with pytest.raises(Rejected, match="does not make a tokenizer"):
        build(Vocabulary([*networks.ROBERTA, "a"], merges=["a b"]), tokenization.parse({"roberta": {}}))


@settings(max_examples=100, deadline=None)
@given(
    tokens=st.lists(st.text(max_size=6), max_size=12),
    merges=st.lists(
        st.tuples(st.text(st.characters(exclude_characters=" "), max_size=3), st.text(max_size=3)), max_size=4
    ),
    kind=st.sampled_from(sorted(tokenization.TOKENIZATIONS)),
    text=st.text(max_size=20),
)
def test_whatever_vocabulary_is_uploaded_it_serves_or_is_refused(
    tokens: list[str], merges: list[tuple[str, str]], kind: str, text: str
) -> None:
    special = networks.BERT if kind in ("bert", "bert_ja", "deberta_v2") else networks.MPNET
    pairs = [f"{first} {second}" for first, second in merges]
    whole = Vocabulary([*special, *tokens], pairs, [-float(i) for i in range(len(special) + len(tokens))])
    try:
        pieces = Pieces(whole, tokenization.parse({kind: {}}))
    except Rejected:
        return
    (found,) = pieces.encode([text])
    assert all(0 <= id < len(whole.tokens) for id in found.ids)
