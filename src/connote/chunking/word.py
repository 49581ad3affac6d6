"""Windows of words."""

from connote.chunking.words import Text


def spans(text: Text, start: int, end: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Windows of `size` words over [start, end), each starting again with the last `overlap` words of the one before.

    A window ends with its last word; the last window goes on to `end`. What follows the last word of a window that ends
    the text is in no window, as in Elasticsearch.
    """
    ends = text.word_ends(start, end)
    step, found = size - overlap, list[tuple[int, int]]()
    opened, first = start, 0  # the open window: where it starts, and the number of its first word
    while first + size <= len(ends):
        found.append((opened, int(ends[first + size - 1])))
        first += step
        opened = int(ends[first - 1])
    if not found or first + overlap < len(ends):
        found.append((opened, end))
    return found
