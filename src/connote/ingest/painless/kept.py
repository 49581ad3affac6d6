"""Scripts that are kept by id: who runs one says only that, and it is looked up each time, for it may have changed.

https://www.elastic.co/docs/explore-analyze/scripting/modules-scripting-stored-scripts
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from connote.contract.errors import IllegalArgument, NotFound
from connote.ingest.painless.script import Script, compiled
from connote.ingest.painless.values import Value

Find = Callable[[str], Mapping[str, Any] | None]
_FIND: ContextVar[Find] = ContextVar("kept scripts")


def use(find: Find) -> None:
    """Where scripts are looked up by what this task does from now on."""
    _FIND.set(find)


def is_known() -> bool:
    """Whether it is known where scripts are kept: it is not while pipelines are read at the start."""
    return _FIND.get(None) is not None


def source(id: str) -> str:
    """The source of a script. Raises NotFound, IllegalArgument for one that is not Painless."""
    find = _FIND.get(None)
    found = None if find is None else find(id)
    if found is None:
        raise NotFound(f"unable to find script [{id}] in cluster state")
    if found["lang"] != "painless":
        raise IllegalArgument(f"stored script [{id}] is of lang [{found['lang']}]; only [painless] can be run here")
    return str(found["source"])


class Kept(Script):
    """A script that is known by its id."""

    def __init__(self, id: str, names: tuple[str, ...] = ("ctx", "params")) -> None:
        self.id, self.source, self.changes, self._named = id, id, True, names

    def run(self, **values: Value) -> Value:
        """What the script that has the id by now returns. Raises NotFound, IllegalArgument, BadScript."""
        return _compiled(source(self.id), self._named).run(**values)


@lru_cache(256)
def _compiled(source: str, names: tuple[str, ...]) -> Script:
    return compiled(source, names)
