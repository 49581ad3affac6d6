"""The routes of sets of synonyms."""

from collections.abc import Mapping, Sequence

from connote.api.choice import CHOICE, chosen
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import IllegalArgument
from connote.search import users

_SET, _RULE = "/_synonyms/{set}", "/_synonyms/{set}/{rule}"


async def list_all(ask: Ask) -> Answer:
    """The sets, with how many rules each has."""
    found = ask.connote.synonyms.all
    start, size = _window(ask)
    shown = [{"synonyms_set": name, "count": len(each)} for name, each in found.items()]
    return Answer({"count": len(found), "results": shown[start : start + size]})


async def get(ask: Ask) -> Answer:
    """The rules of a set."""
    rules = ask.connote.synonyms.get(ask.path("set"))
    start, size = _window(ask)
    return Answer({"count": len(rules), "synonyms_set": [rule.wire() for rule in rules[start : start + size]]})


async def put(ask: Ask) -> Answer:
    """Keep a set of rules, in place of the one of its name. Indices that search with it do so with the new rules."""
    name = ask.path("set")
    is_new = await ask.connote.synonyms.put(name, await ask.json())
    return await _kept(ask, name, is_new=is_new)


async def delete(ask: Ask) -> Answer:
    """Delete a set that no index uses."""
    name = ask.path("set")
    ask.connote.synonyms.get(name)
    if used := users.of_synonyms(ask.connote.indices, name):
        raise IllegalArgument(
            f"synonyms set [{name}] cannot be deleted as it is used in the following indices: {', '.join(used)}"
        )
    await ask.connote.synonyms.remove(name)
    return Answer({"acknowledged": True})


async def get_rule(ask: Ask) -> Answer:
    """A rule of a set."""
    return Answer(ask.connote.synonyms.rule(ask.path("set"), ask.path("rule")).wire())


async def put_rule(ask: Ask) -> Answer:
    """Keep a rule of a set: `synonyms`."""
    name = ask.path("set")
    is_new = await ask.connote.synonyms.put_rule(name, ask.path("rule"), await ask.json())
    return await _kept(ask, name, is_new=is_new)


async def delete_rule(ask: Ask) -> Answer:
    """Delete a rule of a set."""
    name = ask.path("set")
    await ask.connote.synonyms.remove_rule(name, ask.path("rule"))
    return Answer({"result": "deleted", "reload_analyzers_details": await _reload(ask, name)})


async def reload(ask: Ask) -> Answer:
    """Make the search analyzers of indices anew. Changes of sets of synonyms do that by themselves."""
    return Answer(_told(await ask.connote.indices.reanalyse(chosen(ask), ask.text("resource") or None)))


async def _kept(ask: Ask, name: str, *, is_new: bool) -> Answer:
    body = {"result": "created" if is_new else "updated", "reload_analyzers_details": await _reload(ask, name)}
    return Answer(body, 201 if is_new else 200)


async def _reload(ask: Ask, name: str) -> dict[str, object]:
    found = users.of_synonyms(ask.connote.indices, name) if ask.flag("refresh", default=True) else []
    return _told(await ask.connote.indices.reanalyse(found, name))


def _told(found: Mapping[str, Sequence[str]]) -> dict[str, object]:
    details = [
        {"index": name, "reloaded_analyzers": analyzers, "reloaded_node_ids": ["connote"]}
        for name, analyzers in found.items()
    ]
    return {
        "_shards": {"total": len(found), "successful": len(found), "failed": 0},
        "reload_details": details,
    }


def _window(ask: Ask) -> tuple[int, int]:
    start, size = ask.whole("from", 0) or 0, ask.whole("size", 10)
    size = 10 if size is None else size
    if start < 0 or size < 0:
        raise IllegalArgument("[from] and [size] must not be negative")
    return start, size


_WINDOW = {"from": "How many to leave out.", "size": "How many to show; default 10."}
_REFRESH = {"refresh": "`false`: indices search with the new rules only after `_reload_search_analyzers`."}
_RELOAD = CHOICE | {"resource": "A set of synonyms: only the analyzers that read it are told."}

ROUTES = (
    Route("GET", "/_synonyms", list_all, _WINDOW),
    Route("GET", _SET, get, _WINDOW),
    Route("PUT", _SET, put, _REFRESH),
    Route("DELETE", _SET, delete),
    Route("GET", _RULE, get_rule),
    Route("PUT", _RULE, put_rule, _REFRESH),
    Route("DELETE", _RULE, delete_rule, _REFRESH),
    Route("GET", "/{index}/_reload_search_analyzers", reload, _RELOAD),
    Route("POST", "/{index}/_reload_search_analyzers", reload, _RELOAD),
)
