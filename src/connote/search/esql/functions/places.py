"""Functions of addresses of networks, places, and vectors."""

import ipaddress
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from connote.search.esql.column import Column, Values
from connote.search.esql.functions.registry import Place, arrays, columns, each

# The mean radius of the earth in metres, as Lucene has it.
_RADIUS = 6_371_008.7714


@lru_cache(1024)
def _network(text: str) -> Any:  # noqa: ANN401 (a network of either version)
    return ipaddress.ip_network(text, strict=False)


@each("ip", "string", "string*", gives="boolean")
def cidr_match(address: str, *blocks: str) -> bool:
    """Whether an address is in one of these networks."""
    own = ipaddress.ip_address(address)
    return any(own.version == block.version and own in block for block in map(_network, blocks))


@each("ip", "whole", "whole", gives="ip")
def ip_prefix(address: str, fourth: int, sixth: int) -> str:
    """The address with only so many first bits, of version 4 and of version 6."""
    own = ipaddress.ip_address(address)
    bits = fourth if own.version == 4 else sixth
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False).network_address)


@arrays("point", gives="double")
def st_x(place: Values) -> Values:
    """The longitude."""
    return np.real(place)


@arrays("point", gives="double")
def st_y(place: Values) -> Values:
    """The latitude."""
    return np.imag(place)


@arrays("point", "point", gives="double")
def st_distance(one: Values, other: Values) -> Values:
    """The distance in metres, by the haversine formula."""
    return apart(one, other)


def apart(one: Values, other: Values) -> Values:
    """The distance in metres of places."""
    first, second = np.radians(one.imag), np.radians(other.imag)
    half = np.sin((second - first) / 2) ** 2
    half = half + np.cos(first) * np.cos(second) * np.sin(np.radians(other.real - one.real) / 2) ** 2
    return np.asarray(2 * _RADIUS * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def _vectors(name: str, work: Callable[[Any, Any], float], about: str) -> None:
    def run(place: Place, size: int, one: Column, other: Column) -> Column:
        found, nulls = np.zeros(size), np.ones(size, dtype=np.bool_)
        for at, (left, right) in enumerate(zip(_listed(one), _listed(other), strict=True)):
            if not len(left) or not len(right):
                continue
            if len(left) != len(right):
                told = (
                    f"Vectors must have the same dimensions; first vector has {len(left)}, and second has {len(right)}"
                )
                place.running.failed(place.at, place.text, f"java.lang.IllegalArgumentException: {told}")
                continue
            found[at] = work(_single(left), _single(right))
            nulls[at] = not np.isfinite(found[at])
        return Column("double", np.where(nulls, 0.0, found), nulls)

    run.__doc__ = about
    columns("vector", "vector", gives="double", names=[name])(run)


def _single(vector: Any) -> Any:  # noqa: ANN401 (float32 [dimensions])
    with np.errstate(over="ignore"):
        return np.asarray(vector, dtype=np.float32)


def _listed(column: Column) -> list[Any]:
    if column.type == "dense_vector":
        return [row[0] if row else () for row in column.rows()]
    return list(column.rows())


def _cosine(one: Any, other: Any) -> float:  # noqa: ANN401 (float32 arrays)
    lengths = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return (1 + float(one @ other) / lengths) / 2 if lengths else float("nan")


_vectors("v_cosine", _cosine, "The cosine of the angle between two vectors, from 0 to 1.")
_vectors("v_dot_product", lambda a, b: (1 + float(a @ b)) / 2, "Half of 1 and the dot product of two vectors.")
_vectors("v_l1_norm", lambda a, b: float(np.abs(a - b).sum()), "The sum of the differences of two vectors.")
_vectors("v_l2_norm", lambda a, b: float(np.linalg.norm(a - b)), "The distance of two vectors.")
_vectors("v_hamming", lambda a, b: float(_bits(a, b)), "How many bits of two vectors of bytes differ.")


def _bits(one: Any, other: Any) -> int:  # noqa: ANN401
    left, right = (np.clip(each, -128, 127).astype(np.int8).view(np.uint8) for each in (one, other))
    return int(np.unpackbits(left ^ right).sum())


@columns("vector", gives="double")
def v_magnitude(_: Place, __: int, vector: Column) -> Column:
    """The length of a vector."""
    lengths = [float(np.linalg.norm(_single(each))) if len(each) else np.inf for each in _listed(vector)]
    return Column.of("double", [[each] if np.isfinite(each) else [] for each in lengths])
