"""Search applications: a name over several indices, and a template by which they are searched with parameters.

https://www.elastic.co/docs/solutions/search/search-applications
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument, NotFound, Unparsable, VersionConflict
from connote.contract.settings import java
from connote.ingest.template import Template
from connote.search import dictionary
from connote.search.aliases import Action
from connote.search.indices import Indices
from connote.search.names import fits
from connote.search.scripts import Scripts, text
from connote.store.bodies import BodyStore

_KNOWN = ("name", "indices", "template", "analytics_collection_name", "updated_at_millis")
_JSON = {"content_type": "application/json;charset=utf-8"}
# The template of an application that has none, as in Elasticsearch.
_USUAL: Mapping[str, Any] = {
    "source": {"query": {"query_string": {"query": "{{query_string}}", "default_field": "{{default_field}}"}}},
    "params": {"query_string": "*", "default_field": "*"},
}


@dataclass(frozen=True)
class Application:
    """`script` is the template with its own parameters; `schema` describes what may be given in their place."""

    name: str
    indices: Sequence[str]
    script: Mapping[str, Any]
    schema: Mapping[str, Any] | None
    updated: int
    analytics: str | None = None

    @classmethod
    def parse(cls, name: str, body: Mapping[str, Any], updated: int) -> "Application":
        """Raises Unparsable, IllegalArgument."""
        if unknown := [key for key in body if key not in _KNOWN]:
            raise Unparsable(f"[search_application] unknown field [{unknown[0]}]; known are [{', '.join(_KNOWN)}]")
        if body.get("name", name) != name:
            raise IllegalArgument(f"[name] is [{java(body['name'])[:100]}] in the body and [{name}] in the path")
        found = body.get("indices")
        if not isinstance(found, list) or not found or not all(isinstance(each, str) and each for each in found):
            raise Unparsable("[search_application] [indices] is required, an array of at least one name")
        if (analytics := body.get("analytics_collection_name")) is not None and not isinstance(analytics, str):
            raise Unparsable(f"[analytics_collection_name] must be a text, not [{java(analytics)[:100]}]")
        template = _object(body.get("template", {}), "template")
        if other := template.keys() - {"script", "dictionary"}:
            raise Unparsable(f"[search_application_template] unknown field [{min(other)}]")
        if (schema := template.get("dictionary")) is not None:
            dictionary.check(_object(schema, "dictionary"))
        return cls(
            name, tuple(dict.fromkeys(found)), _script(template.get("script", _USUAL)), schema, updated, analytics
        )

    def wire(self) -> dict[str, Any]:
        """As GET shows it, and as it is kept."""
        template = {"script": self.script, **({} if self.schema is None else {"dictionary": self.schema})}
        analytics = {} if self.analytics is None else {"analytics_collection_name": self.analytics}
        shown = {"name": self.name, "indices": sorted(self.indices), "updated_at_millis": self.updated}
        return {**shown, **analytics, "template": template}


class Applications:
    """All of them. Each has an alias of its name for its indices, by which it is searched."""

    def __init__(self, store: BodyStore, indices: Indices, scripts: Scripts) -> None:
        self._store, self._indices, self._scripts = store, indices, scripts
        self._kept = store.read(lambda name, body: Application.parse(name, body, body["updated_at_millis"]))
        self._writing = asyncio.Lock()

    def get(self, name: str) -> Application:
        """Raises NotFound."""
        if name not in self._kept:
            raise NotFound(f"search application [{name}] not found")
        return self._kept[name]

    def find(self, expression: str | None) -> list[Application]:
        """Those whose name a word of the expression is or, as a pattern, fits; None is all."""
        wanted = (expression or "*").split()
        return [each for name, each in sorted(self._kept.items()) if any(fits(name, part) for part in wanted)]

    async def put(self, name: str, body: Mapping[str, Any], *, create: bool = False) -> bool:
        """Keep one, in place of that of its name; whether it is new.

        Raises Unparsable, IllegalArgument, NoIndex; with `create` VersionConflict for one that is there.
        """
        made = await asyncio.to_thread(Application.parse, name, body, int(time.time() * 1000))
        async with self._writing:
            if create and name in self._kept:
                raise VersionConflict(f"search application [{name}] already exists")
            await self._alias(made)
            await asyncio.to_thread(self._store.put, name, made.wire())
            is_new = name not in self._kept
            self._kept = {**self._kept, name: made}
        return is_new

    async def remove(self, name: str) -> None:
        """Forget one, and its alias. Raises NotFound."""
        async with self._writing:
            self.get(name)
            if name in self._indices.aliases():
                await self._indices.alias([Action("remove", self._indices.aliases()[name], [name])])
            await asyncio.to_thread(self._store.remove, [name])
            self._kept = {other: each for other, each in self._kept.items() if other != name}

    async def rendered(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body of a search with the `params` of that body. Raises NotFound, InvalidRequest, Unparsable."""
        application = self.get(name)
        if unknown := body.keys() - {"params"}:
            raise Unparsable(f"[search_application_search] unknown field [{min(unknown)}]; known is [params]")
        params = _object(body.get("params") or {}, "params")
        if application.schema is not None:
            dictionary.validate(application.schema, params)
        own = {key: application.script[key] for key in ("id", "source") if key in application.script}
        return await self._scripts.rendered({**own, "params": {**application.script.get("params", {}), **params}})

    async def _alias(self, made: Application) -> None:
        """Let the name mean the application's indices, and no others."""
        wanted = list(dict.fromkeys(each for name in made.indices for each in self._indices.resolve(name)))
        gone = [each for each in self._indices.aliases().get(made.name, ()) if each not in wanted]
        actions = [Action("add", wanted, [made.name])] if wanted else []
        await self._indices.alias([*actions, *([Action("remove", gone, [made.name])] if gone else [])])


def _script(given: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    """The template's script as it is kept. Raises Unparsable, IllegalArgument."""
    script = _object(given, "script")
    if unknown := script.keys() - {"id", "source", "lang", "params", "options"}:
        raise Unparsable(f"[script] unknown field [{min(unknown)}]")
    if script.get("lang") not in (None, "mustache"):
        raise IllegalArgument("[lang] of the script of a search application must be [mustache]")
    if ("id" in script) == ("source" in script):
        raise IllegalArgument("[script] of a search application must have [source] or [id], one of them")
    if "id" in script and not isinstance(script["id"], str):
        raise IllegalArgument(f"[id] of a script must be a text, not [{java(script['id'])[:100]}]")
    made = {**script, "params": dict(_object(script.get("params") or {}, "params"))}
    if "source" not in script:
        return made
    Template(text(script["source"]))
    options = {"options": _JSON} if isinstance(script["source"], Mapping) else {}
    return {"lang": "mustache", **options, **made}


def _object(given: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401
    if not isinstance(given, Mapping):
        raise Unparsable(f"[{name}] must be an object, not [{java(given)[:100]}]")
    return given
