"""The definition of a model of trees, as eland exports it of XGBoost, LightGBM and scikit-learn, read and checked.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-ml-put-trained-model
"""

import base64
import gzip
import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.models.forest import CLASSIFICATION, JOINED, REGRESSION, Doubles, Forest, Nodes

# Nodes of all trees together, numbers in their leaves, and bytes of a definition that came compressed.
_MOST_NODES, _MOST_VALUES, _MOST_BYTES = 2_000_000, 10_000_000, 256 * 2**20
_DECISIONS = ("lt", "lte", "gt", "gte")
_TARGETS = (REGRESSION, CLASSIFICATION)
_MOST_CLASSES = 10_000
JSON = Any


def unpacked(given: JSON) -> JSON:
    """What base64 of gzip holds, a `compressed_definition`. Raises IllegalArgument."""
    try:
        packed = base64.b64decode(str(given), validate=True)
        unpacking = zlib.decompressobj(wbits=31)
        content = unpacking.decompress(packed, _MOST_BYTES)
        if unpacking.unconsumed_tail:
            raise IllegalArgument(f"[compressed_definition] is more than [{_MOST_BYTES}] bytes")
        return orjson.loads(content)
    except (ValueError, zlib.error) as error:
        raise IllegalArgument(f"[compressed_definition] is not base64 of gzip of JSON: {error}") from None


def packed(definition: JSON) -> str:
    """A `compressed_definition`, which `unpacked` reads."""
    return base64.b64encode(gzip.compress(orjson.dumps(definition))).decode()


def parse(definition: JSON) -> tuple[Forest, Sequence[str] | None, Doubles | None]:
    """The forest of a `definition`, and the labels and weights of its classes if it says them.

    Raises IllegalArgument for what is none.
    """
    trained = object_of(object_of(definition, "definition").get("trained_model"), "trained_model")
    if len(trained) != 1 or not trained.keys() <= {"tree", "ensemble"}:
        raise IllegalArgument(
            f"[trained_model] must have one key, [tree] or [ensemble], not {java(list(trained))[:100]}"
        )
    ((kind, own),) = trained.items()
    body = object_of(own, kind)
    names = texts_of(body.get("feature_names"), "feature_names")
    inner = [body] if kind == "tree" else _inner(body)
    nodes, roots = _nodes(inner, names)
    joined, weights, told = (None, np.ones(1), None) if kind == "tree" else _output(body, len(inner))
    labels, boosts = _labels(body)
    target = body.get("target_type", REGRESSION)
    if target not in _TARGETS:
        raise IllegalArgument(f"[target_type] must be one of [{', '.join(_TARGETS)}], not [{java(target)[:100]}]")
    if joined is not None and target not in JOINED[joined]:
        raise IllegalArgument(f"aggregate_output [{joined}] is not compatible with target_type [{target}]")
    if (labels is not None or boosts is not None) and target != CLASSIFICATION:
        raise IllegalArgument(
            "[target_type] should be [classification] if [classification_labels] or [classification_weights] are "
            "provided"
        )
    classes = 0
    if target == CLASSIFICATION:
        classes = _classes(nodes, joined, told, labels)
        _check_counts(classes, labels, boosts)
    elif nodes.values.shape[1] > 1:
        raise IllegalArgument("[leaf_value] of a regression must be one number")
    return Forest(names, nodes, roots, weights, joined, classes), labels, boosts


def _inner(body: Mapping[str, JSON]) -> list[Mapping[str, JSON]]:
    inner = body.get("trained_models")
    if not isinstance(inner, list) or not inner:
        raise IllegalArgument("[trained_models] must be an array of trees")
    return [object_of(object_of(each, "trained_models").get("tree"), "tree") for each in inner]


def _output(body: Mapping[str, JSON], count: int) -> tuple[str, Doubles, int | None]:
    """How trees are joined, their weights, and how many classes that says."""
    given = object_of(body.get("aggregate_output") or {"weighted_sum": {}}, "aggregate_output")
    name = next(iter(given), "")
    if len(given) != 1 or name not in JOINED:
        raise IllegalArgument(f"[aggregate_output] must be one of [{', '.join(JOINED)}]")
    own = object_of(given[name], name)
    weights, told = own.get("weights"), None
    if name == "weighted_mode":
        told = whole_of(own, "num_classes")
        if not 1 < told <= _MOST_CLASSES:
            raise IllegalArgument(f"[num_classes] must be greater than 1, and at most {_MOST_CLASSES}")
    if weights is None:
        return name, np.ones(count), told
    if not isinstance(weights, list) or len(weights) != count:
        raise IllegalArgument(f"[weights] must be an array of [{count}] numbers, one a tree")
    return name, np.array([number_of(each, "weights") for each in weights]), told


def _labels(body: Mapping[str, JSON]) -> tuple[Sequence[str] | None, Doubles | None]:
    labels, weights = body.get("classification_labels"), body.get("classification_weights")
    named = None if labels is None else texts_of(labels, "classification_labels")
    if weights is None:
        return named, None
    if not isinstance(weights, list) or not weights:
        raise IllegalArgument("[classification_weights] must be an array of numbers, one a class")
    return named, np.array([number_of(each, "classification_weights") for each in weights])


def _classes(nodes: Nodes, joined: str | None, told: int | None, labels: Sequence[str] | None) -> int:
    """How many there are. Raises IllegalArgument for leaves that are the number of no class."""
    if nodes.values.shape[1] > 1:
        return int(nodes.values.shape[1])
    if joined == "logistic_regression":
        return 2
    leaves = nodes.values[nodes.left < 0, 0]
    if (leaves < 0).any() or (leaves != np.rint(leaves)).any():
        raise IllegalArgument("values must be whole, non-infinite, and positive")
    most = told or (len(labels) if labels else int(leaves.max()) + 1)
    if leaves.max() >= most or most > _MOST_CLASSES:
        raise IllegalArgument(f"values contain entries larger than expected max of [{min(most, _MOST_CLASSES) - 1}]")
    return most


def _check_counts(classes: int, labels: Sequence[str] | None, weights: Doubles | None) -> None:
    for name, given in (("classification_labels", labels), ("classification_weights", weights)):
        if given is not None and len(given) != classes:
            raise IllegalArgument(f"[{name}] must have [{classes}] entries, one a class, not [{len(given)}]")


def _nodes(trees: Sequence[Mapping[str, JSON]], names: Sequence[str]) -> tuple[Nodes, Any]:
    """The nodes of all trees, and the numbers of the roots."""
    found, roots = list[tuple[Mapping[str, JSON], int]](), list[int]()
    for tree in trees:
        start = len(found)
        roots.append(start)
        found += [(each, start) for each in _ordered(tree)]
        if len(found) > _MOST_NODES:
            raise IllegalArgument(f"the trees have more than [{_MOST_NODES}] nodes")
    splits = [each.get("left_child") is not None for each, _ in found]
    return Nodes(
        np.array([_feature(each, names) if split else 0 for (each, _), split in zip(found, splits, strict=True)]),
        np.array(
            [
                number_of(each.get("threshold"), "threshold") if split else 0.0
                for (each, _), split in zip(found, splits, strict=True)
            ]
        ),
        np.array([each["left_child"] + at if split else -1 for (each, at), split in zip(found, splits, strict=True)]),
        np.array([each["right_child"] + at if split else -1 for (each, at), split in zip(found, splits, strict=True)]),
        np.array([each.get("decision_type") in (None, "lte", "gt") for each, _ in found]),
        np.array([each.get("decision_type") in ("gt", "gte") for each, _ in found]),
        np.array([each.get("default_left") is True for each, _ in found]),
        _values([None if split else each for (each, _), split in zip(found, splits, strict=True)]),
        np.array([_samples(each) for each, _ in found]),
    ), np.array(roots)


def _ordered(tree: Mapping[str, JSON]) -> list[Mapping[str, JSON]]:
    """The nodes of a tree by their numbers. Raises IllegalArgument for what is no tree."""
    given = tree.get("tree_structure")
    if not isinstance(given, list) or not given:
        raise IllegalArgument("[tree_structure] must be an array of nodes")
    nodes = sorted((object_of(each, "tree_structure") for each in given), key=lambda each: whole_of(each, "node_index"))
    if [each["node_index"] for each in nodes] != list(range(len(nodes))):
        raise IllegalArgument("the nodes of a tree must have the numbers from [0] on")
    for at, node in enumerate(nodes):
        if node.get("decision_type") not in (None, *_DECISIONS):
            raise IllegalArgument(f"[decision_type] must be one of [{', '.join(_DECISIONS)}]")
        if node.get("left_child") is None:
            if node.get("leaf_value") is None:
                raise IllegalArgument("[leaf_value] is required for a leaf node.")
            continue
        left, right = whole_of(node, "left_child"), whole_of(node, "right_child")
        # They stand behind it, so no way goes round.
        if not at < min(left, right) or not max(left, right) < len(nodes):
            raise IllegalArgument(f"the children of node [{at}] must be nodes behind it")
    return nodes


def _values(leaves: Sequence[Mapping[str, JSON] | None]) -> Doubles:
    """float64 [nodes, outputs]: what leaves say; nodes that split say nothing."""
    given = [None if leaf is None else _leaf(leaf["leaf_value"]) for leaf in leaves]
    widths = {len(each) for each in given if each is not None}
    if len(widths) > 1:
        raise IllegalArgument("value entries must have the same dimensions")
    (width,) = widths
    if width * len(given) > _MOST_VALUES:
        raise IllegalArgument(f"the leaves of the trees hold more than [{_MOST_VALUES}] numbers")
    nothing = [0.0] * width
    return np.array([nothing if each is None else each for each in given], dtype=np.float64)


def _leaf(given: JSON) -> list[float]:
    values = given if isinstance(given, list) and given else [given]
    return [number_of(each, "leaf_value") for each in values]


def _feature(node: Mapping[str, JSON], names: Sequence[str]) -> int:
    feature = whole_of(node, "split_feature")
    if not 0 <= feature < len(names):
        raise IllegalArgument(f"[split_feature] [{feature}] is the number of no feature")
    return feature


def _samples(node: Mapping[str, JSON]) -> int:
    count = 0 if node.get("number_samples") is None else whole_of(node, "number_samples")
    if not 0 <= count < 2**63:
        raise IllegalArgument("[number_samples] must be greater than or equal to 0")
    return count


def texts_of(given: JSON, name: str) -> list[str]:
    """Texts, at least one. Raises IllegalArgument."""
    if not isinstance(given, list) or not given or not all(isinstance(each, str) for each in given):
        raise IllegalArgument(f"[{name}] must be an array of texts")
    return given


def object_of(given: JSON, name: str) -> Mapping[str, JSON]:
    """A JSON object. Raises IllegalArgument."""
    if not isinstance(given, Mapping):
        raise IllegalArgument(f"[{name}] must be an object, not [{java(given)[:100]}]")
    return given


def whole_of(given: Mapping[str, JSON], name: str) -> int:
    """A whole number in an object. Raises IllegalArgument."""
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise IllegalArgument(f"[{name}] must be a whole number, not [{java(value)[:100]}]")
    return value


def number_of(value: JSON, name: str) -> float:
    """A finite number. Raises IllegalArgument."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise IllegalArgument(f"[{name}] must be a number, not [{java(value)[:100]}]")
    return float(value)
