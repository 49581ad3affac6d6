"""Query rules: which documents a search pins or excludes when what it says of itself meets some criteria.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/searching-with-query-rules
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument, Unparsable
from connote.contract.settings import java
from connote.search.query.edits import distance

# Documents of one rule, and rules of one ruleset, as Elasticsearch limits them by default.
MOST_DOCUMENTS, MOST_RULES = 100, 100
KINDS = ("pinned", "exclude")
# How alike two texts must be, of 1, to be `fuzzy` the same.
_ALIKE = 0.5
Doc = Mapping[str, str]


@dataclass(frozen=True)
class Criterion:
    """Met if what the search says of `metadata` stands in that relation to one of the values."""

    kind: str
    metadata: str | None = None
    values: Sequence[Any] = ()

    def met(self, said: Mapping[str, Any]) -> bool:
        """Whether it is. Raises IllegalArgument where numbers are compared and there is none."""
        if self.kind in _ALWAYS:
            return True
        if self.metadata is None or self.metadata not in said:
            return False
        given = said[self.metadata]
        return any(MATCHES[self.kind](one, each) for one in _listed(given) for each in self.values)

    def wire(self) -> dict[str, Any]:
        """As GET shows it."""
        shown = {"type": self.kind, "metadata": self.metadata, "values": self.values or None}
        return {name: value for name, value in shown.items() if value is not None}


@dataclass(frozen=True)
class Rule:
    """All criteria must be met. Rules of less `priority` come first."""

    id: str
    kind: str
    criteria: Sequence[Criterion]
    docs: Sequence[Doc]
    actions: Mapping[str, Any]
    priority: int | None = None

    @classmethod
    def parse(cls, given: Any) -> "Rule":  # noqa: ANN401 (JSON)
        """`{"rule_id", "type": "pinned", "criteria": […], "actions": {"ids": […]}}`.

        Raises Unparsable, IllegalArgument.
        """
        if not isinstance(given, Mapping):
            raise Unparsable(f"[query_rule] must be an object, not [{java(given)[:100]}]")
        if unknown := given.keys() - {"rule_id", "type", "criteria", "actions", "priority"}:
            raise Unparsable(f"[query_rule] unknown field [{min(unknown)}]")
        id, kind, priority = given.get("rule_id"), given.get("type"), given.get("priority")
        if not isinstance(id, str) or not id.strip():
            raise IllegalArgument("rule_id cannot be null or blank")
        if kind not in KINDS:
            raise IllegalArgument(f"Invalid QueryRuleType [{java(kind)[:100]}]; it is one of {list(KINDS)}")
        if priority is not None and (type(priority) is not int or not 0 <= priority <= 1_000_000):
            raise IllegalArgument("Priority was not in the range [0, 1000000]")
        criteria, actions = given.get("criteria"), given.get("actions") or {}
        listed = criteria if isinstance(criteria, list) else [criteria]
        if criteria is None or not listed:
            raise IllegalArgument("criteria cannot be null or empty")
        return cls(id, kind, [_criterion(each) for each in listed], _docs(actions), dict(actions), priority)

    def met(self, said: Mapping[str, Any]) -> bool:
        """Whether it applies."""
        return all(each.met(said) for each in self.criteria)

    def wire(self) -> dict[str, Any]:
        """As GET shows it."""
        shown = {"rule_id": self.id, "type": self.kind, "criteria": [each.wire() for each in self.criteria]}
        last = {} if self.priority is None else {"priority": self.priority}
        return {**shown, "actions": self.actions, **last}


def _criterion(given: Any) -> Criterion:  # noqa: ANN401
    if not isinstance(given, Mapping):
        raise Unparsable(f"[query_rule_criteria] must be an object, not [{java(given)[:100]}]")
    if unknown := given.keys() - {"type", "metadata", "values"}:
        raise Unparsable(f"[query_rule_criteria] unknown field [{min(unknown)}]")
    kind, metadata, values = given.get("type"), given.get("metadata"), given.get("values")
    if kind in _ALWAYS:
        if metadata is not None or values is not None:
            raise IllegalArgument(f"criteria of type [{kind}] take neither [metadata] nor [values]")
        return Criterion(str(kind))
    if kind not in MATCHES:
        raise IllegalArgument(f"Invalid QueryRuleCriteriaType [{java(kind)[:100]}]")
    if not isinstance(metadata, str) or not metadata.strip():
        raise IllegalArgument("metadata cannot be blank")
    if not isinstance(values, list) or not values or any(isinstance(each, list | dict | None) for each in values):
        raise IllegalArgument("values cannot be null or empty, and must be texts or numbers")
    if kind in _NUMERIC:
        for each in values:
            _number(each)
    return Criterion(str(kind), metadata, values)


def _docs(actions: Any) -> list[Doc]:  # noqa: ANN401
    if not isinstance(actions, Mapping) or _unknown(actions, ("ids", "docs")):
        raise IllegalArgument("actions must be an object with [ids] or [docs]")
    ids, docs = actions.get("ids"), actions.get("docs")
    if (ids is None) == (docs is None):
        raise IllegalArgument("actions must have either [ids] or [docs]")
    made = [{"_id": each} for each in ids] if isinstance(ids, list) else docs
    if not isinstance(made, list) or not made or not all(is_doc(each) for each in made):
        raise IllegalArgument("[ids] must be texts, and [docs] objects with [_id] and, if not for all, [_index]")
    if len(made) > MOST_DOCUMENTS:
        raise IllegalArgument(f"a rule may name {MOST_DOCUMENTS} documents, not {len(made)}")
    return made


def is_doc(given: Any) -> bool:  # noqa: ANN401
    """Whether it names a document."""
    return isinstance(given, Mapping) and isinstance(given.get("_id"), str) and not _unknown(given, ("_id", "_index"))


def _unknown(given: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    return [name for name in given if name not in known]


def _listed(given: Any) -> list[Any]:  # noqa: ANN401
    return given if isinstance(given, list) else [given]


def _number(value: Any) -> float:  # noqa: ANN401
    try:
        return float("" if isinstance(value, bool) else value)
    except (TypeError, ValueError, OverflowError):
        raise IllegalArgument(f"Input [{java(value)[:100]}] is not a number: criteria compare it as one") from None


def _same(given: Any, value: Any) -> bool:  # noqa: ANN401
    if isinstance(given, str) or isinstance(value, str):
        return str(given) == str(value)
    return bool(given == value)


def _alike(given: Any, value: Any) -> bool:  # noqa: ANN401
    one, other = str(given), str(value)
    longest = max(len(one), len(other))
    return not longest or 1 - distance(one, other, longest, swapping=False) / longest > _ALIKE


_ALWAYS = ("always", "global")
_NUMERIC: Mapping[str, Callable[[Any, Any], bool]] = {
    "lt": lambda given, value: _number(given) < _number(value),
    "lte": lambda given, value: _number(given) <= _number(value),
    "gt": lambda given, value: _number(given) > _number(value),
    "gte": lambda given, value: _number(given) >= _number(value),
}
MATCHES: Mapping[str, Callable[[Any, Any], bool]] = {
    "exact": _same,
    "exact_fuzzy": _alike,
    "fuzzy": _alike,
    "prefix": lambda given, value: str(given).startswith(str(value)),
    "suffix": lambda given, value: str(given).endswith(str(value)),
    "contains": lambda given, value: str(value) in str(given),
    **_NUMERIC,
}
