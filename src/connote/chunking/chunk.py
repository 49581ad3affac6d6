"""Chunks of a text by any strategy."""

from dataclasses import dataclass

from connote.chunking import recursive, sentence, word
from connote.chunking.words import Text
from connote.contract.chunks import ChunkingSettings, Recursive, Sentences, Whole, Words


@dataclass(frozen=True)
class Chunk:
    """The part [start, end) of a text, in code points."""

    start: int
    end: int


def chunk(text: str, settings: ChunkingSettings) -> list[Chunk]:
    """The chunks of a text, in order; at least one, which for an empty text is empty.

    Raises IllegalArgument if a user's separator takes too long to match.
    """
    if isinstance(settings, Whole):
        return [Chunk(0, len(text))]
    return [Chunk(start, end) for start, end in _spans(Text(text), settings)]


def _spans(text: Text, settings: Sentences | Words | Recursive) -> list[tuple[int, int]]:
    match settings:
        case Sentences():
            return sentence.spans(text, settings.max_chunk_size, settings.sentence_overlap)
        case Words():
            return word.spans(text, 0, len(text.text), settings.max_chunk_size, settings.overlap)
        case Recursive():
            return recursive.spans(text, settings.max_chunk_size, settings.separators)
