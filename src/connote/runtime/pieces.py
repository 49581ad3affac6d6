"""Where the tokens of a text stand in it."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from tokenizers import Tokenizer as RawTokenizer

from connote.runtime.tokenizer import MOST_CHARACTERS, checked


class Piece(NamedTuple):
    """A token as it is shown (see `Tokenizer.display`), and [start, end) in code points of the text."""

    token: str
    start: int
    end: int


def pieces(folder: Path, text: str) -> list[Piece]:
    """The tokens that a model's tokenizer makes of a text, in order, without special ones.

    Raises IllegalArgument for what is not Unicode text, Unavailable if there is no tokenizer, or it fails at it.
    """
    file = folder / "tokenizer.json"
    with checked(f"{file.name} cannot tokenize the text"):
        tokenizer = _tokenizer(file, file.stat().st_mtime_ns)
        encoding = tokenizer.encode(text[:MOST_CHARACTERS], add_special_tokens=False)
    tokens = [tokenizer.id_to_token(id) or "" for id in encoding.ids]  # an encoding tells what is unknown as it stands
    return [
        Piece(token.replace(".", "__"), start, end)
        for token, (start, end) in zip(tokens, encoding.offsets, strict=True)
    ]


@lru_cache(maxsize=4)
def _tokenizer(file: Path, changed: int) -> RawTokenizer:  # noqa: ARG001 (a file that has changed is read again)
    found = RawTokenizer.from_file(str(file))
    found.no_padding()
    found.no_truncation()
    return found
