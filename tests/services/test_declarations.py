"""Every service is what it describes: what is described is accepted, what is not is refused, and no secret is shown."""

from collections.abc import Iterator
from typing import Any

import pytest

from connote.contract.settings import Field, Settings
from connote.services.registry import OWN
from connote.services.service import Service, Task

TASKS = [(service, task) for service in OWN for task in service.tasks.values()]
NAMES = [f"{service.name}-{task.kind}" for service, task in TASKS]
each = pytest.mark.parametrize(("service", "task"), TASKS, ids=NAMES)
each_task = pytest.mark.parametrize("task", [task for _, task in TASKS], ids=NAMES)
# For each type in JSON, values of all others.
OTHERS: dict[type, list[object]] = {
    str: [1, True, ["a"], {}],
    int: ["1", True, 1.5, [1], {}],
    float: ["1", True, [1.0], {}],
    bool: ["true", 1, [], {}],
    list: ["a", 1, {}],
    dict: ["a", 1, []],
}
SECRET = "s3cret-value"  # noqa: S105


def sample(field: Field) -> Any:  # noqa: ANN401, PLR0911
    """A value that the description allows."""
    about = field.about
    if issubclass(field.kind, Settings):
        return {inner.name: sample(inner) for inner in field.kind.fields() if not inner.about.derived}
    if about.choices:
        return about.choices[0]
    if about.url:
        return "https://example.org/path"
    if field.json in (int, float):
        least = about.at_least if about.at_least is not None else 1
        return field.json(least if about.at_most is None else min(max(least, 1), about.at_most))
    if field.json is list:
        return [] if field.items is not str else ["a"]
    if field.json is dict:
        return {"name": SECRET if field.is_secret else "a"}
    return {str: SECRET if field.is_secret else "some-text", bool: True}[field.json]


def problems(cls: type[Settings], **raw: object) -> list[str]:
    found = list[str]()
    rest = dict(raw)
    cls.take(rest, found, "service_settings")
    return found + [f"unknown [{name}]" for name in rest]


def fields(task: Task) -> Iterator[tuple[type[Settings], Field]]:
    for cls in (task.settings, task.options):
        for field in cls.fields():
            yield cls, field


@each
def test_what_is_described_is_what_is_declared(service: Service, task: Task) -> None:
    described = service.described(task.kind)
    names = set()
    for _, field in fields(task):
        if not field.about.derived:
            names |= set(field.described())
    assert described["configurations"].keys() == names
    assert described["task_types"] == [task.kind]
    for entry in described["configurations"].values():
        assert set(entry) - {"default_value", "choices"} == {
            "description",
            "label",
            "required",
            "sensitive",
            "updatable",
            "scope",
            "type",
            "supported_task_types",
        }
        assert entry["label"]
        assert entry["description"].endswith(".")


@each_task
def test_what_is_described_is_accepted(task: Task) -> None:
    for cls, field in fields(task):
        if field.about.derived:
            continue
        told = [problem for problem in problems(cls, **{field.name: sample(field)}) if f"[{field.name}]" in problem]
        # What is missing beside it, or excluded by it, is told too.
        assert [problem for problem in told if "required setting" not in problem and "one of" not in problem] == []


@each_task
def test_what_is_not_described_is_refused(task: Task) -> None:
    for cls in (task.settings, task.options):
        assert "unknown [no_such_setting]" in problems(cls, no_such_setting=1)
        for field in cls.fields():
            if field.about.derived:
                assert f"unknown [{field.name}]" in problems(cls, **{field.name: sample(field)})
                continue
            for wrong in OTHERS[field.json]:
                told = problems(cls, **{field.name: wrong})
                assert any(f"[{field.name}]" in problem for problem in told), (field.name, wrong, told)


@each_task
def test_bounds_hold(task: Task) -> None:
    for cls, field in fields(task):
        about, beyond = field.about, list[object]()
        beyond += [about.at_least - 1] if about.at_least is not None else []
        beyond += [about.at_most + 1] if about.at_most is not None else []
        beyond += [0, -1] if about.positive else []
        beyond += ["no-such-choice"] if about.choices else []
        beyond += ["ftp://x", "http://", "http://user:password@x"] if about.url else []
        beyond += [""] if field.json is str else []
        for value in beyond if not about.derived else []:
            told = problems(cls, **{field.name: field.json(value)})
            assert any(field.name in problem for problem in told), (field.name, value)


@each
def test_a_secret_is_kept_and_never_shown(service: Service, task: Task) -> None:
    for cls, field in fields(task):
        if not field.is_secret:
            continue
        made = cls.__new__(cls)
        for each in cls.fields():
            object.__setattr__(made, each.name, None)
        object.__setattr__(made, field.name, field.kind(sample(field)))
        assert SECRET in str(made.secrets())
        assert made.secret_texts() == [SECRET]
        assert SECRET not in f"{made} {made!r} {made.wire()} {made.plain()} {service.described()}"
