"""Scripts that are kept by id: Painless, and templates of mustache that become the body of a search."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson

from connote.contract.errors import IllegalArgument, InvalidRequest, NotFound, Unparsable
from connote.contract.settings import java
from connote.ingest.painless import compiled
from connote.ingest.template import Template
from connote.search.query.extracting import EXTRACTORS
from connote.search.query.program import NAMES
from connote.store.bodies import BodyStore

# Characters of a template, as Elasticsearch limits them by default (script.max_size_in_bytes).
MOST_CHARACTERS = 65_535


# What a script may see, whatever it is kept for.
_SEEN = (*NAMES, *EXTRACTORS, "ctx", "emit", "state", "states", "values")


class Scripts:
    """Keeps them, and makes bodies of templates."""

    def __init__(self, store: BodyStore) -> None:
        self._store, self._kept = store, store.all()

    async def put(self, id: str, body: Mapping[str, Any]) -> None:
        """Keep `{"script": {"lang": "painless" or "mustache", "source": …}}`. Raises IllegalArgument, BadScript."""
        script = body.get("script")
        if not isinstance(script, Mapping):
            raise IllegalArgument("must specify <script> for stored script")
        if unknown := script.keys() - {"lang", "source", "options", "params"}:
            raise IllegalArgument(f"[script] unknown field [{min(unknown)}]")
        language, options = script.get("lang"), script.get("options") or {}
        if language not in ("painless", "mustache"):
            raise IllegalArgument(
                f"scripts of lang [{java(language)}] are not kept; [lang] must be [painless] or [mustache]"
            )
        source = text(script.get("source"))
        await asyncio.to_thread(Template if language == "mustache" else partial(compiled, names=_SEEN), source)
        kept = {"lang": language, "source": source, **({"options": options} if options else {})}
        await asyncio.to_thread(self._store.put, id, kept)
        self._kept = {**self._kept, id: kept}

    def find(self, id: str) -> Mapping[str, Any] | None:
        """The script with its language; None if there is none."""
        return self._kept.get(id)

    async def delete(self, id: str) -> None:
        """Forget one. Raises NotFound."""
        if id not in self._kept:
            raise NotFound(f"stored script [{id}] does not exist and cannot be deleted")
        await asyncio.to_thread(self._store.remove, [id])
        self._kept = {own: kept for own, kept in self._kept.items() if own != id}

    async def rendered(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body that `{"id" or "source", "params"}` becomes.

        Raises InvalidRequest, NotFound, IllegalArgument, and Unparsable where what it becomes is not JSON.
        """
        id, source, params = body.get("id"), body.get("source"), body.get("params") or {}
        if (id is None) == (source is None):
            raise InvalidRequest(["template is missing" if id is None else "give [id] or [source], not both"])
        if not isinstance(params, Mapping):
            raise IllegalArgument(f"[params] must be an object, not [{java(params)[:100]}]")
        if id is not None:
            kept = self.find(str(id))
            if kept is None:
                raise NotFound(f"unable to find script [{id}] in cluster state")
            source = kept["source"]
        made = await asyncio.to_thread(Template(text(source)).render, params)
        try:
            found = orjson.loads(made)
        except orjson.JSONDecodeError as error:
            raise Unparsable(
                f"[{error.lineno}:{error.colno}] the template gives what is not JSON: {error.msg}: {made[:200]}"
            ) from None
        if not isinstance(found, dict):
            raise Unparsable(f"the template must give a JSON object, not [{java(found)[:100]}]")
        return found


def text(source: Any) -> str:  # noqa: ANN401 (JSON)
    """A template as text: it may be given as the object that it is. Raises IllegalArgument."""
    made = orjson.dumps(source).decode() if isinstance(source, Mapping) else source
    if not isinstance(made, str) or not made:
        raise IllegalArgument("must specify [source], a text or an object, for a template")
    if len(made) > MOST_CHARACTERS:
        raise IllegalArgument(f"exceeded max allowed stored script size [{MOST_CHARACTERS}] with [{len(made)}]")
    return made
