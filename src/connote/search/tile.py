"""Vector tiles as bytes: layers of features, each a shape in the pixels of the tile and what is said of it.

Version 2.1 of https://github.com/mapbox/vector-tile-spec, in https://protobuf.dev/programming-guides/encoding/.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
Pixel = tuple[int, int]
Value = str | bool | int | float
_POINT, _POLYGON = 1, 3
_MOVE, _LINE, _CLOSE = 1, 2, 7
_VARINT, _DOUBLE, _BYTES = 0, 1, 2
_VERSION = 2


@dataclass(frozen=True)
class Feature:
    """Points, or if it `is_area` the corners of one, clockwise as it is seen; y grows downwards."""

    pixels: Sequence[Pixel]
    properties: Mapping[str, Value]
    is_area: bool = False

    def geometry(self) -> list[int]:
        """The commands that draw it (section 4.3)."""
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise([(0, 0), *self.pixels])]
        if not self.is_area:
            return [_command(_MOVE, len(steps)), *_flat(steps)]
        first, *rest = steps
        return [_command(_MOVE, 1), *_flat([first]), _command(_LINE, len(rest)), *_flat(rest), _command(_CLOSE, 1)]


@dataclass
class Layer:
    """A name and its features; keys and values stand once in a layer, and features have their numbers."""

    name: str
    extent: int
    features: Sequence[Feature] = field(default_factory=list)

    def encoded(self) -> bytes:
        """As a message."""
        keys, values = dict[str, int](), dict[tuple[type, Value], int]()
        features = b"".join(_message(2, _feature(each, keys, values)) for each in self.features)
        return b"".join(
            [
                _message(1, self.name.encode()),
                features,
                *(_message(3, key.encode(errors="replace")) for key in keys),
                *(_message(4, _value(value)) for _, value in values),
                _number(5, self.extent),
                _number(15, _VERSION),
            ]
        )


def encoded(layers: Iterable[Layer]) -> bytes:
    """The tile."""
    return b"".join(_message(3, each.encoded()) for each in layers)


def _feature(feature: Feature, keys: dict[str, int], values: dict[tuple[type, Value], int]) -> bytes:
    tags = list[int]()
    for name, value in feature.properties.items():
        tags += [keys.setdefault(name, len(keys)), values.setdefault((type(value), value), len(values))]
    return b"".join(
        [
            _message(2, b"".join(map(_varint, tags))),
            _number(3, _POLYGON if feature.is_area else _POINT),
            _message(4, b"".join(map(_varint, feature.geometry()))),
        ]
    )


def _value(value: Value) -> bytes:
    if isinstance(value, str):
        return _message(1, value.encode(errors="replace"))
    if isinstance(value, bool):
        return _number(7, int(value))
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return _number(6, _zigzag(value))
    return _varint(3 << 3 | _DOUBLE) + struct.pack("<d", value)


def _command(id: int, count: int) -> int:
    return id | count << 3


def _flat(steps: Iterable[Pixel]) -> list[int]:
    return [_zigzag(each) for step in steps for each in step]


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)
