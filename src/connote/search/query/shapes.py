"""How shapes on the map stand to each other.

Segments by the signs of cross products, places in polygons by rays to the east:
https://en.wikipedia.org/wiki/Line_segment_intersection, https://en.wikipedia.org/wiki/Point_in_polygon
"""

from collections.abc import Callable, Sequence

import numpy as np

from connote.search.engine.arrays import Mask
from connote.search.engine.segment import Table
from connote.search.mapping.shape import Doubles, Shape
from connote.search.query import patterns
from connote.search.query.polygon import Polygon
from connote.search.query.query import Find
from connote.search.thread import check

# Edges of one shape that are held against all of another at a time.
_BLOCK = 256
_TURNS = (0.0, -360.0, 360.0)
RELATIONS = ("intersects", "disjoint", "within", "contains")


def related(field: str, shape: Shape, relation: str = "intersects") -> Find:
    """Documents with a shape that stands so to the one that is asked for; `within` and `disjoint`: all of them do."""
    some: dict[str, Callable[[str], bool]] = {
        "intersects": lambda word: meets(Shape.of_word(word), shape),
        "contains": lambda word: is_within(shape, Shape.of_word(word)),
        "disjoint": lambda word: meets(Shape.of_word(word), shape),
        "within": lambda word: not is_within(Shape.of_word(word), shape),
    }
    find = patterns.matching(field, some[relation])
    if relation in ("intersects", "contains"):
        return find

    def none(table: Table) -> Mask:
        words = table.words(field)
        return np.zeros(table.size, dtype=np.bool_) if words is None else words.exists & ~find(table)

    return none


def meets(one: Shape, other: Shape) -> bool:
    """Whether they have a place in common."""
    check()
    return any(_meets(one, other.moved(turn)) for turn in _TURNS if _overlap(one, other, turn))


def is_within(one: Shape, other: Shape) -> bool:
    """Whether all of the first is in one part of the second, part by part, its edge included."""
    check()
    parts = other.parts()
    return all(
        any(_within(part, whole.moved(turn)) for whole in parts for turn in _TURNS if _overlap(part, whole, turn))
        for part in one.parts()
    )


def _overlap(one: Shape, other: Shape, turn: float) -> bool:
    """Whether the boxes around them have a place in common."""
    a, b = one.corners, other.corners + np.array([turn, 0.0])
    return bool((a.min(axis=0) <= b.max(axis=0)).all() and (b.min(axis=0) <= a.max(axis=0)).all())


def _meets(one: Shape, other: Shape) -> bool:
    inside = _holds(other, one.corners).any() or _holds(one, other.corners).any()
    return bool(inside) or _crosses(one.edges, other.edges)


def _holds(shape: Shape, corners: Doubles) -> Mask:
    """Which places are in a polygon of a shape."""
    found = np.zeros(len(corners), dtype=np.bool_)
    for each in shape.polygons:
        found |= Polygon(each).holds(corners[:, 1], corners[:, 0])
    return found


def _within(part: Shape, whole: Shape) -> bool:
    if not whole.polygons:  # only places can be on a line or be a place
        return not part.lines and not part.polygons and _crosses(part.edges, whole.edges)
    if _is_belt(whole):
        low, high = whole.corners[:, 1].min(), whole.corners[:, 1].max()
        return bool(((part.corners[:, 1] >= low) & (part.corners[:, 1] <= high)).all())
    edges = part.edges
    if not (_holds(whole, part.corners).all() and _holds(whole, _middles(edges, whole.corners)).all()):
        return False
    holes = [hole for each in whole.polygons for hole in each[1:]]
    return not _crosses(edges, whole.edges, proper=True) and not any(_surrounds(part, hole) for hole in holes)


def _is_belt(whole: Shape) -> bool:
    """Whether it is a box all around the earth, which has no sides."""
    corners, lines = whole.corners, [line for each in whole.polygons for line in each]
    return (
        len(lines) == 1
        and len(corners) == 5
        and float(np.ptp(corners[:, 0])) >= 360
        and all(len(np.unique(corners[:, axis])) == 2 for axis in (0, 1))
    )


def _middles(edges: Doubles, corners: Doubles) -> Doubles:
    """Of each edge the middles of its pieces between those corners that are on it: there it may leave a polygon."""
    numbers = np.arange(len(edges))
    which, ways = [numbers, numbers], [np.zeros(len(edges)), np.ones(len(edges))]
    for at in range(0, len(edges), _BLOCK):
        check()
        own = edges[at : at + _BLOCK]
        begin, end = own[:, None, :2], own[:, None, 2:]
        along, length = ((corners - begin) * (end - begin)).sum(axis=2), ((end - begin) ** 2).sum(axis=2)
        edge, corner = np.nonzero((_side(begin, end, corners) == 0) & (along > 0) & (along < length))
        which.append(edge + at)
        ways.append(along[edge, corner] / length[edge, 0])
    owners, way = np.concatenate(which), np.concatenate(ways)
    order = np.lexsort((way, owners))
    owners, way = owners[order], way[order]
    is_piece = owners[1:] == owners[:-1]
    own, middle = edges[owners[1:][is_piece]], ((way[1:] + way[:-1]) / 2)[is_piece, None]
    made: Doubles = own[:, :2] + middle * (own[:, 2:] - own[:, :2])
    return made


def _surrounds(part: Shape, hole: Doubles) -> bool:
    """Whether a hole is inside of polygons, so that these are not within what the hole is in."""
    middles = (hole[:-1] + hole[1:]) / 2
    inside = _holds(part, np.concatenate([hole, middles, hole[:-1].mean(axis=0)[None, :]]))
    return bool(inside.all()) and len(part.polygons) > 0


def _crosses(one: Doubles, other: Doubles, *, proper: bool = False) -> bool:
    """Whether an edge has a place in common with another; `proper`: goes through it, and both go on."""
    return any(_block(one[at : at + _BLOCK], other, proper=proper) for at in range(0, len(one), _BLOCK))


def _block(one: Doubles, other: Doubles, *, proper: bool) -> bool:
    check()
    a, b, c, d = one[:, None, :2], one[:, None, 2:], other[None, :, :2], other[None, :, 2:]
    first, second = _side(a, b, c) * _side(a, b, d), _side(c, d, a) * _side(c, d, b)
    if proper:
        return bool(((first < 0) & (second < 0)).any())
    near = (first <= 0) & (second <= 0)
    for axis in (0, 1):
        low, high = (np.minimum, np.maximum)
        near &= low(a, b)[..., axis] <= high(c, d)[..., axis]
        near &= low(c, d)[..., axis] <= high(a, b)[..., axis]
    return bool(near.any())


def _side(begin: Doubles, end: Doubles, place: Doubles) -> Doubles:
    """On which side of an edge a place is: 1 left, -1 right, 0 in line with it."""
    way, off = end - begin, place - begin
    side: Doubles = np.sign(way[..., 0] * off[..., 1] - way[..., 1] * off[..., 0])
    return side


__all__: Sequence[str] = ("RELATIONS", "is_within", "meets", "related")
