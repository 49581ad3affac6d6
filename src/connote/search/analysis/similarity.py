"""How words score: the similarities that are built in, and those that an index's settings define.

https://www.elastic.co/docs/reference/elasticsearch/index-settings/similarity
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java


@dataclass(frozen=True)
class Similarity:
    """BM25 with its parameters, or a score that every word that is found has alike."""

    k1: float = 1.2
    b: float = 0.75
    is_boolean: bool = False


_BUILT_IN = {"BM25": Similarity(), "boolean": Similarity(is_boolean=True)}


def similarities(defined: Mapping[str, Mapping[str, Any]]) -> dict[str, Similarity]:
    """By name, `default` among them. Raises IllegalArgument for what is not there."""
    made = {name: _made(name, options) for name, options in defined.items()}
    return {"default": Similarity(), **_BUILT_IN, **made}


def _made(name: str, options: Mapping[str, Any]) -> Similarity:
    if name in _BUILT_IN:
        raise IllegalArgument(f"Cannot redefine built-in Similarity [{name}]")
    kind = options.get("type", "BM25" if name == "default" else None)
    if kind is None:
        raise IllegalArgument(f"Similarity [{name}] must have an associated type")
    if kind not in _BUILT_IN:
        raise IllegalArgument(
            f"Unknown Similarity type [{java(kind)}] for [{name}]; it is [BM25] or [boolean], see docs/compatibility.md"
        )
    known = {"type", "k1", "b", "discount_overlaps"} if kind == "BM25" else {"type"}
    if unknown := options.keys() - known:
        raise IllegalArgument(f"Unknown settings for similarity of type [{kind}]: {java(sorted(unknown))}")
    if kind == "boolean":
        return _BUILT_IN["boolean"]
    return Similarity(_number(name, options, "k1", 1.2, None), _number(name, options, "b", 0.75, 1.0))


def _number(name: str, options: Mapping[str, Any], key: str, default: float, most: float | None) -> float:
    told = f"[index.similarity.{name}.{key}]"
    try:
        value = float(options.get(key, default))
    except (TypeError, ValueError):
        raise IllegalArgument(f"{told} must be a number, not [{java(options[key])}]") from None
    if not 0 <= value < float("inf") or (most is not None and value > most):
        raise IllegalArgument(
            f"illegal {key} value: {value}, must be " + ("between 0 and 1" if most else "finite, and not negative")
        )
    return value
