"""Which segments to merge: neighbours of like size, so that documents stay in the order in which they came.

After Lucene's LogMergePolicy: a segment's level is the power of ten that its documents make; ten neighbours of no
higher level become one. So a document is written about log10(documents / FLOOR) times, and there are some 10 segments
a level.
"""

from collections.abc import Sequence
from math import log10

from connote.search.engine.segment import Segment

FACTOR = 10
FLOOR = 1000  # smaller ones are all alike
LARGEST = 5 << 30  # bytes; larger ones are not made
DELETED = 1 / 3  # of a segment, from which on it is written again


def choose(segments: Sequence[Segment]) -> tuple[int, int] | None:
    """The neighbours to merge next, from and to (exclusive), or None."""
    levels = [_level(segment) for segment in segments]
    for level in sorted(set(levels)):
        begin = 0
        for number in range(len(segments) + 1):
            if number == len(segments) or levels[number] > level:
                begin = number + 1
            elif number + 1 - begin == FACTOR:
                if sum(segment.bytes for segment in segments[begin : number + 1]) <= LARGEST:
                    return begin, number + 1
                begin += 1
    for number, segment in enumerate(segments):
        if segment.size - segment.documents > segment.size * DELETED:
            return number, number + 1
    return None


def _level(segment: Segment) -> int:
    return int(log10(max(segment.documents, FLOOR) / FLOOR) + 1e-9)
