"""The roles of this server."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.security import descriptor
from connote.security.builtin import BUILTIN
from connote.security.rights import Rights
from connote.store.bodies import BodyStore

MOST_NAME = 507


class Roles:
    """Makes, finds and deletes them. `check` looks at the query of a role; it raises what is wrong with it."""

    def __init__(self, store: BodyStore, check: Callable[[Any], None]) -> None:
        self._store, self._check, self._writing = store, check, asyncio.Lock()
        self._own = store.all()
        self._made: dict[tuple[str, ...], Rights] = {}

    def all(self) -> dict[str, Mapping[str, Any]]:
        """Every role by name, those of the start too."""
        return {**BUILTIN, **self._own}

    def find(self, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Those of these that there are."""
        every = self.all()
        return {name: every[name] for name in names if name in every}

    def rights(self, names: Sequence[str]) -> Rights:
        """What these roles let somebody do together."""
        key = tuple(sorted(names))
        if key not in self._made:
            self._made[key] = Rights(list(self.find(key).values()))
        return self._made[key]

    def parsed(self, given: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 (JSON)
        """A descriptor, with queries that can be run. Raises ParseFailed, IllegalArgument, BadQuery."""
        made = descriptor.parse(given, name)
        for each in made["indices"]:
            if "query" in each:
                self._check(each["query"])
        return made

    async def put(self, name: str, given: Any) -> bool:  # noqa: ANN401
        """Keep a role; whether it is new. Raises IllegalArgument, ParseFailed, BadQuery."""
        check_name(name, "Role")
        if name in BUILTIN:
            raise IllegalArgument(f"Role [{name}] is reserved and may not be used.")
        made = self.parsed(given, name)
        async with self._writing:
            await asyncio.to_thread(self._store.put, name, made)
            is_new = name not in self._own
            self._own[name] = made
            self._made.clear()
        return is_new

    async def delete(self, name: str) -> bool:
        """Forget a role; whether it was there. Raises IllegalArgument for one of the start."""
        if name in BUILTIN:
            raise IllegalArgument(f"role [{name}] is reserved and cannot be deleted")
        async with self._writing:
            if name not in self._own:
                return False
            await asyncio.to_thread(self._store.remove, [name])
            del self._own[name]
            self._made.clear()
        return True


def check_name(name: str, kind: str) -> None:
    """Raise IllegalArgument for what no role or user can be called."""
    if not 1 <= len(name) <= MOST_NAME or name != name.strip() or not all(" " <= each <= "~" for each in name):
        raise IllegalArgument(
            f"{kind} names must be at least 1 and no more than {MOST_NAME} characters. They can contain alphanumeric "
            "characters (a-z, A-Z, 0-9), spaces, punctuation, and printable symbols in the Basic Latin (ASCII) block. "
            "Leading or trailing whitespace is not allowed."
        )
