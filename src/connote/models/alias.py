"""Aliases: other names of models, which may be given to another model."""

import asyncio
from collections.abc import Awaitable, Callable

from connote.contract.errors import Conflict, NotFound, Rejected
from connote.models.config import check_alias
from connote.models.models import Models


class Aliases:
    """Gives and takes names. `on_reassign` is told an alias that names another model now."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self.on_reassign: list[Callable[[str], Awaitable[None]]] = []

    async def put(self, id: str, alias: str, *, reassign: bool) -> None:
        """Let the alias name the model. Raises NotFound; Rejected if it is another's, and not to be reassigned."""
        check_alias(alias)
        models = self._models
        async with models.writing:
            model = models.added.get(id)
            if model is None:
                raise NotFound(f"Could not find trained model [{id}]")
            self._check(model.id, model.task, alias, reassign=reassign)
            await asyncio.to_thread(models.store.put_alias, alias, id)
            before = models.aliases.get(alias, id)
            models.aliases[alias] = id
            if before != id:
                for tell in self.on_reassign:
                    await tell(alias)

    async def remove(self, id: str, alias: str) -> None:
        """Take the alias from the model. Raises NotFound, or Conflict if it is another's, or is needed."""
        models = self._models
        async with models.writing:
            if alias not in models.aliases:
                raise NotFound(f"model_alias [{alias}] could not be found")
            if models.aliases[alias] != id:
                raise Conflict(f"model_alias [{alias}] does not refer to provided model_id [{id}]")
            if used := [text for users in models.users for text in users((alias,), ())]:
                raise Conflict(f"Cannot delete model_alias [{alias}] as it is still used by {'; '.join(used)}")
            await asyncio.to_thread(models.store.remove_alias, alias)
            del models.aliases[alias]

    def _check(self, id: str, task: str, alias: str, *, reassign: bool) -> None:
        models = self._models
        if alias == id:
            raise Rejected(f"model_alias [{alias}] cannot equal model_id [{id}]")
        if alias in models.added or models.stock.find(alias):
            raise Rejected("model_alias cannot be the same as an existing trained model_id")
        if why := next((why for claim in models.claims if (why := claim(alias))), None):
            raise Rejected(why)
        before = models.aliases.get(alias)
        if before is None or before == id:
            return
        if not reassign:
            raise Rejected(
                f"cannot assign model_alias [{alias}] to model_id [{id}] as model_alias already refers to [{before}]. "
                "Set parameter [reassign] to [true] if model_alias should be reassigned."
            )
        if (other := models.added[before].task) != task:
            raise Rejected(
                f"cannot reassign model_alias [{alias}] to model [{id}] with inference config type [{task}] from model "
                f"[{before}] with type [{other}]"
            )
