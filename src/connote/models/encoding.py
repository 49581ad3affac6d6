"""Preprocessors of a model of trees: they make numbers of a document's words.

https://www.elastic.co/docs/explore-analyze/machine-learning/data-frame-analytics/ml-feature-encoding
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.models.definition import number_of, object_of

JSON = Any
_MOST = 1_000


@dataclass(frozen=True)
class Encoding:
    """What a field's value becomes: a number for each feature, by `numbers`, or for another value `default`.

    Features that are made by a `custom` one are told apart; others count for the field they come from.
    """

    field: str
    numbers: Mapping[str, Mapping[str, float]]
    default: float
    is_custom: bool = False

    def features(self, value: JSON) -> dict[str, float]:
        """By their names; nothing without a value."""
        if value is None:
            return {}
        return {name: own.get(java(value), self.default) for name, own in self.numbers.items()}


def parse(given: JSON) -> list[Encoding]:
    """The `preprocessors` of a definition, in order. Raises IllegalArgument."""
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > _MOST:
        raise IllegalArgument(f"[preprocessors] must be an array of at most {_MOST}")
    return [_encoding(object_of(each, "preprocessors")) for each in given]


def _encoding(given: Mapping[str, JSON]) -> Encoding:
    name = next(iter(given), "")
    if len(given) != 1 or name not in _KINDS:
        raise IllegalArgument(f"a preprocessor must be one of [{', '.join(_KINDS)}], not [{name[:100]}]")
    own = object_of(given[name], name)
    field, custom = own.get("field"), own.get("custom", False)
    if not isinstance(field, str) or not field:
        raise IllegalArgument(f"[{name}] needs [field], the name of a field")
    if not isinstance(custom, bool):
        raise IllegalArgument(f"[custom] of [{name}] must be true or false")
    numbers, default = _KINDS[name](own)
    return Encoding(field, numbers, default, custom)


Numbers = tuple[Mapping[str, Mapping[str, float]], float]


def _one_hot(own: Mapping[str, JSON]) -> Numbers:
    """A feature for each value: 1 if it is that."""
    found: dict[str, dict[str, float]] = {}
    for value, feature in object_of(own.get("hot_map"), "hot_map").items():
        if not isinstance(feature, str) or not feature:
            raise IllegalArgument("[hot_map] must map values to names of features")
        found.setdefault(feature, {})[value] = 1.0
    return found, 0.0


def _mean(own: Mapping[str, JSON]) -> Numbers:
    """What the target was on average where a field had that value."""
    return _one(own, "target_map"), number_of(own.get("default_value"), "default_value")


def _frequency(own: Mapping[str, JSON]) -> Numbers:
    """How often a field has that value."""
    return _one(own, "frequency_map"), 0.0


def _one(own: Mapping[str, JSON], name: str) -> dict[str, dict[str, float]]:
    feature = own.get("feature_name")
    if not isinstance(feature, str) or not feature:
        raise IllegalArgument("[feature_name] must be the name of a feature")
    return {feature: {value: number_of(each, name) for value, each in object_of(own.get(name), name).items()}}


_KINDS: Mapping[str, Callable[[Mapping[str, JSON]], Numbers]] = {
    "one_hot_encoding": _one_hot,
    "target_mean_encoding": _mean,
    "frequency_encoding": _frequency,
}


def origins(encodings: Sequence[Encoding]) -> dict[str, str]:
    """Which field a feature comes from."""
    return {name: each.field for each in encodings if not each.is_custom for name in each.numbers}
