"""Models of trees that predict a number (regression) or a class (classification) from a document's fields.

https://www.elastic.co/docs/explore-analyze/machine-learning/data-frame-analytics/ml-dfa-overview
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from connote.contract import body as bodies
from connote.contract.errors import IllegalArgument, InvalidRequest, Rejected, Unparsable
from connote.models import encoding, importance
from connote.models.definition import parse
from connote.models.encoding import Encoding
from connote.models.forest import CLASSIFICATION, REGRESSION, Doubles, Forest
from connote.models.importance import Importance

JSON = Any
KINDS = (REGRESSION, CLASSIFICATION)


class Regression(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is told of a predicted number."""

    results_field: str = "predicted_value"
    num_top_feature_importance_values: int = 0


class Classification(Regression, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is told of a predicted class."""

    num_top_classes: int = 0
    top_classes_results_field: str = "top_classes"
    prediction_field_type: str = "string"


_CONFIGS: Mapping[str, type[Regression]] = {REGRESSION: Regression, CLASSIFICATION: Classification}
_FIELD_TYPES = ("string", "number", "boolean")


@dataclass(frozen=True)
class Predictor:
    """A model as it was put, with its trees; `created` is in milliseconds of the epoch."""

    id: str
    body: Mapping[str, JSON]
    created: int
    kind: str
    config: Regression
    inputs: Sequence[str]
    renamed: Mapping[str, str]
    encodings: Sequence[Encoding]
    forest: Forest
    labels: Sequence[str]
    weights: Doubles | None

    @classmethod
    def of(cls, id: str, body: Mapping[str, JSON], created: int) -> "Predictor":
        """Raises Unparsable, IllegalArgument, InvalidRequest."""
        kind, config = _config(body["inference_config"], None)
        definition = body["definition"]
        forest, labels, weights = parse(definition)
        if forest.target != kind:
            raise Rejected(
                f"Model [{id}] inference config type [{kind}] does not support definition target type [{forest.target}]"
            )
        encodings = encoding.parse(definition.get("preprocessors"))
        labels = labels or [str(number) for number in range(forest.classes)]
        inputs, renamed = _inputs(body.get("input")), _renamed(body.get("default_field_map"))
        return cls(id, body, created, kind, config, inputs, renamed, encodings, forest, labels, weights)

    def configured(self, update: Mapping[str, JSON] | None) -> Regression:
        """The configuration with what a request changes. Raises Rejected for another kind's, Unparsable."""
        if not update:
            return self.config
        name = next(iter(update))
        if name not in KINDS or name != self.kind:
            raise Rejected(
                f"Model [{self.id}] has inference config of type [{self.kind}] which is not supported by inference "
                f"request of type [{name}]"
            )
        return _config(update, self.config)[1]

    def predict(self, documents: Sequence[Mapping[str, JSON]], config: Regression) -> list[dict[str, JSON]]:
        """What `_infer` tells of each document. Without any field of the model there is only a warning."""
        given = [self._named(each) for each in documents]
        known = [at for at, each in enumerate(given) if any(field(each, name) is not None for name in self.inputs)]
        told = [{"warning": f"Model [{self.id}] could not be inferred as all fields were missing"} for _ in given]
        if known:
            rows = np.array([self._row(given[at]) for at in known], dtype=np.float64)
            for at, found in zip(known, self._told(rows, config), strict=True):
                told[at] = found
        return told

    @property
    def tags(self) -> Sequence[str]:
        """What its owner has marked it with."""
        return self.body.get("tags") or ()

    def entry(self) -> dict[str, JSON]:
        """What its entry in the answer to GET has of its own."""
        told = {"default_field_map": dict(self.renamed)} if self.renamed else {}
        return {
            "input": {"field_names": list(self.inputs)},
            "inference_config": {self.kind: msgspec.to_builtins(self.config)},
            **told,
        }

    def _named(self, document: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """The document, with fields under the names that the model has for them."""
        found = {ours: value for theirs, ours in self.renamed.items() if (value := field(document, theirs)) is not None}
        return {**document, **found}

    def _row(self, document: Mapping[str, JSON]) -> list[float]:
        """The features, in the order of the trees; NaN is what is missing."""
        made: dict[str, float] = {}
        for each in self.encodings:
            made |= each.features(made[each.field] if each.field in made else field(document, each.field))
        return [made[name] if name in made else _number(field(document, name)) for name in self.forest.names]

    def _told(self, rows: Doubles, config: Regression) -> list[dict[str, JSON]]:
        if isinstance(config, Classification):
            told, chosen = self._classes(rows, config)
        else:
            told = [{config.results_field: value} for value in self.forest.predict(rows).tolist()]
            chosen = [0] * len(rows)
        most = config.num_top_feature_importance_values
        if most:
            origins = encoding.origins(self.encodings)
            for found, each, best in zip(told, importance.of(self.forest, rows), chosen, strict=True):
                found["feature_importance"] = self._important(importance.joined(each, origins), best, most)
        return told

    def _classes(self, rows: Doubles, config: Classification) -> tuple[list[dict[str, JSON]], list[int]]:
        """What is told of each row, and the number of its class."""
        shares = self.forest.probabilities(rows)
        scores = shares if self.weights is None else shares * self.weights
        most = len(self.labels) if config.num_top_classes < 0 else config.num_top_classes
        told, chosen = list[dict[str, JSON]](), list[int]()
        for own, weighed in zip(shares.tolist(), scores.tolist(), strict=True):
            order = sorted(range(len(own)), key=lambda each: -weighed[each])
            best = order[0]
            found: dict[str, JSON] = {config.results_field: self._label(best, config)}
            if most:
                found[config.top_classes_results_field] = [
                    {
                        "class_name": self._label(each, config),
                        "class_probability": own[each],
                        "class_score": weighed[each],
                    }
                    for each in order[:most]
                ]
            told.append(found | {"prediction_probability": own[best], "prediction_score": weighed[best]})
            chosen.append(best)
        return told, chosen

    def _label(self, number: int, config: Classification) -> JSON:
        """A class as it is to be told."""
        label = self.labels[number]
        match config.prediction_field_type:
            case "boolean":
                return label == "true" if label in ("true", "false") else number == 1
            case "number":
                value = _number(label)
                value = float(number) if math.isnan(value) else value
                return int(value) if value.is_integer() else value
            case _:
                return label

    def _important(self, found: Importance, best: int, most: int) -> list[dict[str, JSON]]:
        """The features that counted most, as they are told."""
        largest = sorted(found.items(), key=lambda each: -float(np.abs(each[1]).sum()))[:most]
        if self.kind == REGRESSION:
            return [{"feature_name": name, "importance": float(values[0])} for name, values in largest]
        return [{"feature_name": name, "classes": self._class_importance(values, best)} for name, values in largest]

    def _class_importance(self, values: Doubles, best: int) -> list[dict[str, JSON]]:
        """Of two classes what speaks for one speaks against the other; the chosen one stands first."""
        own = [-float(values[0]), float(values[0])] if len(values) == 1 else values.tolist()
        order = sorted(range(len(own)), key=lambda each: (len(own) == 2 and each != best, each))
        return [{"class_name": self._label(each, self._own), "importance": own[each]} for each in order]

    @property
    def _own(self) -> Classification:
        return self.config if isinstance(self.config, Classification) else Classification()


def field(document: Mapping[str, JSON], name: str) -> JSON:
    """The value of a field, whose name may be a path: `a.b`; None if it is not there."""
    inner: JSON = document
    while isinstance(inner, Mapping) and name not in inner:
        first, dot, name = name.partition(".")
        if not dot:
            return None
        inner = inner.get(first)
    return inner[name] if isinstance(inner, Mapping) else None


def is_predictor(body: Mapping[str, JSON]) -> bool:
    """Whether the body of a PUT is one's."""
    config = body.get("inference_config")
    return isinstance(config, Mapping) and any(kind in config for kind in KINDS)


def _config(given: Mapping[str, JSON], before: Regression | None) -> tuple[str, Regression]:
    """The kind and the configuration: what is given, over what there was. Raises Unparsable, IllegalArgument."""
    kind = next(iter(given), "")
    own = given.get(kind)
    if len(given) != 1 or kind not in KINDS or not isinstance(own, Mapping):
        raise Unparsable(f"[inference_config] must be an object with one of [{', '.join(KINDS)}]")
    plain: dict[str, JSON] = {} if before is None else msgspec.to_builtins(before)
    config = bodies.read(plain | {name: each for name, each in own.items() if each is not None}, _CONFIGS[kind], kind)
    if config.num_top_feature_importance_values < 0:
        raise IllegalArgument("[num_top_feature_importance_values] must be greater than or equal to 0")
    if isinstance(config, Classification) and config.prediction_field_type not in _FIELD_TYPES:
        raise IllegalArgument(
            f"[prediction_field_type] must be one of [{', '.join(_FIELD_TYPES)}], not [{config.prediction_field_type}]"
        )
    return kind, config


def _inputs(given: JSON) -> list[str]:
    names = given.get("field_names") if isinstance(given, Mapping) else None
    if not isinstance(names, list) or not names or not all(isinstance(each, str) and each for each in names):
        raise InvalidRequest(["[input.field_names] must name the fields that the model reads"])
    return names


def _renamed(given: JSON) -> Mapping[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(each, str) for each in given.values()):
        raise IllegalArgument("[default_field_map] must map names of fields to names of fields")
    return given


def _number(value: JSON) -> float:
    """The number that a value is, or says; NaN if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return math.nan if isinstance(value, str) and "_" in value else float(value)
    except (ValueError, OverflowError):
        return math.nan
