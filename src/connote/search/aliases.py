"""Aliases: other names of indices, changed by lists of actions that are done together or not at all."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from connote.contract.errors import ConnoteError, IllegalArgument, InvalidRequest, NoAlias, Unparsable
from connote.contract.settings import java
from connote.search import dated, names
from connote.search.query.boolean import Bool
from connote.search.query.parse import parse as parse_query
from connote.search.query.query import Query
from connote.store.indices import IndexRecord

_OPTIONS = ("filter", "routing", "index_routing", "search_routing", "is_write_index", "is_hidden")
_KNOWN = ("index", "indices", "alias", "aliases", "must_exist", *_OPTIONS)
Resolve = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Action:
    """`add`, `remove` or `remove_index`: these expressions of indices, these aliases, and what an alias is to be.

    What is to be removed `must_exist`, or need not (False); if it is not said (None), something must be left to do.
    """

    kind: str
    indices: Sequence[str]
    aliases: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    must_exist: bool | None = None


@dataclass(frozen=True)
class Changed:
    """What the actions come to: records that change, and indices that go."""

    records: Mapping[str, IndexRecord]
    gone: Sequence[str]


def parse(body: Mapping[str, Any]) -> list[Action]:
    """The actions in `{"actions": [{"add": {…}}, …]}`. Raises Unparsable, InvalidRequest, IllegalArgument."""
    if unknown := body.keys() - {"actions"}:
        raise Unparsable(f"[aliases] unknown field [{min(unknown)}]")
    actions = body.get("actions")
    if not isinstance(actions, list):
        raise Unparsable(f"[actions] must be an array, not [{java(actions)[:100]}]")
    if not actions:
        raise InvalidRequest(["No action specified"])
    return [_action(each) for each in actions]


def options(given: Any, alias: str) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    """What an alias is to be, as GET shows it. Raises Unparsable, IllegalArgument."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise Unparsable(f"alias [{alias}] must be an object, not [{java(given)[:100]}]")
    if unknown := [name for name in given if name not in _OPTIONS]:
        raise Unparsable(f"Unknown field [{unknown[0]}] in alias [{alias}]; known are [{', '.join(_OPTIONS)}]")
    made: dict[str, Any] = {}
    if given.get("filter"):
        made["filter"] = _filter(given["filter"], alias)
    for name in ("index_routing", "search_routing"):
        if (value := given.get(name, given.get("routing"))) is not None:
            made[name] = str(value)
    for name in ("is_write_index", "is_hidden"):
        if (value := given.get(name)) is not None:
            if value not in (True, False):
                raise Unparsable(f"[{name}] of alias [{alias}] must be a boolean, not [{java(value)[:100]}]")
            made[name] = value
    return made


def _filter(given: Any, alias: str) -> Mapping[str, Any]:  # noqa: ANN401
    try:
        parse_query(given)
    except ConnoteError as error:
        wrong = IllegalArgument(f"failed to parse filter for alias [{alias}]: {error.reason}")
        wrong.caused_by = error
        raise wrong from None
    return cast("Mapping[str, Any]", given)


def passing(expression: str | None, record: IndexRecord) -> Query | None:
    """What an expression means of an index: by a filter of one of its aliases, None if all of it."""
    if expression == record.name or not record.aliases:
        return None
    met = names.aliases_met(expression, record.name, record.aliases)
    filters = [record.aliases[alias].get("filter") for alias in met]
    return Bool(should=[parse_query(each) for each in filters], least=1) if filters and all(filters) else None


def check(name: str, indices: Mapping[str, Any]) -> None:
    """Raise BadIndexName, IllegalArgument for what no alias can be called beside these indices."""
    names.check(name)
    if name in indices:
        raise IllegalArgument(
            f"Invalid alias name [{name}]: an index or data stream exists with the same name as the alias"
        )


def check_free(actions: Sequence[Action], names: Container[str]) -> None:
    """Raise IllegalArgument for an alias that is to be called as one of these is already."""
    for alias in (alias for each in actions if each.kind == "add" for alias in each.aliases if alias in names):
        raise IllegalArgument(
            f"Invalid alias name [{alias}]: an index or data stream exists with the same name as the alias"
        )


def handed(alias: str, old: IndexRecord, new: IndexRecord) -> list[IndexRecord]:
    """Both indices, once the new one is written to by the alias: where the old one was by its word, it keeps the name.

    Else the alias moves on, as in Elasticsearch.
    """
    own = old.aliases[alias]
    if own.get("is_write_index"):
        left = {**old.aliases, alias: {**own, "is_write_index": False}}
    else:
        left = {name: each for name, each in old.aliases.items() if name != alias}
    return [replace(new, aliases={**new.aliases, alias: own}), replace(old, aliases=left)]


def grouped(records: Mapping[str, IndexRecord]) -> dict[str, list[str]]:
    """The indices of every alias."""
    found: dict[str, list[str]] = {}
    for name, record in sorted(records.items()):
        for alias in record.aliases:
            found.setdefault(alias, []).append(name)
    return found


def applied(actions: Sequence[Action], records: Mapping[str, IndexRecord], resolve: Resolve) -> Changed:
    """What the actions come to, in their order. Raises NoIndex, NoAlias, IllegalArgument."""
    removals = [each for action in actions if action.kind == "remove_index" for each in action.indices]
    gone = [name for each in removals for name in resolve(each)]
    left = {name: record for name, record in records.items() if name not in gone}
    changed: dict[str, IndexRecord] = {}
    missing: list[str] = []
    for action in actions:
        if action.kind == "remove_index":
            continue
        chosen = dict.fromkeys(name for each in action.indices for name in resolve(each))
        if removed := [name for name in chosen if name in gone]:
            raise IllegalArgument(f"index [{removed[0]}] is removed by the same request")
        found = [left[name] for name in chosen]
        missing += _missing(action, found)
        for record in _added(action, found, left) if action.kind == "add" else _removed(action, found):
            left[record.name] = changed[record.name] = record
    if missing and not changed and not gone:
        raise NoAlias(missing)
    _check_writers(left)
    return Changed(changed, gone)


def _action(given: Any) -> Action:  # noqa: ANN401
    if not isinstance(given, Mapping) or len(given) != 1:
        raise Unparsable(f"[aliases] an action must be an object with one key, not [{java(given)[:100]}]")
    ((kind, body),) = given.items()
    if kind not in ("add", "remove", "remove_index"):
        raise Unparsable(f"[aliases] unknown field [{kind}]; known are [add, remove, remove_index]")
    if not isinstance(body, Mapping):
        raise Unparsable(f"[{kind}] must be an object, not [{java(body)[:100]}]")
    if unknown := [name for name in body if name not in _KNOWN]:
        raise Unparsable(f"[{kind}] unknown field [{unknown[0]}]")
    indices, given = (list(_listed(kind, body, *each)) for each in (("index", "indices"), ("alias", "aliases")))
    aliases = [dated.resolved(each) for each in given]
    if not indices:
        raise IllegalArgument("One of [index] or [indices] is required")
    if kind != "remove_index" and not aliases:
        raise IllegalArgument("One of [alias] or [aliases] is required")
    given_options = {name: value for name, value in body.items() if name in _OPTIONS}
    is_add = kind == "add"
    wanted = options(given_options, aliases[0]) if is_add else {}
    if (must_exist := body.get("must_exist")) not in (None, True, False):
        raise Unparsable(f"[{kind}] [must_exist] must be [true] or [false], not [{java(must_exist)[:100]}]")
    return Action(kind, indices, aliases, wanted, must_exist)


def _listed(kind: str, body: Mapping[str, Any], one: str, many: str) -> Iterator[str]:
    for name in (one, many):
        value = body.get(name)
        for each in value if isinstance(value, list) else [] if value is None else [value]:
            if not isinstance(each, str) or not each:
                raise Unparsable(f"[{kind}] [{name}] must hold texts, not [{java(each)[:100]}]")
            yield from each.split(",")


def _added(action: Action, chosen: Sequence[IndexRecord], left: Mapping[str, IndexRecord]) -> Iterator[IndexRecord]:
    for alias in action.aliases:
        check(alias, left)
    for record in chosen:
        yield replace(record, aliases={**record.aliases, **{alias: dict(action.options) for alias in action.aliases}})


def _missing(action: Action, chosen: Sequence[IndexRecord]) -> list[str]:
    """What is to be removed and is not there. Raises NoAlias if it must be."""
    if action.kind != "remove" or action.must_exist is False:
        return []
    there = {name for record in chosen for name in record.aliases}
    missing = [each for each in action.aliases if not any(names.fits(name, _pattern(each)) for name in there)]
    if missing and action.must_exist:
        raise NoAlias(missing)
    return missing


def _removed(action: Action, chosen: Sequence[IndexRecord]) -> Iterator[IndexRecord]:
    patterns = [_pattern(each) for each in action.aliases]
    for record in chosen:
        left = {name: each for name, each in record.aliases.items() if not any(names.fits(name, p) for p in patterns)}
        if len(left) < len(record.aliases):
            yield replace(record, aliases=left)


def _pattern(name: str) -> str:
    return "*" if name == "_all" else name


def _check_writers(records: Mapping[str, IndexRecord]) -> None:
    writers: dict[str, list[str]] = {}
    for name, record in records.items():
        for alias, given in record.aliases.items():
            if given.get("is_write_index"):
                writers.setdefault(alias, []).append(name)
    for alias, found in writers.items():
        if len(found) > 1:
            raise IllegalArgument(f"alias [{alias}] has more than one write index [{', '.join(sorted(found))}]")
