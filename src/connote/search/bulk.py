"""The body of a `_bulk` request: lines of actions and documents."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from connote.contract.errors import BadDocument, ConnoteError, IllegalArgument, InvalidRequest, Unparsable
from connote.contract.settings import java
from connote.search.write import change
from connote.search.write.item import Item
from connote.search.write.operation import Kind, VersionType

_TEXT, _WHOLE = (str, int), (int,)
_KNOWN: Mapping[str, tuple[type, ...]] = {
    "_index": (str,),
    "_id": _TEXT,
    "_type": (str,),
    "routing": _TEXT,
    "if_seq_no": _WHOLE,
    "if_primary_term": _WHOLE,
    "version": _WHOLE,
    "version_type": (str,),
    "retry_on_conflict": _WHOLE,
    "pipeline": (str,),
    "require_alias": (bool,),
    "require_data_stream": (bool,),
    "dynamic_templates": (dict,),
    "list_executed_pipelines": (bool,),
    "_source": (bool, str, list, dict),
    "op_type": (str,),
}
# Older names, with an underscore before them.
_OLDER: Mapping[str, str] = {f"_{name}": name for name in ("routing", "version", "version_type", "retry_on_conflict")}


def parse(raw: bytes, index: str | None = None) -> Iterator[Item]:
    """The items of a body; those that name no index are for `index`.

    Raises IllegalArgument, InvalidRequest for what makes the whole body wrong. A document that is no JSON does not: it
    is the `problem` of its item.
    """
    if raw and not raw.endswith(b"\n"):
        raise IllegalArgument("The bulk request must be terminated by a newline [\\n]")
    lines = enumerate(_lines(raw), start=1)
    count = 0
    for number, line in lines:
        if not line.strip():
            continue
        count += 1
        kind, options = _action(line, number)
        if kind is Kind.DELETE:
            yield _item(kind, options, index, count)
            continue
        _, document = next(lines, (0, None))
        if document is None:
            raise IllegalArgument(f"Malformed action/metadata line [{number}]: the line of its document is missing")
        yield _with_body(_item(kind, options, index, count), document, number + 1)
    if count == 0:
        raise InvalidRequest(["no requests added"])


def _lines(raw: bytes) -> Iterator[bytes]:
    start = 0
    while (end := raw.find(b"\n", start)) >= 0:
        yield raw[start:end]
        start = end + 1


def _action(line: bytes, number: int) -> tuple[Kind, dict[str, Any]]:
    where = f"Malformed action/metadata line [{number}]"
    try:
        action = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise IllegalArgument(f"{where}, it is no JSON: {error.msg}") from None
    if not isinstance(action, dict) or len(action) != 1:
        raise IllegalArgument(f"{where}, expected one of [create, delete, index, update] as its only key")
    ((name, options),) = action.items()
    if name not in tuple(Kind):
        raise IllegalArgument(f"{where}, expected field [create], [delete], [index] or [update] but found [{name}]")
    if not isinstance(options, dict):
        raise IllegalArgument(f"{where}, expected an object but found [{java(options)[:100]}]")
    found: dict[str, Any] = {_OLDER.get(key, key): value for key, value in options.items() if value is not None}
    for key, value in found.items():
        if key not in _KNOWN:
            raise IllegalArgument(f"Action/metadata line [{number}] contains an unknown parameter [{key}]")
        if not isinstance(value, _KNOWN[key]) or (isinstance(value, bool) and bool not in _KNOWN[key]):
            raise IllegalArgument(f"Action/metadata line [{number}] has a wrong value for [{key}]: [{java(value)}]")
    return Kind(name), found


def _item(kind: Kind, options: Mapping[str, Any], index: str | None, count: int) -> Item:
    name = options.get("_index") or index
    if not name:
        raise InvalidRequest([f"index is missing of item [{count}]"])
    id = options.get("_id")
    if id is None and kind in (Kind.UPDATE, Kind.DELETE):
        raise InvalidRequest(["an id is missing"])
    if kind is Kind.INDEX and options.get("op_type") == "create":
        kind = Kind.CREATE
    try:
        version_type = VersionType(options.get("version_type", "internal"))
    except ValueError:
        raise IllegalArgument(f"No version type match [{options['version_type']}]") from None
    routing = options.get("routing")
    templates = options.get("dynamic_templates", {})
    if not all(isinstance(each, str) for each in templates.values()):
        raise IllegalArgument("[dynamic_templates] must be the names of templates by the paths of fields")
    return Item(
        kind,
        str(name),
        None if id is None else str(id),
        routing=None if routing is None else str(routing),
        if_seq_no=options.get("if_seq_no"),
        if_primary_term=options.get("if_primary_term"),
        version=options.get("version"),
        version_type=version_type,
        retries=options.get("retry_on_conflict", 0),
        pipeline=options.get("pipeline"),
        templates=templates,
        require_alias=options.get("require_alias"),
        require_stream=options.get("require_data_stream"),
        shows_pipelines=options.get("list_executed_pipelines", False),
        shown=options.get("_source"),
    )


def _with_body(item: Item, line: bytes, number: int) -> Item:
    try:
        body = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        told = f"[1:{error.colno}] failed to parse: line [{number}] of the request is no JSON: {error.msg}"
        return item.made(problem=_malformed(item, told))
    if not isinstance(body, dict):
        told = (
            f"[1:1] failed to parse: expected an object but found [{java(body)[:100]}] (line [{number}] of the request)"
        )
        return item.made(problem=_malformed(item, told))
    if item.kind is not Kind.UPDATE:
        return item.made(source=body)
    shown = body.pop("_source", item.shown)
    conditions = change.conditions(body)
    change.check(body)
    return item.made(change=body, shown=shown, **conditions)


def _malformed(item: Item, told: str) -> ConnoteError:
    if item.kind is Kind.UPDATE:  # Elasticsearch reads updates before anything is done
        raise Unparsable(told)
    return BadDocument(told)
