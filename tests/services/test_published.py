"""What Elastic's own client lets its users say of a service is taken by ours."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from connote.contract.settings import Field
from connote.contract.tasks import TaskType
from connote.services.registry import find
from connote.services.service import Task

PUBLISHED: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("published.toml").read_text())
# What we need although it is not published: Voyage AI is not asked without a key.
NEEDED = {"voyageai": {"api_key"}}

each = pytest.mark.parametrize("name", PUBLISHED)


def tasks(name: str) -> list[Task]:
    """The published tasks, as ours. A task that we have beside them may want more."""
    service = find(name)
    assert service is not None
    return [service.tasks[TaskType(kind)] for kind in PUBLISHED[name]["tasks"]]


def taken(name: str, of: str) -> dict[str, list[Field]]:
    """The settings of all tasks that a request may have."""
    found = dict[str, list[Field]]()
    for task in tasks(name):
        for field in (task.settings if of == "service_settings" else task.options).fields():
            if not field.about.derived:
                found.setdefault(field.name, []).append(field)
    return found


@each
@pytest.mark.parametrize("of", ["service_settings", "task_settings"])
def test_published_settings_are_taken(name: str, of: str) -> None:
    assert set(PUBLISHED[name][of]) - set(taken(name, of)) == set()


@each
def test_nothing_else_is_required(name: str) -> None:
    for of in ("service_settings", "task_settings"):
        required = {field.name for fields in taken(name, of).values() for field in fields if field.required}
        assert required <= {*PUBLISHED[name][of], *NEEDED.get(name, ())}


@each
def test_published_values_are_taken(name: str) -> None:
    ours = taken(name, "service_settings") | taken(name, "task_settings")
    for setting, values in PUBLISHED[name].get("choices", {}).items():
        known = {choice for field in ours[setting] for choice in field.about.choices}
        assert set(values) - known == set()
