"""Fields of shapes on the map.

https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/geo-shape
"""

from typing import Any, ClassVar

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.search.mapping import shape
from connote.search.mapping.field import COMMON, Field, Param, flag, text
from connote.search.mapping.values import Values

_ORIENTATIONS = ("right", "ccw", "counterclockwise", "left", "cw", "clockwise")


def _orientation(value: Any) -> str:  # noqa: ANN401 (JSON)
    told = text(value)
    if told.lower() not in _ORIENTATIONS:
        raise IllegalArgument(f"Unknown orientation [{java(value)[:100]}]")
    return told


class GeoShape(Field):
    """Points, lines, polygons and collections of these. Each value is kept as a word."""

    kind: ClassVar[str] = "geo_shape"
    params = COMMON | {
        "orientation": Param(_orientation, "right", updatable=True),
        "ignore_malformed": Param(flag, False, updatable=True),
        "ignore_z_value": Param(flag, True, updatable=True),
        "coerce": Param(flag, False, updatable=True),
        "index": Param(flag, True),
        "doc_values": Param(flag, True),
        "store": Param(flag, False),
    }
    takes_objects = True

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """A shape in any of its forms."""
        is_right = self["orientation"].lower() in _ORIENTATIONS[:3]
        into.words[self.name].append(shape.parse(value, is_right=is_right, closes=self["coerce"]).word)
