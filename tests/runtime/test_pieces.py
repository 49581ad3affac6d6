"""Pieces of a text are the tokens that the model reads, each where it stands."""

from pathlib import Path

import pytest

from checkpoints import FAMILIES, TEXTS, tokenizer
from connote.contract.errors import Unavailable
from connote.runtime.pieces import pieces
from connote.runtime.tokenizer import Tokenizer

VOCABULARY = 300


@pytest.mark.parametrize("family", FAMILIES)
def test_pieces_are_the_tokens_that_the_model_reads_without_special_ones(tmp_path: Path, family: str) -> None:
    tokenizer(family).save(str(tmp_path / "tokenizer.json"))
    model = Tokenizer(tmp_path / "tokenizer.json", 1000, VOCABULARY)
    for text, encoded in zip(TEXTS, model.encode(TEXTS), strict=True):
        read = model.display()[encoded.ids[1:-1]].tolist()
        assert [piece.token for piece in pieces(tmp_path, text)] == read


def test_a_piece_tells_where_it_stands_in_code_points(tmp_path: Path) -> None:
    tokenizer("bert").save(str(tmp_path / "tokenizer.json"))
    text = "🏖 The dogs sat"
    for piece in pieces(tmp_path, text):
        if not piece.token.startswith("["):
            assert text[piece.start : piece.end].lower() == piece.token.removeprefix("##")


def test_without_a_tokenizer_there_are_no_pieces(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"tokenizer\.json"):
        pieces(tmp_path, "a")
