"""Runtime fields: their values are made of a document when a search looks at them, by a script or of its source.

https://www.elastic.co/docs/manage-data/data-store/mapping/runtime-fields
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from connote.contract.errors import BadMapping, ConnoteError
from connote.contract.settings import java
from connote.search.mapping import date, geo, keyword, number
from connote.search.mapping.field import Field
from connote.search.write.script import read

KINDS: Mapping[str, type[Field]] = {
    each.kind: each
    for each in (keyword.Boolean, date.Date, number.Double, geo.GeoPoint, keyword.Ip, keyword.Keyword, number.Long)
}
# What their scripts see.
NAMES = ("params", "doc", "emit", "field", "$", "grok", "dissect")
_KNOWN = ("type", "script", "on_script_error", "format", "locale", "meta")
_COMPOSITE = "composite"


@dataclass(frozen=True)
class Runtime:
    """One of them: what it is to searches, and the script as it was given. With `tolerates` one that fails is empty.

    A `part` of a composite field is what its script emits under that name.
    """

    field: Field
    script: Any = None
    tolerates: bool = False
    part: str | None = None


def parse(given: Any) -> dict[str, Runtime]:  # noqa: ANN401 (JSON)
    """The fields in `{"NAME": {"type": "long", "script": {"source": "emit(…)"}}}`. Raises BadMapping, BadScript."""
    if not isinstance(given, Mapping):
        raise BadMapping(f"runtime must be an object of fields, not [{java(given)[:100]}]")
    found = dict[str, Runtime]()
    for name, each in given.items():
        if isinstance(each, Mapping) and each.get("type") == _COMPOSITE:
            found |= _composite(name, each)
        elif each is not None:
            found[name] = _runtime(name, each)
    return found


def merged(below: Any, above: Any) -> dict[str, Any]:  # noqa: ANN401
    """Two `runtime` objects as one; a field that is null above goes. Raises BadMapping."""
    parse(above)
    return {name: each for name, each in {**(below or {}), **above}.items() if each is not None}


def _composite(name: str, given: Mapping[str, Any]) -> dict[str, Runtime]:
    """The fields that one script makes at once: `{"type": "composite", "script": …, "fields": {"PART": {…}}}`."""
    fields = given.get("fields")
    if given.get("script") is None:
        raise BadMapping(f"composite runtime field [{name}] must declare a [script]")
    if not isinstance(fields, Mapping) or not fields:
        raise BadMapping(f"composite runtime field [{name}] must declare its [fields]")
    if left := [each for each in given if each not in ("type", "script", "on_script_error", "fields", "meta")]:
        raise BadMapping(f"unknown parameter [{left[0]}] on runtime field [{name}] of type [{_COMPOSITE}]")
    shared = {each: given[each] for each in ("script", "on_script_error") if each in given}
    found = dict[str, Runtime]()
    for part, own in fields.items():
        if not isinstance(own, Mapping) or "script" in own or own.get("type") == _COMPOSITE:
            raise BadMapping(f"[{part}] of composite runtime field [{name}] must be an object with a [type] alone")
        found[f"{name}.{part}"] = replace(_runtime(f"{name}.{part}", {**own, **shared}), part=part)
    return found


def _runtime(name: str, given: Any) -> Runtime:  # noqa: ANN401
    if not name.strip(". "):
        raise BadMapping(f"a runtime field's name cannot be [{name}]")
    if not isinstance(given, Mapping):
        raise BadMapping(f"Expected map for runtime field [{name}] definition but got a {java(given)[:100]}")
    kind = given.get("type")
    if kind is None:
        raise BadMapping(f"No type specified for runtime field [{name}]")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadMapping(
            f"The mapper type [{java(kind)[:100]}] declared on runtime field [{name}] does not exist; known are "
            f"[{', '.join(sorted((*KINDS, _COMPOSITE)))}]"
        )
    known = _KNOWN if kind == "date" else [each for each in _KNOWN if each not in ("format", "locale")]
    if left := [each for each in given if each not in known]:
        raise BadMapping(f"unknown parameter [{left[0]}] on runtime field [{name}] of type [{kind}]")
    fails = given.get("on_script_error", "fail")
    if fails not in ("fail", "continue"):
        raise BadMapping(f"[on_script_error] of runtime field [{name}] must be [fail] or [continue]")
    if isinstance(given.get("script"), Mapping) and "id" in given["script"]:
        raise BadMapping(f"stored scripts are not supported for runtime field [{name}]")
    if given.get("script") is not None:
        read(given["script"], NAMES)
    return Runtime(_field(name, kind, given), given.get("script"), tolerates=fails == "continue")


def _field(name: str, kind: str, given: Mapping[str, Any]) -> Field:
    made = KINDS[kind]
    field = made(name, {each: given[each] for each in ("format", "locale", "meta") if each in given}, {})
    try:
        for each in field.given:
            field[each]
        if isinstance(field, date.Date):
            date.check(field)
    except ConnoteError as error:
        raise BadMapping(f"Failed to parse runtime field [{name}]: {error.reason}") from None
    return field
