"""Places and shapes in an area of any shape: geo_shape, geo_polygon."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search.engine.arrays import Mask
from connote.search.engine.segment import Table
from connote.search.mapping import shape as mapped
from connote.search.mapping.geo import point
from connote.search.mapping.geoshape import GeoShape as ShapeField
from connote.search.mapping.shape import Shape
from connote.search.query import areas, shapes
from connote.search.query.areas import Area
from connote.search.query.body import Body
from connote.search.query.geo import field_of, place_of
from connote.search.query.query import Asks, Constant, Find, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.term import values_at

T = TypeVar("T")


@dataclass(frozen=True)
class Indexed:
    """A shape that stands in a document, at a path."""

    index: str
    id: str
    path: str


@dataclass(frozen=True)
class Asked:
    """What a query asks for: as an area, for fields of places, and as a shape, for those of shapes; or why not."""

    area: Area | ConnoteError
    shape: Shape | ConnoteError

    @classmethod
    def parse(cls, given: Any) -> "Asked":  # noqa: ANN401 (JSON)
        """Raises BadQuery for what is neither."""
        area, shape = _tried(areas.parse, given), _tried(mapped.parse, given)
        if isinstance(area, ConnoteError) and isinstance(shape, ConnoteError):
            raise area
        return cls(area, shape)


def _tried(parse: Callable[[Any], T], given: Any) -> T | ConnoteError:  # noqa: ANN401
    try:
        return parse(given)
    except ConnoteError as error:
        return error


@dataclass(frozen=True, kw_only=True)
class GeoShape(Query):
    """Documents with a place or shape in an area, with none there, or with all there; or with a shape around it."""

    field: str
    asked: Asked | Indexed
    relation: str = "intersects"
    ignores_unmapped: bool = False

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"FIELD": {"shape": {…}, "relation": "within"}}`, or `indexed_shape` in place of the shape."""
        body = Body("geo_shape", given)
        common, ignores = body.common(), body.flag("ignore_unmapped", default=False)
        name, found = place_of("geo_shape", body)
        inner = Body("geo_shape", found)
        relation = (inner.text("relation") or "intersects").lower()
        if relation not in shapes.RELATIONS:
            raise BadQuery(f"[geo_shape] [relation] must be one of {list(shapes.RELATIONS)}, not [{relation[:100]}]")
        shape, indexed = inner.raw("shape"), inner.raw("indexed_shape")
        inner.done()
        if (shape is None) == (indexed is None):
            raise IllegalArgument("either shape or indexedShapeId is required: [shape], or [indexed_shape]")
        asked = Asked.parse(shape) if shape is not None else _indexed(indexed)
        return cls(field=name, asked=asked, relation=relation, ignores_unmapped=ignores, **common)

    @classmethod
    def parse_polygon(cls, given: Any) -> Query:  # noqa: ANN401
        """geo_polygon, `{"FIELD": {"points": […]}}`: an older form, whose line need not be closed."""
        body = Body("geo_polygon", given)
        common, ignores = body.common(), body.flag("ignore_unmapped", default=False)
        body.raw("validation_method")
        name, found = place_of("geo_polygon", body)
        inner = Body("geo_polygon", found)
        points = inner.required("points", lambda value: value)
        inner.done()
        if not isinstance(points, list) or len(points) < 3:
            raise BadQuery("[geo_polygon] too few points defined: an array of at least 3")
        corners = [[lon, lat] for lat, lon in (point(each) for each in points)]
        closed = corners if corners[0] == corners[-1] else [*corners, corners[0]]
        asked = Asked.parse({"type": "polygon", "coordinates": [closed]})
        return cls(field=name, asked=asked, ignores_unmapped=ignores, **common)

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:  # noqa: ARG002
        """With the shape of the document. Raises IllegalArgument if there is none."""
        if not isinstance(self.asked, Indexed):
            return self
        own = self.asked
        source = await asks.document(own.index, own.id)
        if source is None:
            raise IllegalArgument(f"Shape with ID [{own.id}] in index [{own.index}] not found")
        found = values_at(source, own.path.split("."))
        if len(found) != 1:
            raise IllegalArgument(f"Shape with name [{own.id}] found but missing {own.path} field")
        return replace(self, asked=Asked.parse(found[0]))

    def weigh(self, reader: Reader) -> Weight:
        """All score the boost."""
        name = field_of("geo_shape", reader, self.field, ignores=self.ignores_unmapped, takes_shapes=True)
        assert isinstance(self.asked, Asked)  # noqa: S101 (it is rewritten)
        if isinstance(field := reader.field(self.field), ShapeField):
            return Constant(self._of_shapes(field.name, self.asked.shape), self.boost)
        return Constant(self._of_places(name, self.asked.area), self.boost)

    def _of_shapes(self, name: str, shape: Shape | ConnoteError) -> Find:
        if isinstance(shape, ConnoteError):
            raise shape
        if self.relation == "within" and shape.lines:
            raise IllegalArgument("[geo_shape] [within] is not supported for lines: nothing can be within one")
        return shapes.related(name, shape, self.relation)

    def _of_places(self, name: str | None, area: Area | ConnoteError) -> Find:
        if isinstance(area, ConnoteError):
            raise area
        if self.relation == "contains":
            told = [each for each in shapes.RELATIONS if each != self.relation]
            raise BadQuery(f"[geo_shape] [relation] must be one of {told} of places, not [{self.relation}]")

        def find(table: Table) -> Mask:
            view = None if name is None else table.points(name)
            if view is None:
                return np.zeros(table.size, dtype=np.bool_)
            inside = area.holds(view.latitudes, view.longitudes)
            if self.relation == "intersects":
                return view.owners.any(inside)
            return view.exists & ~view.owners.any(inside if self.relation == "disjoint" else ~inside)

        return find


def _indexed(given: Any) -> Indexed:  # noqa: ANN401 (JSON)
    if not isinstance(given, Mapping):
        raise BadQuery(f"[indexed_shape] must be an object, not [{java(given)[:100]}]")
    body = Body("geo_shape", given)
    id, index, path = body.text("id"), body.text("index", "shapes"), body.text("path", "shape")
    body.raw("routing")
    body.done()
    if not id or not index or not path:
        raise IllegalArgument("[indexed_shape] needs the [id] of a document")
    return Indexed(index, id, path)
