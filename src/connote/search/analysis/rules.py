"""Synonym rules: Solr's format and WordNet's, and the sets that the `_synonyms` API keeps.

Solr: https://solr.apache.org/guide/solr/latest/indexing-guide/filters.html#synonym-graph-filter,
WordNet: https://wordnet.princeton.edu/documentation/prologdb5wn (the `s` operator).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java

MAX_RULES = 100_000
MAX_RULE_LENGTH = 100_000  # characters

_ARROW = re.compile(r"(?<!\\)=>")
_COMMA = re.compile(r"(?:\\.|[^\\,])+|(?<=,)(?=,|$)|^(?=,)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_WORDNET = re.compile(r"s\((\d+),\d+,'((?:[^']|'')*)',")


class BadRule(ValueError):
    """A rule that says nothing, or two things."""


@dataclass(frozen=True)
class Rule:
    """`inputs` mean the same as `outputs`; without outputs they all mean the same."""

    inputs: Sequence[str]
    outputs: Sequence[str] | None = None

    def pairs(self, *, expand: bool) -> list[tuple[str, str, bool]]:
        """Input, output, and whether the input stays, too. Unless they `expand`, inputs become the first."""
        if self.outputs is not None:
            return [(given, made, False) for given in self.inputs for made in self.outputs]
        if not expand:
            return [(given, self.inputs[0], False) for given in self.inputs]
        return [(a, b, True) for i, a in enumerate(self.inputs) for k, b in enumerate(self.inputs) if i != k]


def solr(line: str) -> Rule | None:
    """The rule in a line; None if it is empty or a comment. Raises BadRule."""
    if not line.strip() or line.startswith("#"):
        return None
    sides = _ARROW.split(line)
    if len(sides) > 2:
        raise BadRule(f"More than one explicit mapping specified in the same synonyms rule: [{line}]")
    terms = [[_ESCAPED.sub(r"\1", term).strip() for term in _split(side)] for side in sides]
    if not all(side and all(side) for side in terms):
        raise BadRule(f"Incorrect syntax for [synonyms]: [{line}]: a term is empty")
    return Rule(*terms)


def wordnet(lines: Iterable[str]) -> list[Rule]:
    """The rules in lines of WordNet's Prolog; words of one number mean the same. Raises BadRule."""
    groups: dict[str, list[str]] = {}
    for line in lines:
        if not line.strip():
            continue
        found = _WORDNET.match(line)
        if not found:
            raise BadRule(f"Invalid synonym rule: [{line}]")
        groups.setdefault(found[1], []).append(found[2].replace("''", "'"))
    return [Rule(words) for words in groups.values()]


def _split(side: str) -> list[str]:
    return _COMMA.findall(side)


@dataclass(frozen=True)
class SynonymRule:
    """A rule of a set, with its id."""

    id: str
    synonyms: str

    def wire(self) -> dict[str, str]:
        """The rule as the API shows it."""
        return {"id": self.id, "synonyms": self.synonyms}


class SynonymsSet:
    """Rules by id, in the order of their ids, as the `_synonyms` API lists them."""

    def __init__(self, rules: Iterable[SynonymRule]) -> None:
        by_id: dict[str, SynonymRule] = {}
        for rule in rules:
            if rule.id in by_id:
                raise IllegalArgument(f"Synonym rule id [{rule.id}] is there twice; ids must be unique in a set")
            by_id[rule.id] = rule
        if len(by_id) > MAX_RULES:
            raise IllegalArgument(f"The number of synonym rules in a synonyms set cannot exceed [{MAX_RULES}]")
        self.rules = [by_id[id_] for id_ in sorted(by_id)]

    @staticmethod
    def parse_rule(raw: object, new_id: Callable[[], str]) -> SynonymRule:
        """One rule: `{"id": …, "synonyms": "a, b => c"}`; `new_id` names one without. Raises IllegalArgument."""
        if not isinstance(raw, Mapping):
            raise IllegalArgument(f"[synonyms_set] holds [{java(raw)}]; a rule is an object with [synonyms]")
        unknown = [key for key in raw if key not in ("id", "synonyms")]
        if unknown:
            raise IllegalArgument(f"[synonym_rule] unknown field [{unknown[0]}]")
        id_, synonyms = raw.get("id"), raw.get("synonyms")
        if id_ is not None and (not isinstance(id_, str) or not id_):
            raise IllegalArgument(f"[synonym_rule] [id] must be a non-empty string, not [{java(id_)}]")
        if not isinstance(synonyms, str):
            raise IllegalArgument("[synonym_rule] requires [synonyms], a string such as [i-pod, i pod => ipod]")
        check(synonyms)
        return SynonymRule(id_ or new_id(), synonyms)


def check(synonyms: str) -> None:
    """Raise IllegalArgument if that is no rule of a set."""
    if len(synonyms) > MAX_RULE_LENGTH:
        raise IllegalArgument(f"[synonyms] has {len(synonyms)} characters; at most {MAX_RULE_LENGTH} are allowed")
    if not synonyms.strip():
        raise IllegalArgument("[synonyms] field can't be empty")
    try:
        solr(synonyms)
    except BadRule as error:
        raise IllegalArgument(str(error)) from None
