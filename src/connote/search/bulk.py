"""The body of a `_bulk` request: lines of actions and documents."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from connote.contract.errors import ConnoteError, IllegalArgument, InvalidRequest
from connote.contract.settings import java
from connote.search.write.operation import Kind, VersionType

_KNOWN = {
    "_index": str,
    "_id": (str, int),
    "_type": str,
    "routing": (str, int),
    "_routing": (str, int),
    "if_seq_no": int,
    "if_primary_term": int,
    "version": int,
    "_version": int,
    "version_type": str,
    "_version_type": str,
    "retry_on_conflict": int,
    "_retry_on_conflict": int,
    "pipeline": str,
    "require_alias": bool,
    "require_data_stream": bool,
    "dynamic_templates": dict,
    "list_executed_pipelines": bool,
    "_source": (bool, str, list, dict),
    "op_type": str,
}


@dataclass(frozen=True)
class Item:
    """One action: what to do, where, and with which document (of an update: the change).

    `problem` is why it cannot be done, where that does not make the whole body wrong.
    """

    kind: Kind
    index: str
    id: str | None
    body: Mapping[str, Any] | None
    options: Mapping[str, Any]
    problem: ConnoteError | None = None

    def option(self, name: str) -> Any:  # noqa: ANN401 (the option's own)
        """An option, under its name or the older one with an underscore."""
        return self.options.get(name, self.options.get(f"_{name}"))

    @property
    def version_type(self) -> VersionType:
        """Who counts its versions. Raises IllegalArgument."""
        given = self.option("version_type") or "internal"
        try:
            return VersionType(given)
        except ValueError:
            raise IllegalArgument(f"No version type match [{given}]") from None


def parse(raw: bytes, index: str | None) -> Iterator[Item]:
    """The items of a body; those that name no index are for `index`. Raises IllegalArgument, InvalidRequest."""
    if raw and not raw.endswith(b"\n"):
        raise IllegalArgument("The bulk request must be terminated by a newline [\\n]")
    lines = enumerate(raw.split(b"\n"), start=1)
    count = 0
    for number, line in lines:
        if not line.strip():
            continue
        kind, options = _action(line, number)
        body = None
        if kind is not Kind.DELETE:
            _, document = next(lines, (0, b""))
            body = _document(document, number + 1)
        count += 1
        yield _item(kind, options, body, index, count)
    if count == 0:
        raise InvalidRequest(["no requests added"])


def _action(line: bytes, number: int) -> tuple[Kind, Mapping[str, Any]]:
    try:
        action = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise IllegalArgument(f"Malformed action/metadata line [{number}], it is no JSON: {error.msg}") from None
    if not isinstance(action, dict) or len(action) != 1:
        raise IllegalArgument(
            f"Malformed action/metadata line [{number}], expected one of [create, delete, index, update] as its only key"
        )
    ((name, options),) = action.items()
    if name not in tuple(Kind):
        raise IllegalArgument(
            f"Malformed action/metadata line [{number}], expected field [create], [delete], [index] or [update] but "
            f"found [{name}]"
        )
    if not isinstance(options, dict):
        raise IllegalArgument(
            f"Malformed action/metadata line [{number}], expected an object but found [{java(options)}]"
        )
    for key, value in options.items():
        if key not in _KNOWN:
            raise IllegalArgument(f"Action/metadata line [{number}] contains an unknown parameter [{key}]")
        if value is not None and not isinstance(value, _KNOWN[key]):
            raise IllegalArgument(f"Action/metadata line [{number}] has a wrong value for [{key}]: [{java(value)}]")
    return Kind(name), options


def _document(line: bytes, number: int) -> Mapping[str, Any]:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise IllegalArgument(f"Malformed content on line [{number}], it is no JSON: {error.msg}") from None
    if not isinstance(document, dict):
        raise IllegalArgument(
            f"Malformed content on line [{number}], expected an object but found [{java(document)[:100]}]"
        )
    return document


def _item(
    kind: Kind, options: Mapping[str, Any], body: Mapping[str, Any] | None, index: str | None, count: int
) -> Item:
    name = options.get("_index") or index
    if not name:
        raise InvalidRequest([f"index is missing of item [{count}]"])
    id = options.get("_id")
    if id is None and kind in (Kind.UPDATE, Kind.DELETE):
        raise InvalidRequest(["an id is missing"])
    if kind is Kind.INDEX and options.get("op_type") == "create":
        kind = Kind.CREATE
    return Item(kind, str(name), None if id is None else str(id), body, options)
