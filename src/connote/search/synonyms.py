"""Sets of synonyms: kept by name, and read by the analyzers of indices that use them."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

from connote.contract.errors import IllegalArgument, NotFound, Unparsable
from connote.search.analysis.rules import SynonymRule, SynonymsSet
from connote.store.bodies import BodyStore

_MOST_NAME = 255


class Synonyms:
    """All sets, in memory and in the store."""

    def __init__(self, store: BodyStore) -> None:
        self._store = store
        self._sets = {name: _read(body["synonyms_set"]) for name, body in store.all().items()}
        self._writing = asyncio.Lock()

    @property
    def all(self) -> Mapping[str, SynonymsSet]:
        """Every set, by name."""
        return dict(sorted(self._sets.items()))

    def find(self, name: str) -> SynonymsSet | None:
        """The set of that name, for analyzers."""
        return self._sets.get(name)

    def get(self, name: str) -> SynonymsSet:
        """The set of that name. Raises NotFound."""
        if name not in self._sets:
            raise NotFound(f"synonyms set [{name}] not found")
        return self._sets[name]

    def rule(self, name: str, id: str) -> SynonymRule:
        """A rule of a set. Raises NotFound."""
        for rule in self.get(name).rules:
            if rule.id == id:
                return rule
        raise NotFound(f"synonym rule [{id}] not found on synonyms set [{name}]")

    async def put(self, name: str, body: Mapping[str, Any]) -> bool:
        """Keep the set in `{"synonyms_set": …}`; whether it is new. Raises IllegalArgument, Unparsable."""
        if not name.strip() or len(name) > _MOST_NAME or "*" in name or "," in name:
            raise IllegalArgument(f"[{name[:_MOST_NAME]}] cannot be the name of a synonyms set")
        if "synonyms_set" not in body or len(body) > 1:
            raise Unparsable("[synonyms_set] is required, and nothing beside it")
        made = _read(body["synonyms_set"])
        async with self._writing:
            is_new = name not in self._sets
            await self._keep(name, made)
        return is_new

    async def put_rule(self, name: str, id: str, body: Mapping[str, Any]) -> bool:
        """Keep a rule of a set; whether it is new. Raises NotFound, IllegalArgument."""
        if body.get("id", id) != id:
            raise IllegalArgument(f"[id] of the rule is [{body['id']}] in the body and [{id}] in the path")
        made = SynonymsSet.parse_rule({**body, "id": id}, _new_id)
        async with self._writing:
            before = self.get(name).rules
            await self._keep(name, SynonymsSet([*(rule for rule in before if rule.id != id), made]))
        return all(rule.id != id for rule in before)

    async def remove(self, name: str) -> None:
        """Delete a set. Raises NotFound."""
        async with self._writing:
            self.get(name)
            await asyncio.to_thread(self._store.remove, [name])
            del self._sets[name]

    async def remove_rule(self, name: str, id: str) -> None:
        """Delete a rule of a set. Raises NotFound."""
        async with self._writing:
            self.rule(name, id)
            await self._keep(name, SynonymsSet(rule for rule in self.get(name).rules if rule.id != id))

    async def _keep(self, name: str, made: SynonymsSet) -> None:
        await asyncio.to_thread(self._store.put, name, {"synonyms_set": [rule.wire() for rule in made.rules]})
        self._sets[name] = made


def _read(raw: Any) -> SynonymsSet:  # noqa: ANN401 (JSON)
    return SynonymsSet.parse(raw, _new_id)


def _new_id() -> str:
    return secrets.token_urlsafe(15)
