"""What an update makes of a document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from connote.contract.errors import IllegalArgument, InvalidRequest, NoDocument, Unparsable
from connote.contract.settings import java
from connote.search.write.operation import Operation
from connote.search.write.script import now
from connote.store.documents import Stored

# Runs a script on a context of `_source`, `op` and more, which it changes.
Script = Callable[[Any, dict[str, Any]], None]


_KNOWN = ("doc", "upsert", "doc_as_upsert", "detect_noop", "script", "scripted_upsert", "_source", "lang", "params")


@dataclass(frozen=True)
class Changed:
    """The new document; `result` is `noop` or `deleted` where that is what came of it."""

    source: Mapping[str, Any] | None
    result: str | None = None


class Change:
    """Makes updates."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def of(self, operation: Operation, before: Mapping[str, Any] | None, stored: Stored | None) -> Changed:
        """What an update makes of the document `before`; None is no document. Raises NoDocument, InvalidRequest."""
        change = operation.change or {}
        check(change)
        if before is None:
            return self._upsert(operation, change)
        if "script" in change:
            return self._scripted(operation, change["script"], before, stored, "update")
        merged = _merged(before, change["doc"])
        if change.get("detect_noop", True) and _is_same(merged, before):
            return Changed(before, "noop")
        return Changed(merged)

    def _upsert(self, operation: Operation, change: Mapping[str, Any]) -> Changed:
        if change.get("doc_as_upsert"):
            return Changed(change["doc"])
        if "upsert" not in change:
            raise NoDocument(f"[{operation.id}]: document missing")
        if change.get("scripted_upsert") and "script" in change:
            made = self._scripted(operation, change["script"], change["upsert"], None, "create")
            return replace(made, source=None) if made.result == "noop" else made  # there is still no document
        return Changed(change["upsert"])

    def _scripted(
        self,
        operation: Operation,
        script: Any,  # noqa: ANN401
        before: Mapping[str, Any],
        stored: Stored | None,
        op: str,
    ) -> Changed:
        context: dict[str, Any] = {
            "_source": _copy(before),
            "op": op,
            "_index": operation.index,
            "_id": operation.id,
            "_routing": operation.routing,
            "_version": stored.version if stored else -1,
            "_now": now(),
        }
        self._script(script, context)
        wanted = context.get("op")
        if wanted in ("noop", "none"):
            return Changed(before, "noop")
        if wanted == "delete":
            return Changed(None, "deleted")
        if wanted not in ("index", "create", "update"):
            raise IllegalArgument(
                f"Operation type [{java(wanted)}] not allowed, only [noop, index, delete] are allowed"
            )
        return Changed(context["_source"])


def conditions(change: dict[str, Any]) -> dict[str, int]:
    """What the state of the document must be, taken out of the body of an update. Raises Unparsable."""
    found = {name: value for name in ("if_seq_no", "if_primary_term") if (value := change.pop(name, None)) is not None}
    for name, value in found.items():
        if type(value) is not int:
            raise Unparsable(f"[UpdateRequest] [{name}] must be a whole number, not [{java(value)[:100]}]")
    return found


def check(change: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for an update that says too much or too little."""
    problems = [f"[{name}] is no field of an update; known are {list(_KNOWN)}" for name in change if name not in _KNOWN]
    if "script" in change and "doc" in change:
        problems.append("can't provide both script and doc")
    elif "script" not in change and "doc" not in change:
        problems.append("script or doc is missing")
    wrong = [name for name in ("doc", "upsert") if name in change and not isinstance(change[name], Mapping)]
    problems += [f"[{name}] must be an object, not [{java(change[name])[:100]}]" for name in wrong]
    if change.get("doc_as_upsert") and "doc" not in change:
        problems.append("doc must be specified if doc_as_upsert is enabled")
    if problems:
        raise InvalidRequest(problems)


def _merged(before: Mapping[str, Any], doc: Mapping[str, Any]) -> dict[str, Any]:
    """Objects are merged, all else is replaced."""
    made = dict(before)
    for name, value in doc.items():
        inner = made.get(name)
        made[name] = _merged(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return made


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether they are the same JSON: to Python 1, 1.0 and true are equal."""
    return one == other and _dumped(one) == _dumped(other)


def _dumped(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def _copy(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Mapping):
        return {name: _copy(each) for name, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value
