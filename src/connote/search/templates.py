"""Templates: what an index has by its name, if the request that makes it does not say otherwise.

https://www.elastic.co/docs/manage-data/data-store/templates
"""

import asyncio
from collections.abc import Mapping, Sequence
from copy import copy
from types import MappingProxyType
from typing import Any

from connote.contract.errors import (
    BadTemplate,
    ConnoteError,
    IllegalArgument,
    NoTemplate,
    NotFound,
    Unparsable,
)
from connote.contract.settings import java
from connote.search import aliases, names, shipped, streams
from connote.search.analysis.synonyms import Sets
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.settings import IndexSettings
from connote.store.bodies import BodyStore

Body = dict[str, Any]
_PARTS = ("settings", "mappings", "aliases")
_TEMPLATE = (*_PARTS, "lifecycle", "data_stream_options")
_DATES = ("created_date", "created_date_millis", "modified_date", "modified_date_millis")
_META = ("version", "_meta", "deprecated", *_DATES)
_INDEX = (
    "index_patterns",
    "template",
    "composed_of",
    "priority",
    "data_stream",
    "allow_auto_create",
    "ignore_missing_component_templates",
    *_META,
)
_LEGACY = ("index_patterns", "template", "order", "version", *_PARTS)


class Kept:
    """Templates of one kind, by name."""

    def __init__(self, store: BodyStore, what: str, shipped: Mapping[str, Body] = MappingProxyType({})) -> None:
        """Those that are shipped are there unless others of their names are kept."""
        self._store, self._what, self._shipped = store, what, shipped
        self.bodies: dict[str, Body] = {**shipped, **store.all()}

    def find(self, expression: str | None) -> dict[str, Body]:
        """Those of a name or pattern, separated by commas. Raises NotFound for a name that is not there."""
        if expression is None:
            return dict(sorted(self.bodies.items()))
        parts = expression.split(",")
        for part in parts:
            if "*" not in part and part not in self.bodies:
                raise NotFound(f"{self._what} matching [{part}] not found")
        kept = sorted(self.bodies.items())
        return {name: body for name, body in kept if any(names.fits(name, each) for each in parts)}

    def put(self, name: str, body: Body) -> None:
        """Keep one."""
        self._store.put(name, body)
        self.bodies = {**self.bodies, name: body}

    def remove(self, found: Sequence[str]) -> None:
        """Forget some. Those that are shipped come back as they were."""
        self._store.remove(found)
        self.bodies = {**self._shipped, **{name: body for name, body in self.bodies.items() if name not in found}}


class Templates:
    """Index templates, the components that they are made of, and templates as they were before these."""

    def __init__(self, stores: Sequence[BodyStore], sets: Sets = lambda _: None) -> None:
        """Stores of index templates, of components, and of older templates; `sets` finds synonyms."""
        index, component, legacy = stores
        self.index = Kept(index, "index template", shipped.INDEX)
        self.component = Kept(component, "component template", shipped.COMPONENT)
        self.legacy = Kept(legacy, "template")
        self._sets, self._writing = sets, asyncio.Lock()

    async def put_index(self, name: str, body: Mapping[str, Any], *, create: bool = False) -> None:
        """Keep an index template. Raises BadTemplate, IllegalArgument, and what its parts have wrong."""
        made = self.index_body(name, body)
        async with self._writing:
            self._check_new(self.index, name, create=create)
            self._check_alone(name, made)
            merged = self.merged(made)
            self._check(name, streams.marked(merged) if made.get("data_stream") else merged)
            await asyncio.to_thread(self.index.put, name, made)

    async def put_component(self, name: str, body: Mapping[str, Any], *, create: bool = False) -> None:
        """Keep a component template. Raises BadTemplate, IllegalArgument, and what its parts have wrong."""
        made = _component(name, body)
        async with self._writing:
            self._check_new(self.component, name, create=create)
            self._check(name, made["template"])
            await asyncio.to_thread(self.component.put, name, made)

    def overlapping(self, patterns: Sequence[str], but: str | None = None) -> dict[str, Sequence[str]]:
        """Templates of both kinds that are for some of the same indices, with their patterns."""
        every = [
            *self.legacy.bodies.items(),
            *((name, each) for name, each in self.index.bodies.items() if name != but),
        ]
        return {name: each["index_patterns"] for name, each in every if _overlap(each["index_patterns"], patterns)}

    async def put_legacy(self, name: str, body: Mapping[str, Any], *, create: bool = False) -> None:
        """Keep a template of the older kind. Raises BadTemplate, IllegalArgument, and what its parts have wrong."""
        _check_name(name)
        _check_keys("template", body, _LEGACY)
        made: Body = {
            "order": _whole(body, "order") or 0,
            "index_patterns": _patterns(name, body.get("index_patterns", body.get("template"))),
            **({"version": body["version"]} if "version" in body else {}),
            **{part: {} for part in _PARTS},
            **_parts({part: body[part] for part in _PARTS if part in body}),
        }
        async with self._writing:
            self._check_new(self.legacy, name, create=create)
            self._check(name, made)
            await asyncio.to_thread(self.legacy.put, name, made)

    async def remove(self, kept: Kept, expression: str) -> None:
        """Delete templates. Raises NoTemplate, IllegalArgument for a component that is in use."""
        async with self._writing:
            found = list(_found(kept, expression))
            if kept is self.component:
                for name, body in self.index.bodies.items():
                    if used := [each for each in found if each in body.get("composed_of", ())]:
                        raise IllegalArgument(
                            f"component templates [{', '.join(used)}] cannot be removed as they are still in use by "
                            f"index templates [{name}]"
                        )
            await asyncio.to_thread(kept.remove, found)

    def substituted(self, components: Mapping[str, Any], templates: Mapping[str, Any]) -> "Templates":
        """The same with others in place of some, which are not kept. Raises what `put_…` raises for these."""
        made = copy(self)
        made.component, made.index = copy(self.component), copy(self.index)
        made.component.bodies = self.component.bodies | {
            name: _component(name, each) for name, each in components.items()
        }
        made.index.bodies = self.index.bodies | {name: made.index_body(name, each) for name, each in templates.items()}
        for name in components:
            made._check(name, made.component.bodies[name]["template"])
        return made

    def compose(self, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The body of a request to make an index, with what templates say below it. Raises Unparsable."""
        own = _parts(body)
        found = self.matching(name)
        if found is not None:
            return merge([self.merged(self.index.bodies[found]), own])
        older = [each for each in self.legacy.bodies.values() if _fits(name, each)]
        return merge([*sorted(older, key=lambda each: int(each["order"])), own])

    def matching(self, name: str) -> str | None:
        """The index template that is for indices of that name: the one of the highest priority."""
        found = [key for key, each in self.index.bodies.items() if _fits(name, each)]
        return max(found, key=lambda key: self.index.bodies[key].get("priority") or 0, default=None)

    def stream(self, name: str) -> streams.DataStream | None:
        """The data stream that a template makes of that name; None if the template for it makes none."""
        template = self.matching(name)
        body = {} if template is None else self.index.bodies[template]
        if template is None or body.get("data_stream") is None:
            return None
        return streams.begun(name, template, body, self.merged(body).get("lifecycle"))

    def merged(self, template: Mapping[str, Any]) -> Body:
        """What an index template says, with its components below it."""
        components = [self.component.bodies.get(name) for name in template.get("composed_of") or ()]
        return merge([*(each["template"] for each in components if each), template.get("template") or {}])

    def index_body(self, name: str, body: Mapping[str, Any]) -> Body:
        """An index template as it is kept. Raises BadTemplate, Unparsable, IllegalArgument."""
        _check_name(name)
        _check_keys("index template", body, _INDEX)
        made: Body = dict(body) | {"index_patterns": _patterns(name, body.get("index_patterns"))}
        if body.get("data_stream") is not None:
            made["data_stream"] = streams.options(name, body["data_stream"])
        made["composed_of"] = _texts(body, "composed_of")
        if body.get("template") is not None:
            if not isinstance(body["template"], Mapping):
                raise Unparsable(f"[index_template] [template] must be an object, not [{java(body['template'])[:100]}]")
            made["template"] = _parts(body["template"])
        _whole(body, "priority")
        may_miss = _texts(body, "ignore_missing_component_templates")
        missing = [each for each in made["composed_of"] if each not in self.component.bodies and each not in may_miss]
        if missing:
            raise BadTemplate(
                f"index_template [{name}] invalid, cause [index template [{name}] specifies component templates "
                f"[{', '.join(missing)}] that do not exist]"
            )
        return made

    def _check_alone(self, name: str, made: Body) -> None:
        """No other template of the same priority may be for the same indices."""
        for other, each in self.index.bodies.items():
            same = (each.get("priority") or 0) == (made.get("priority") or 0)
            if other != name and same and _overlap(each["index_patterns"], made["index_patterns"]):
                patterns = ", ".join(made["index_patterns"])
                raise IllegalArgument(
                    f"index template [{name}] has index patterns [{patterns}] matching patterns from existing "
                    f"templates [{other}] with patterns ({other} => [{', '.join(each['index_patterns'])}]) that have "
                    f"the same priority [{made.get('priority') or 0}], multiple index templates may not match during "
                    "index creation, please use a different priority"
                )

    def _check(self, name: str, parts: Mapping[str, Any]) -> None:
        """Raise what is wrong with an index of these parts."""
        try:
            settings = IndexSettings.read(parts.get("settings") or {}).created()
            mappings, analysis = parts.get("mappings") or {}, settings.analysis(self._sets)
            Fields.read(mappings, analysis, settings.most_fields, settings.defaults).check_scripts()
        except ConnoteError as error:
            wrong = IllegalArgument(f"template [{name}] is invalid: {error.reason}")
            wrong.caused_by = error
            raise wrong from None

    def _check_new(self, kept: Kept, name: str, *, create: bool) -> None:
        if create and name in kept.bodies:
            raise IllegalArgument(f"template [{name}] already exists")


def _component(name: str, body: Mapping[str, Any]) -> Body:
    """A component template as it is kept. Raises BadTemplate, Unparsable."""
    _check_name(name)
    _check_keys("component template", body, ("template", *_META))
    if not isinstance(body.get("template"), Mapping):
        raise Unparsable("[component_template] [template] is required, an object")
    return dict(body) | {"template": _parts(body["template"])}


def merge(bodies: Sequence[Mapping[str, Any]]) -> Body:
    """Bodies of indices, later ones above earlier ones: settings by name, mappings by field, aliases by name."""
    settings: Body = {}
    mappings: Body = {}
    listed: Body = {}
    lifecycle: Body = {}
    for body in bodies:
        settings |= IndexSettings.read(body.get("settings") or {}).values
        mappings = _mapped(mappings, body.get("mappings") or {})
        listed |= body.get("aliases") or {}
        lifecycle |= body.get("lifecycle") or {}
    merged = {"settings": settings, "mappings": mappings, "aliases": listed}
    return merged | ({"lifecycle": lifecycle} if lifecycle else {})


def _mapped(below: Mapping[str, Any], above: Mapping[str, Any]) -> Body:
    made = {**below, **above}
    if isinstance(below.get("properties"), Mapping) and isinstance(above.get("properties"), Mapping):
        properties = dict(below["properties"])
        for name, field in above["properties"].items():
            old = properties.get(name) or {}
            properties[name] = _mapped(old, field) if _has_properties(old) and _has_properties(field) else field
        made["properties"] = properties
    if isinstance(below.get("dynamic_templates"), list) and isinstance(above.get("dynamic_templates"), list):
        named = {key: each for each in [*below["dynamic_templates"], *above["dynamic_templates"]] for key in each}
        made["dynamic_templates"] = list(named.values())
    return made


def _has_properties(field: Any) -> bool:  # noqa: ANN401 (JSON)
    return isinstance(field, Mapping) and "properties" in field


def _parts(body: Mapping[str, Any]) -> Body:
    """Settings, mappings and aliases, each an object. Raises Unparsable, IllegalArgument."""
    if unknown := [name for name in body if name not in _TEMPLATE]:
        raise Unparsable(f"unknown key [{unknown[0]}] for create index; known are [{', '.join(_PARTS)}]")
    made: Body = {}
    for name in _PARTS:
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, Mapping):
            raise Unparsable(f"[{name}] must be an object, not [{java(value)[:100]}]")
        made[name] = dict(value)
    if body.get("lifecycle") is not None:
        made["lifecycle"] = streams.lifecycle_of(body["lifecycle"])
    for alias, given in made.get("aliases", {}).items():
        aliases.options(given, alias)
    return made


def _check_name(name: str) -> None:
    if not name.strip() or any(char in name for char in " ,*#/\\") or name.startswith("_") or name.lower() != name:
        raise BadTemplate(
            f"index_template [{name}] invalid, cause [name must be lowercase, must not be empty, begin with '_' or "
            "hold spaces, commas, '*', '#' or slashes]"
        )


def _check_keys(what: str, body: Mapping[str, Any], known: Sequence[str]) -> None:
    if unknown := [name for name in body if name not in known]:
        raise Unparsable(f"[{what.replace(' ', '_')}] unknown field [{unknown[0]}]; known are [{', '.join(known)}]")


def _patterns(name: str, given: Any) -> list[str]:  # noqa: ANN401 (JSON)
    found = [given] if isinstance(given, str) else given
    if not isinstance(found, list) or not found or not all(isinstance(each, str) and each for each in found):
        raise BadTemplate(f"index_template [{name}] invalid, cause [index patterns are missing]")
    if any(len(each) > names.MOST_BYTES for each in found):
        raise BadTemplate(f"index_template [{name}] invalid, cause [no index has a name as long as an index pattern]")
    return found


def _texts(body: Mapping[str, Any], name: str) -> list[str]:
    given = body.get(name) or []
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise Unparsable(f"[{name}] must be an array of texts, not [{java(given)[:100]}]")
    return given


def _whole(body: Mapping[str, Any], name: str) -> int | None:
    given = body.get(name)
    if given is not None and (isinstance(given, bool) or not isinstance(given, int) or given < 0):
        raise IllegalArgument(f"[{name}] must be a whole number that is not negative, not [{java(given)[:100]}]")
    return given


def _found(kept: Kept, expression: str) -> dict[str, Body]:
    try:
        found = kept.find(expression)
    except NotFound as error:
        raise NoTemplate(error.reason) from None
    return found


def _fits(name: str, template: Mapping[str, Any]) -> bool:
    return any(names.fits(name, pattern) for pattern in template["index_patterns"])


def _overlap(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether an index could fit patterns of both."""
    return any(_meet(a, b) for a in one for b in other)


def _meet(a: str, b: str) -> bool:
    """Whether some name fits both patterns: how far both may be read with the same name, from the beginning."""
    states, seen = [(0, 0)], {(0, 0)}
    while states:
        i, k = states.pop()
        if (i, k) == (len(a), len(b)):
            return True
        own, other = a[i : i + 1], b[k : k + 1]
        steps = [(i + 1, k)] if own == "*" else []
        steps += [(i, k + 1)] if other == "*" else []
        steps += [(i, k + 1)] if own == "*" and other else []
        steps += [(i + 1, k)] if other == "*" and own else []
        steps += [(i + 1, k + 1)] if own and own == other else []
        states += (fresh := set(steps) - seen)
        seen |= fresh
    return False
