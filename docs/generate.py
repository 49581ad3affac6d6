"""Writes docs/api.md and docs/services.md from the declarations. `make docs` runs it; a test finds stale pages."""

import inspect
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from connote.api.exchange import COMMON_PARAMS
from connote.api.server import ROUTES
from connote.contract.settings import Field, Settings
from connote.ingest.parse import PROCESSORS
from connote.search.esql.aggregates import AGGREGATES
from connote.search.esql.commands import COMMANDS, SOURCES
from connote.search.esql.functions import FUNCTIONS, Function
from connote.search.esql.searching import NAMES as SEARCHING
from connote.search.esql.tree import OPERATORS
from connote.services.registry import OWN
from connote.services.service import Service, Task

HERE = Path(__file__).parent
# How each task of each service was checked, by hand.
VERIFIED = tomllib.loads((HERE / "verified.toml").read_text())
NOTE = "<!-- Written by docs/generate.py. Change the declarations, not this file. -->\n"


def api() -> str:
    """The routes with their parameters."""
    about = "[OpenAI, Cohere and TEI clients](compatible.md) tells more of the routes that are theirs.\n"
    parts = [NOTE, "# The API\n", about, "Every route also takes:\n", _params(COMMON_PARAMS)]
    for route in ROUTES:
        parts += [f"## `{route.method} {route.path}`\n", f"{inspect.getdoc(route.handler)}\n"]
        if route.params:
            parts.append(_params(route.params))
    return "\n".join(parts)


def processors() -> str:
    """What each processor of a pipeline does."""
    about = (
        "The options, their defaults and the errors are Elasticsearch's; "
        "[what differs](compatibility.md) is told beside the rest.\n"
    )
    rows = [f"| `{type}` | {inspect.getdoc(build)} |" for type, build in sorted(PROCESSORS.items())]
    every = "Each also takes `if`, `tag`, `description`, `ignore_failure` and `on_failure`.\n"
    return (
        "\n".join([NOTE, "# Processors of ingest pipelines\n", about, every, "| processor | |", "|---|---|", *rows])
        + "\n"
    )


def esql() -> str:
    """The commands and functions of ES|QL."""
    about = (
        "[What differs](compatibility.md) from Elasticsearch is told beside the rest. Of the types `!` is a constant, "
        "`?` may be left out, and of `*` there may be any number.\n"
    )
    commands = ", ".join(f"`{name.upper()}`" for name in sorted((*SOURCES, *COMMANDS)))
    searching = ", ".join(f"`{name.upper()}`" for name in SEARCHING)
    named = {name: each for name, each in FUNCTIONS.items() if name.isidentifier() and name not in OPERATORS}
    return "\n".join(
        [
            *(NOTE, "# ES|QL\n", about, f"Commands: {commands}.\n", f"Functions that search: {searching}.\n"),
            *("## Functions\n", *_functions(named), "\n## Aggregates\n", *_functions(AGGREGATES), ""),
        ]
    )


def _functions(known: Mapping[str, Function]) -> list[str]:
    rows = []
    for name, each in sorted(known.items()):
        options = [f"{{{', '.join(each.options)}}}?"] if each.options else []
        takes = ", ".join([*(parameter.replace("|", "\\|") for parameter in each.takes), *options])
        rows.append(f"| `{name.upper()}({takes})` | {each.about} |")
    return ["| | |", "|---|---|", *rows]


def services() -> str:
    """The table of services and tasks."""
    rows = [
        f"| [`{service.name}`]({service.name}.md) | {service.title} | {', '.join(service.tasks)} |"
        for service in sorted(OWN, key=lambda service: service.name)
    ]
    return "\n".join([NOTE, "# Services\n", "| service | | tasks |", "|---|---|---|", *rows]) + "\n"


def service_page(service: Service) -> str:
    """One service: its tasks, their settings, and how each was verified."""
    aliases = f" (also `{'`, `'.join(service.aliases)}`)" if service.aliases else ""
    site = f"Asked at `{service.site.url or 'the url of the endpoint'}`.\n" if service.site else ""
    parts = [NOTE, f"# `{service.name}`{aliases}\n", _about(service) + "\n", site]
    for task in service.tasks.values():
        parts += [f"## {task.kind}\n", f"{inspect.getdoc(task.flow)}{_manner(task)}\n"]
        parts += [_settings("service_settings", task.settings), _settings("task_settings", task.options)]
        parts.append(f"Verified: {VERIFIED[service.name][task.kind.value]}\n")
    return "\n".join(part for part in parts if part)


def _about(service: Service) -> str:
    flow = next(iter(service.tasks.values())).flow
    return service.about or inspect.cleandoc(str(inspect.getmodule(flow).__doc__))


def _manner(task: Task) -> str:
    most = "A settable number of" if callable(task.batch) else f"At most {task.batch}"
    batch = f" {most} inputs go in one call; more are split." if task.batch else ""
    return f"{batch}{' Can be streamed.' if task.streams else ''}"


def _params(params: Mapping[str, str]) -> str:
    return "\n".join(f"- `{name}`: {text}" for name, text in params.items()) + "\n"


def _settings(scope: str, settings: type[Settings]) -> str:
    if not settings.fields():
        return ""
    rows = [
        f"| `{field.name}` | {_type(field)} | {_rules(field)} | {field.about.help} |"
        for field in settings.fields()
        if not field.about.derived
    ]
    return "\n".join([f"| {scope} | type | | |", "|---|---|---|---|", *rows]) + "\n"


def _type(field: Field) -> str:
    return "map" if field.json is dict else field.json.__name__


def _rules(field: Field) -> str:
    about = field.about
    rules: Iterable[str | None] = (
        "required" if field.required else None,
        f"default `{_default(field)}`" if not field.required and field.default is not None else None,
        "positive" if about.positive else None,
        f"at least {about.at_least:g}" if about.at_least is not None else None,
        f"at most {about.at_most:g}" if about.at_most is not None else None,
        f"one of {', '.join(f'`{choice}`' for choice in about.choices)}" if about.choices else None,
        "secret" if field.is_secret else None,
        "updatable" if about.updatable else None,
    )
    return ", ".join(rule for rule in rules if rule)


def _default(field: Field) -> str:
    value = field.default
    return json.dumps(value.wire() if isinstance(value, Settings) else value)


PAGES: Mapping[str, Callable[[], str]] = {
    "api.md": api,
    "esql.md": esql,
    "processors.md": processors,
    "services/README.md": services,
    **{f"services/{service.name}.md": partial(service_page, service) for service in OWN},
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page())
