"""The tokenizer of an uploaded model, built from its vocabulary as transformers builds that of a checkpoint."""

import lzma
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers.pre_tokenizers import PreTokenizer

from connote.contract.errors import Rejected
from connote.contract.tokenization import Roberta, Tokenization
from connote.contract.vocabulary import Vocabulary
from connote.runtime.japanese import JapaneseWords
from connote.runtime.tokenizer import checked

# What sentencepiece does to a text before XLM-RoBERTa and DeBERTa see it: its rule nmt_nfkc in the version of 2019. It
# differs from NFKC in 48 code points. Each such model has it in its normalizer_spec (google/sentencepiece, Apache-2.0).
_NMT_NFKC = Path(__file__).with_name("nmt_nfkc.xz")


@dataclass(frozen=True)
class Special:
    """The special tokens of a tokenisation, and how they join texts."""

    beginning: str
    end: str
    padding: str
    unknown: str
    mask: str
    between: int = 1  # how many `end` stand between two texts
    second: int = 1  # the type of the second text's tokens
    blank: bool = False  # whether a space before the mask belongs to it

    def tokens(self) -> Iterator[AddedToken]:
        """Each as it is found in a text."""
        for token in (self.beginning, self.padding, self.end, self.unknown, self.mask):
            yield AddedToken(token, lstrip=self.blank and token == self.mask, special=True, normalized=False)


_BERT = Special("[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]")
_ROBERTA = Special("<s>", "</s>", "<pad>", "<unk>", "<mask>", between=2, second=0, blank=True)
_MPNET = Special("<s>", "</s>", "<pad>", "[UNK]", "<mask>", between=2, second=0, blank=True)


@dataclass(frozen=True)
class Kind:
    """A tokenisation: its special tokens, what makes its tokenizer, and how a token reads without the model's marks."""

    special: Special
    build: Callable[[Vocabulary, Mapping[str, int], Tokenization], Tokenizer]
    word: Callable[[str], str]


def build(vocabulary: Vocabulary, tokenization: Tokenization) -> Tokenizer:
    """The tokenizer of a model that was uploaded with these. It adds no special tokens to a text, but finds them in it.

    Raises Rejected if the vocabulary is not one of that tokenisation, Unavailable if a package is missing.
    """
    kind, ids = KINDS[tokenization.name], numbered(vocabulary)
    _check(ids, kind.special, tokenization)
    with checked("the vocabulary does not make a tokenizer", Rejected):
        raw = kind.build(vocabulary, ids, tokenization)
        # One that the vocabulary lacks would get an id that the model does not know.
        raw.add_special_tokens([token for token in kind.special.tokens() if token.content in ids])
    return raw


def numbered(vocabulary: Vocabulary) -> dict[str, int]:
    """The id of every token; of equal ones the first counts."""
    return {token: id for id, token in reversed(list(enumerate(vocabulary.tokens)))}


def _check(ids: Mapping[str, int], special: Special, tokenization: Tokenization) -> None:
    needed = [] if isinstance(tokenization, Roberta) else [special.unknown]  # bytes are never unknown
    if tokenization.with_special_tokens:
        needed += [special.beginning, special.end]
    if missing := [token for token in needed if token not in ids]:
        told = f"the vocabulary lacks {', '.join(f'[{token}]' for token in missing)}"
        raise Rejected(f"{told}, which the tokenization [{tokenization.name}] needs")


def _wordpiece(_: Vocabulary, ids: Mapping[str, int], tokenization: Tokenization) -> Tokenizer:
    """BERT's (https://arxiv.org/abs/1810.04805). Accents go if the case goes."""
    raw = Tokenizer(models.WordPiece(dict(ids), unk_token=_BERT.unknown))
    raw.normalizer = normalizers.BertNormalizer(lowercase=tokenization.do_lower_case)
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return raw


def _mpnet(vocabulary: Vocabulary, ids: Mapping[str, int], tokenization: Tokenization) -> Tokenizer:
    raw = _wordpiece(vocabulary, ids, tokenization)
    raw.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=True)  # the mask may have a space
    return raw


def _japanese(_: Vocabulary, ids: Mapping[str, int], tokenization: Tokenization) -> Tokenizer:
    raw = Tokenizer(models.WordPiece(dict(ids), unk_token=_BERT.unknown))
    # At a null character MeCab would stop.
    raw.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("\0", " ")])
    raw.pre_tokenizer = PreTokenizer.custom(JapaneseWords(lower=tokenization.do_lower_case))
    return raw


def _bytes(vocabulary: Vocabulary, ids: Mapping[str, int], tokenization: Tokenization) -> Tokenizer:
    """GPT-2's byte-level BPE."""
    first, second = zip(*(merge.split(" ") for merge in vocabulary.merges), strict=True)
    raw = Tokenizer(models.BPE(dict(ids), list(zip(first, second, strict=True))))
    prefix = isinstance(tokenization, Roberta) and tokenization.add_prefix_space
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    raw.post_processor = processors.ByteLevel(add_prefix_space=prefix, trim_offsets=True)
    return raw


def _unigram(vocabulary: Vocabulary, ids: Mapping[str, int], unknown: str) -> Tokenizer:
    scores = [float(score) for score in vocabulary.scores]
    return Tokenizer(models.Unigram(list(zip(vocabulary.tokens, scores, strict=True)), unk_id=ids[unknown]))


def _xlm_roberta(vocabulary: Vocabulary, ids: Mapping[str, int], _: Tokenization) -> Tokenizer:
    raw = _unigram(vocabulary, ids, _ROBERTA.unknown)
    raw.normalizer = normalizers.Precompiled(_nmt_nfkc())
    words = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    raw.pre_tokenizer = pre_tokenizers.Sequence(words)
    return raw


def _deberta(vocabulary: Vocabulary, ids: Mapping[str, int], _: Tokenization) -> Tokenizer:
    raw = _unigram(vocabulary, ids, _BERT.unknown)
    steps = [normalizers.Precompiled(_nmt_nfkc()), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()]
    raw.normalizer = normalizers.Sequence(steps)
    raw.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return raw


@cache
def _nmt_nfkc() -> bytes:
    return lzma.decompress(_NMT_NFKC.read_bytes())


def _whole(token: str) -> str:
    return token.removeprefix("##")


def _decoded(token: str) -> str:
    return decoders.ByteLevel().decode([token]).strip()


def _spaced(token: str) -> str:
    return token.replace("▁", " ").strip()


KINDS: Mapping[str, Kind] = {
    "bert": Kind(_BERT, _wordpiece, _whole),
    "bert_ja": Kind(_BERT, _japanese, _whole),
    "mpnet": Kind(_MPNET, _mpnet, _whole),
    "roberta": Kind(_ROBERTA, _bytes, _decoded),
    "xlm_roberta": Kind(_ROBERTA, _xlm_roberta, _spaced),
    "deberta_v2": Kind(_BERT, _deberta, _spaced),
}
