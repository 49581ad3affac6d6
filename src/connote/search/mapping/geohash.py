"""Cells of the earth by their names: https://en.wikipedia.org/wiki/Geohash."""

import math

BASE32 = "0123456789bcdefghjkmnpqrstuvwxyz"
LONGEST = 12
# The lengths of the equator and of a meridian circle, in metres, as Elasticsearch has them.
_EQUATOR, _MERIDIAN = 40_075_016.68557849, 39_940_652.74224401
_FINEST = 0.001  # metres: the cells with the longest names are larger


def cell(lat: float, lon: float, length: int) -> str:
    """The name of the cell that a point is in."""
    low, high = _numbers(lat, lon, length)
    return named(low, high, length)


def named(row: int, column: int, length: int) -> str:
    """The name of the cell in a row from the south and a column from the west."""
    bits, value = 5 * length, 0
    lats, lons = _bits(length)
    for at in range(bits):
        if at % 2 == 0:
            lons -= 1
            value = value << 1 | (column >> lons & 1)
        else:
            lats -= 1
            value = value << 1 | (row >> lats & 1)
    return "".join(BASE32[value >> 5 * place & 31] for place in reversed(range(length)))


def around(name: str) -> list[str]:
    """The cells that touch one; over a pole there are none."""
    length = len(name)
    lats, lons = _bits(length)
    y, x = place(name)
    near = [(y + up, (x + right) % (1 << lons)) for up in (-1, 0, 1) for right in (-1, 0, 1) if (up, right) != (0, 0)]
    return sorted({named(lat, lon, length) for lat, lon in near if 0 <= lat < 1 << lats})


def place(name: str) -> tuple[int, int]:
    """The row from the south and the column from the west of the cell of that name."""
    value = 0
    for letter in name:
        value = value << 5 | BASE32.index(letter)
    return _split(value, len(name))


def length_for(metres: float) -> int:
    """How long the names of cells are that are no larger."""
    if metres < _FINEST:
        return LONGEST
    width = metres / (1 + _MERIDIAN / _EQUATOR)
    bits = math.ceil(math.log2(max(math.ceil(_EQUATOR / width), 1)))
    full, left = divmod(bits, 5)
    shorter = full + (left > 0)
    return min(max(shorter, full + (left > 3), 1), LONGEST)


def _bits(length: int) -> tuple[int, int]:
    """Of a name, how many bits are latitude and longitude, which comes first."""
    return 5 * length // 2, (5 * length + 1) // 2


def _numbers(lat: float, lon: float, length: int) -> tuple[int, int]:
    """The row from the south, the column from the west."""
    lats, lons = _bits(length)
    rows, columns = 1 << lats, 1 << lons
    return min(int((lat + 90) / 180 * rows), rows - 1), min(int((lon + 180) / 360 * columns), columns - 1)


def _split(value: int, length: int) -> tuple[int, int]:
    row = column = 0
    for at in reversed(range(5 * length)):
        bit = value >> at & 1
        if (5 * length - 1 - at) % 2 == 0:
            column = column << 1 | bit
        else:
            row = row << 1 | bit
    return row, column
