"""Sets of query rules: kept by name, and looked up by searches."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from connote.contract.errors import IllegalArgument, NotFound, Unparsable
from connote.search.query.rules import MOST_RULES, Rule
from connote.store.bodies import BodyStore


class Rulesets:
    """All sets, in memory and in the store; each in the order in which its rules apply."""

    def __init__(self, store: BodyStore) -> None:
        self._store = store
        self._sets = {name: [Rule.parse(each) for each in body["rules"]] for name, body in store.all().items()}
        self._writing = asyncio.Lock()

    @property
    def all(self) -> Mapping[str, Sequence[Rule]]:
        """Every set, by name."""
        return dict(sorted(self._sets.items()))

    def get(self, name: str) -> Sequence[Rule]:
        """The rules of a set. Raises NotFound."""
        if name not in self._sets:
            raise NotFound(f"Query ruleset [{name}] not found")
        return self._sets[name]

    def rule(self, name: str, id: str) -> Rule:
        """A rule of a set. Raises NotFound."""
        for rule in self.get(name):
            if rule.id == id:
                return rule
        raise NotFound(f"rule_id {id} not found in query ruleset [{name}]")

    async def put(self, name: str, body: Mapping[str, Any]) -> bool:
        """Keep the set in `{"rules": […]}`; whether it is new. Raises IllegalArgument, Unparsable."""
        given = body.get("rules")
        if len(body) != 1 or given is None:
            raise Unparsable("[query_ruleset] must be an object with [rules], and nothing beside it")
        rules = [Rule.parse(each) for each in (given if isinstance(given, list) else [given])]
        if twice := [rule.id for at, rule in enumerate(rules) if rule.id in {other.id for other in rules[:at]}]:
            raise IllegalArgument(f"rule_id [{twice[0]}] is there twice: each must be another")
        async with self._writing:
            is_new = name not in self._sets
            await self._keep(name, rules)
        return is_new

    async def put_rule(self, name: str, id: str, body: Mapping[str, Any]) -> bool:
        """Keep a rule, in a set that is made if it is not there; whether it is new. Raises IllegalArgument."""
        if body.get("rule_id", id) != id:
            raise IllegalArgument(f"rule_id is [{body['rule_id']}] in the body and [{id}] in the path")
        made = Rule.parse({**body, "rule_id": id})
        async with self._writing:
            rules = [*self._sets.get(name, ())]
            places = [at for at, rule in enumerate(rules) if rule.id == id]
            for at in places:
                rules[at] = made
            await self._keep(name, rules if places else [*rules, made])
        return not places

    async def remove(self, name: str) -> None:
        """Delete a set. Raises NotFound."""
        async with self._writing:
            self.get(name)
            await asyncio.to_thread(self._store.remove, [name])
            del self._sets[name]

    async def remove_rule(self, name: str, id: str) -> None:
        """Delete a rule, and the set if that was its last. Raises NotFound."""
        gone = self.rule(name, id)
        left = [rule for rule in self.get(name) if rule is not gone]
        if not left:
            await self.remove(name)
            return
        async with self._writing:
            await self._keep(name, left)

    async def _keep(self, name: str, rules: Sequence[Rule]) -> None:
        if len(name) > 255 or not name.strip():
            raise IllegalArgument(f"[{name[:255]}] cannot be the name of a query ruleset")
        if not 0 < len(rules) <= MOST_RULES:
            raise IllegalArgument(f"a query ruleset must have 1 to {MOST_RULES} rules, not {len(rules)}")
        ordered = sorted(rules, key=lambda rule: float("inf") if rule.priority is None else rule.priority)
        await asyncio.to_thread(self._store.put, name, {"rules": [rule.wire() for rule in ordered]})
        self._sets[name] = ordered
