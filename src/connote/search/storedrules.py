"""Sets of rules: kept by name, and changed as a whole or rule by rule."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from connote.contract.errors import IllegalArgument, NotFound, Unparsable
from connote.store.bodies import BodyStore

_MOST_NAME = 255


class _Rule(Protocol):
    @property
    def id(self) -> str: ...

    def wire(self) -> Mapping[str, Any]: ...


R = TypeVar("R", bound=_Rule)


class StoredRules(Generic[R]):
    """All sets of one kind, in memory and in the store. What is told of them has the `name` of a set, `id` of a rule.

    A set stands in a body as `{key: [rules]}`, and the id of a rule as its `id_key`.
    """

    key: ClassVar[str]
    id_key: ClassVar[str]
    no_set: ClassVar[str]
    no_rule: ClassVar[str]
    no_name: ClassVar[str]
    forbidden: ClassVar[str] = ""  # characters of names
    is_made_of_rules: ClassVar[bool] = False  # it comes with its first rule, and goes with its last

    def __init__(self, store: BodyStore) -> None:
        self._store = store
        self._sets = {name: self._parse(body) for name, body in store.all().items()}
        self._writing = asyncio.Lock()

    def rule_of(self, raw: Any) -> R:  # noqa: ANN401 (JSON)
        """A rule of its body. Raises IllegalArgument, Unparsable."""
        raise NotImplementedError

    def ordered(self, rules: Sequence[R]) -> Sequence[R]:
        """The rules of a set in their order. Raises IllegalArgument if they cannot be in one together."""
        raise NotImplementedError

    @property
    def all(self) -> Mapping[str, Sequence[R]]:
        """Every set, by name."""
        return dict(sorted(self._sets.items()))

    def get(self, name: str) -> Sequence[R]:
        """The rules of a set. Raises NotFound."""
        if name not in self._sets:
            raise NotFound(self.no_set.format(name=name))
        return self._sets[name]

    def rule(self, name: str, id: str) -> R:
        """A rule of a set. Raises NotFound."""
        for rule in self.get(name):
            if rule.id == id:
                return rule
        raise NotFound(self.no_rule.format(name=name, id=id))

    async def put(self, name: str, body: Mapping[str, Any]) -> bool:
        """Keep a set; whether it is new. Raises IllegalArgument, Unparsable."""
        if body.keys() != {self.key}:
            raise Unparsable(f"the body must be an object with [{self.key}], and nothing beside it")
        made = self._parse(body)
        async with self._writing:
            is_new = name not in self._sets
            await self._keep(name, made)
        return is_new

    async def put_rule(self, name: str, id: str, body: Mapping[str, Any]) -> bool:
        """Keep a rule of a set; whether it is new. Raises NotFound, IllegalArgument, Unparsable."""
        if body.get(self.id_key, id) != id:
            raise IllegalArgument(f"[{self.id_key}] is [{body[self.id_key]}] in the body and [{id}] in the path")
        made = self.rule_of({**body, self.id_key: id})
        async with self._writing:
            before = self._sets.get(name, ()) if self.is_made_of_rules else self.get(name)
            by_id = {rule.id: rule for rule in before}
            await self._keep(name, self.ordered(list({**by_id, id: made}.values())))
        return id not in by_id

    async def remove(self, name: str) -> None:
        """Delete a set. Raises NotFound."""
        async with self._writing:
            self.get(name)
            await self._forget(name)

    async def remove_rule(self, name: str, id: str) -> None:
        """Delete a rule of a set. Raises NotFound."""
        async with self._writing:
            gone = self.rule(name, id)
            left = [rule for rule in self.get(name) if rule is not gone]
            await (self._keep(name, left) if left or not self.is_made_of_rules else self._forget(name))

    def _parse(self, body: Mapping[str, Any]) -> Sequence[R]:
        given = body[self.key]
        return self.ordered([self.rule_of(each) for each in (given if isinstance(given, list) else [given])])

    async def _keep(self, name: str, rules: Sequence[R]) -> None:
        if not name.strip() or len(name) > _MOST_NAME or set(name) & set(self.forbidden):
            raise IllegalArgument(self.no_name.format(name=name[:_MOST_NAME]))
        await asyncio.to_thread(self._store.put, name, {self.key: [rule.wire() for rule in rules]})
        self._sets[name] = rules

    async def _forget(self, name: str) -> None:
        await asyncio.to_thread(self._store.remove, [name])
        del self._sets[name]
