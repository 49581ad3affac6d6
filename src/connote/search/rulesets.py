"""Sets of query rules, which searches look up."""

from collections.abc import Sequence
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.search.query.rules import MOST_RULES, Rule
from connote.search.storedrules import StoredRules


class Rulesets(StoredRules[Rule]):
    """Each in the order in which its rules apply."""

    key, id_key = "rules", "rule_id"
    no_set = "Query ruleset [{name}] not found"
    no_rule = "rule_id {id} not found in query ruleset [{name}]"
    no_name = "[{name}] cannot be the name of a query ruleset"
    is_made_of_rules = True

    def rule_of(self, raw: Any) -> Rule:  # noqa: ANN401 (JSON)
        """A rule of its body. Raises IllegalArgument, Unparsable."""
        return Rule.parse(raw)

    def ordered(self, rules: Sequence[Rule]) -> Sequence[Rule]:
        """By priority. Raises IllegalArgument for none, for too many and for two of one id."""
        if not 0 < len(rules) <= MOST_RULES:
            raise IllegalArgument(f"a query ruleset must have 1 to {MOST_RULES} rules, not {len(rules)}")
        if twice := [rule.id for at, rule in enumerate(rules) if rule.id in {other.id for other in rules[:at]}]:
            raise IllegalArgument(f"rule_id [{twice[0]}] is there twice: each must be another")
        return sorted(rules, key=lambda rule: float("inf") if rule.priority is None else rule.priority)
