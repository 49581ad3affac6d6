"""Chunks of whole sentences."""

from connote.chunking import word
from connote.chunking.words import Text

# A chunk starts again with at most this many words of the sentence before it, if the whole of it does not fit.
_MOST_OVERLAP = 20


def spans(text: Text, size: int, overlap: int) -> list[tuple[int, int]]:
    """Sentences up to `size` words a chunk; with `overlap` 1 a chunk starts with the last sentence of the one before.

    A sentence that is too long by itself is cut into windows of words.
    """
    found: list[tuple[int, int]] = []
    start, end, words = 0, 0, 0
    before, words_before = 0, 0
    for sentence, next_sentence in text.sentences():
        count = text.count(sentence, next_sentence)
        if words + count > size:
            if words > 0:
                found.append((start, end))
                start, words = _reopen(text, sentence, before, words_before, size, count) if overlap else (end, 0)
            words += count
            if words > size:
                *full, (start, _) = word.spans(text, start, next_sentence, size, min(_MOST_OVERLAP, (size - 1) // 2))
                found.extend(full)
                words = text.count(start, next_sentence)
        else:
            words += count
        end, before, words_before = next_sentence, sentence, count
    if words > 0 or not found:
        found.append((start, len(text.text)))
    return found


def _reopen(text: Text, sentence: int, before: int, words_before: int, size: int, count: int) -> tuple[int, int]:
    """Where the next chunk starts, and the words that it has there: in the sentence before, or in its tail."""
    if words_before + count <= size:
        return before, words_before
    kept = min(size // 2, _MOST_OVERLAP)
    if words_before <= kept:
        return before, words_before
    ends = text.word_ends(before, sentence)
    return int(ends[len(ends) - kept - 1]), kept
