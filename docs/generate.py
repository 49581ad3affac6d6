"""Writes docs/api.md and docs/services.md from the declarations. `make docs` runs it; a test finds stale pages."""

import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path

from connote.api.exchange import COMMON_PARAMS
from connote.api.server import ROUTES
from connote.contract.settings import Field, Settings
from connote.services.registry import SERVICES

HERE = Path(__file__).parent
NOTE = "<!-- Written by docs/generate.py. Change the declarations, not this file. -->\n"


def api() -> str:
    """The routes with their parameters."""
    parts = [NOTE, "# The API\n", "Every route also takes:\n", _params(COMMON_PARAMS)]
    for route in ROUTES:
        parts += [f"## `{route.method} {route.path}`\n", f"{inspect.getdoc(route.handler)}\n"]
        if route.params:
            parts.append(_params(route.params))
    return "\n".join(parts)


def services() -> str:
    """The services with their tasks and settings."""
    parts = [NOTE, "# Services and their settings\n"]
    for service in SERVICES.values():
        aliases = f" (also `{'`, `'.join(service.aliases)}`)" if service.aliases else ""
        parts.append(f"## `{service.name}`{aliases}\n")
        for task in service.tasks.values():
            parts += [f"### {task.kind}\n", f"{task.flow.__doc__}\n"]
            parts += [_settings("service_settings", task.settings), _settings("task_settings", task.options)]
    return "\n".join(part for part in parts if part)


def _params(params: Mapping[str, str]) -> str:
    return "\n".join(f"- `{name}`: {text}" for name, text in params.items()) + "\n"


def _settings(scope: str, settings: type[Settings]) -> str:
    if not settings.fields():
        return ""
    rows = [
        f"| `{field.name}` | {_type(field)} | {_rules(field)} | {field.about.help} |" for field in settings.fields()
    ]
    return "\n".join([f"| {scope} | type | | |", "|---|---|---|---|", *rows]) + "\n"


def _type(field: Field) -> str:
    return "map" if issubclass(field.kind, Settings) else field.kind.__name__


def _rules(field: Field) -> str:
    about = field.about
    rules: Iterable[str | None] = (
        "required" if field.required else None,
        f"default `{field.default}`" if not field.required and field.default is not None else None,
        "positive" if about.positive else None,
        f"at least {about.at_least:g}" if about.at_least is not None else None,
        f"at most {about.at_most:g}" if about.at_most is not None else None,
        f"one of {', '.join(f'`{choice}`' for choice in about.choices)}" if about.choices else None,
        "updatable" if about.updatable else None,
    )
    return ", ".join(rule for rule in rules if rule)


PAGES = {"api.md": api, "services.md": services}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page())
