"""Descriptors of roles, as requests give them and GET shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from connote.contract.errors import IllegalArgument, ParseFailed
from connote.contract.settings import java
from connote.security.patterns import fits
from connote.security.privileges import CLUSTER, INDICES

_KNOWN = (
    "cluster", "indices", "index", "applications", "run_as", "metadata", "transient_metadata", "description", "global",
    "remote_indices", "remote_cluster", "restriction",
)  # fmt: skip
_INDICES = ("names", "privileges", "field_security", "query", "allow_restricted_indices")
_APPLICATIONS = ("application", "privileges", "resources")


def parse(given: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 (JSON)
    """A descriptor in the form that GET shows. Raises ParseFailed, IllegalArgument that names what is wrong."""
    if not isinstance(given, Mapping):
        raise ParseFailed(f"failed to parse role [{name}]: expected an object but found [{java(given)[:100]}]")
    if unknown := [each for each in given if each not in _KNOWN]:
        raise ParseFailed(f"failed to parse role [{name}]. unexpected field [{unknown[0]}]")
    for each in ("remote_indices", "remote_cluster", "restriction", "global"):
        if given.get(each):
            raise IllegalArgument(f"[{each}] of role [{name}] is not supported: see docs/compatibility.md")
    metadata = _object(given.get("metadata"), f"role [{name}] [metadata]")
    check_metadata(metadata, "role descriptor")
    made: dict[str, Any] = {
        "cluster": _privileges(given.get("cluster") or [], "cluster", CLUSTER),
        "indices": [_index(each, name) for each in _list(given, "indices", name) + _list(given, "index", name)],
        "applications": [_application(each, name) for each in _list(given, "applications", name)],
        "run_as": _texts(given.get("run_as") or [], f"role [{name}] [run_as]"),
        "metadata": metadata,
        "transient_metadata": {"enabled": True},
    }
    if (description := given.get("description")) is not None:
        made["description"] = str(description)[:1000]
    return made


def check_metadata(metadata: Mapping[str, Any], what: str) -> None:
    """Raise IllegalArgument for names of metadata that are Elasticsearch's own."""
    if any(each.startswith("_") for each in metadata):
        raise IllegalArgument(f"{what} metadata keys may not start with [_]")


def _index(given: Any, role: str) -> dict[str, Any]:  # noqa: ANN401
    where = f"role [{role}] [indices]"
    entry = _object(given, where)
    if unknown := [each for each in entry if each not in _INDICES]:
        raise ParseFailed(f"failed to parse indices privileges for {where}. unexpected field [{unknown[0]}]")
    names = _texts(entry.get("names"), f"{where} [names]")
    if not names:
        raise ParseFailed(f"failed to parse indices privileges for {where}. missing required [names] field")
    fits(names)
    made: dict[str, Any] = {"names": names, "privileges": _privileges(entry.get("privileges"), "index", INDICES)}
    _check_fields(entry.get("field_security"), where)
    if entry.get("field_security"):
        made["field_security"] = {"grant": ["*"]}
    if (query := entry.get("query")) not in (None, ""):
        made["query"] = query if isinstance(query, str) else orjson.dumps(query).decode()
    return {**made, "allow_restricted_indices": bool(entry.get("allow_restricted_indices", False))}


def _check_fields(given: Any, where: str) -> None:  # noqa: ANN401
    """Raise IllegalArgument for fields that are held back: what cannot be held back everywhere is nowhere."""
    fields = _object(given, f"{where} [field_security]")
    grant, without = _texts(fields.get("grant") or ["*"], "grant"), _texts(fields.get("except") or [], "except")
    if grant != ["*"] or without:
        raise IllegalArgument(
            f"{where}: [field_security] can only grant [*]; field level security is not supported, hold documents back "
            "by [query], or leave fields out by an ingest pipeline"
        )


def _application(given: Any, role: str) -> dict[str, Any]:  # noqa: ANN401
    where = f"role [{role}] [applications]"
    entry = _object(given, where)
    if unknown := [each for each in entry if each not in _APPLICATIONS]:
        raise ParseFailed(f"failed to parse application privileges for {where}. unexpected field [{unknown[0]}]")
    application = entry.get("application")
    if not isinstance(application, str) or not application:
        raise ParseFailed(f"failed to parse application privileges for {where}. missing required [application] field")
    listed = {each: _texts(entry.get(each), f"{where} [{each}]") for each in ("privileges", "resources")}
    return {"application": application, **listed}


def _privileges(given: Any, kind: str, known: Mapping[str, Any]) -> list[str]:  # noqa: ANN401
    actions = ("cluster:", "indices:", "internal:")
    found = [each.lower() for each in _texts(given, f"{kind} privileges")]
    for each in found:
        if each not in known and not each.startswith(actions):
            raise IllegalArgument(
                f"unknown {kind} privilege [{each}]. a privilege must be either one of the predefined "
                f"{'fixed indices' if kind == 'index' else 'cluster privilege names'} privileges "
                f"[{','.join(sorted(known))}] or a pattern over one of the available {kind} actions"
            )
    return found


def _list(given: Mapping[str, Any], field: str, role: str) -> list[Any]:
    found = given.get(field) or []
    if not isinstance(found, list):
        raise ParseFailed(f"failed to parse role [{role}]: [{field}] must be an array, not [{java(found)[:100]}]")
    return found


def _object(given: Any, where: str) -> dict[str, Any]:  # noqa: ANN401
    if given is not None and not isinstance(given, Mapping):
        raise ParseFailed(f"failed to parse {where}: expected an object but found [{java(given)[:100]}]")
    return dict(given or {})


def _texts(given: Any, where: str) -> list[str]:  # noqa: ANN401
    found: Sequence[Any] = [given] if isinstance(given, str) else given
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ParseFailed(f"failed to parse {where}: expected a text or an array of texts")
    return list(found)
