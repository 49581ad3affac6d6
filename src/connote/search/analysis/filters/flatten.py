"""A graph of tokens made flat, as an index needs it."""

from connote.search.analysis.component import TokenFilter
from connote.search.analysis.token import Stream, Token


class FlattenGraph(TokenFilter):
    """Lays the paths of a graph beside one another: each node stands as far on as its longest way."""

    def apply(self, stream: Stream) -> Stream:
        """The tokens in the order of their new positions."""
        places: dict[int, int] = {}
        front = shift = 0  # the furthest node so far, and how much it was moved back
        for token in stream.tokens:
            if token.position not in places and token.position >= front:
                places[token.position] = token.position - shift
            place = places.setdefault(token.position, token.position - shift)
            node = token.position + token.length
            places[node] = max(places.get(node, 0), place + 1)
            front = max(front, node)
            shift = front - places[front]
        for token in stream.tokens:
            place = places[token.position]
            token.length = places[token.position + token.length] - place
            token.position = place
        stream.tokens.sort(key=lambda token: token.position)
        stream.last -= shift
        _align(stream.tokens)
        return stream


def _align(tokens: list[Token]) -> None:
    """Give all tokens that begin or end at a place the same offsets: the last start so far, and the first end."""
    starts, ends, furthest = dict[int, int](), dict[int, int](), 0
    for token in tokens:
        end = token.position + token.length
        starts[token.position] = furthest = max(furthest, token.start)
        ends[end] = min(ends.get(end, token.end), token.end)
    for token in tokens:
        token.start, token.end = starts[token.position], ends[token.position + token.length]
