"""A policy: phases of an index's life, each from some age on, and what is done in each.

https://www.elastic.co/docs/manage-data/lifecycle/index-lifecycle-management/index-lifecycle
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract import durations
from connote.contract.errors import IllegalArgument, Unparsable
from connote.contract.settings import java
from connote.search import rollover

Body = Mapping[str, Any]
# The phases in their order, and in each the actions in the order in which they are done.
ORDER: Mapping[str, Sequence[str]] = {
    "hot": ("set_priority", "unfollow", "rollover", "readonly", "shrink", "forcemerge"),
    "warm": ("set_priority", "unfollow", "readonly", "allocate", "migrate", "shrink", "forcemerge"),
    "cold": ("set_priority", "unfollow", "readonly", "allocate", "migrate", "freeze"),
    "frozen": ("unfollow",),
    "delete": ("delete",),
}
_ABSENT = ("downsample", "searchable_snapshot", "wait_for_snapshot")


@dataclass(frozen=True)
class Phase:
    """`min_age` is in seconds; `actions` in their order."""

    name: str
    min_age: float
    actions: Mapping[str, Body]
    shown: Body


@dataclass(frozen=True)
class Policy:
    """`body` is what was given, phases in their order."""

    name: str
    body: Body
    phases: Sequence[Phase]

    @classmethod
    def parse(cls, name: str, body: Body) -> "Policy":
        """`{"phases": {"hot": {"actions": {"rollover": {"max_age": "7d"}}}}}`. Raises Unparsable, IllegalArgument."""
        if not name.strip() or any(char in name for char in ", ") or name.startswith("_") or len(name.encode()) > 255:
            raise IllegalArgument(
                f"invalid policy name [{name[:100]}]: it must not begin with '_', hold commas or spaces, or have more "
                "than 255 bytes"
            )
        _check_keys(body, ("phases", "_meta", "deprecated"), "policy")
        given = _object(body, "phases")
        if unknown := [phase for phase in given if phase not in ORDER]:
            raise IllegalArgument(f"Timeseries lifecycle does not support phase [{unknown[0]}]")
        phases = [_phase(name, given) for name in ORDER if name in given]
        before = 0.0
        for phase in phases:
            if phase.min_age < before:
                raise IllegalArgument(f"phase [{phase.name}] has a [min_age] that is less than that of one before it")
            before = phase.min_age
        if not phases:
            raise IllegalArgument("a policy must have one of the phases [" + ", ".join(ORDER) + "]")
        return cls(name, {**body, "phases": {phase.name: phase.shown for phase in phases}}, phases)

    def at(self, name: str | None) -> Phase | None:
        """The phase of that name; None if it has none."""
        return next((phase for phase in self.phases if phase.name == name), None)

    def after(self, name: str | None) -> Phase | None:
        """The phase that comes after one, which it need not have; the first after None."""
        order = list(ORDER)
        at = -1 if name not in order else order.index(name)
        return next((phase for phase in self.phases if order.index(phase.name) > at), None)


def _phase(name: str, given: Body) -> Phase:
    body = _object(given, name)
    _check_keys(body, ("min_age", "actions"), name)
    actions = _object(body, "actions") if body.get("actions") is not None else {}
    for action, options in actions.items():
        if action in _ABSENT:
            raise IllegalArgument(f"the action [{action}] is not supported; see docs/compatibility.md")
        if action not in ORDER[name]:
            raise IllegalArgument(f"invalid action [{action}] defined in phase [{name}]")
        if not isinstance(options, Mapping):
            raise Unparsable(f"[{action}] must be an object, not [{java(options)[:100]}]")
        if (check := _CHECKS.get(action)) is not None:
            check(options)
    if name == "hot" and actions.keys() & {"forcemerge", "readonly", "shrink"} and "rollover" not in actions:
        raise IllegalArgument("the actions [forcemerge, readonly, shrink] of phase [hot] need [rollover] beside them")
    said = str(body.get("min_age", "0ms"))
    age = durations.seconds(said, "min_age")
    if age is None:
        raise IllegalArgument(f"[min_age] of phase [{name}] must not be negative")
    ordered = {action: actions[action] for action in ORDER[name] if action in actions}
    return Phase(name, age, ordered, {"min_age": said, "actions": ordered})


def _check_rollover(options: Body) -> None:
    if not any(name.startswith("max_") for name in options):
        raise IllegalArgument("At least one max_* rollover condition must be set.")
    rollover.conditions(options)


def _check_merge(options: Body) -> None:
    number = options.get("max_num_segments")
    if type(number) is not int or number < 1:
        raise IllegalArgument("[max_num_segments] must be a positive integer")


def _check_priority(options: Body) -> None:
    number = options.get("priority")
    if "priority" not in options or (number is not None and (type(number) is not int or number < 0)):
        raise IllegalArgument("[priority] must be 0 or greater, or null")


def _check_allocate(options: Body) -> None:
    number = options.get("number_of_replicas", 0)
    if type(number) is not int or number < 0:
        raise IllegalArgument("[number_of_replicas] must be >= 0")
    for kind in ("include", "exclude", "require"):
        _object({kind: options.get(kind) or {}}, kind)


_CHECKS: Mapping[str, Callable[[Body], None]] = {
    "rollover": _check_rollover,
    "forcemerge": _check_merge,
    "set_priority": _check_priority,
    "allocate": _check_allocate,
}


def _object(body: Body, name: str) -> Body:
    given = body.get(name)
    if not isinstance(given, Mapping):
        raise Unparsable(f"[{name}] must be an object, not [{java(given)[:100]}]")
    return given


def _check_keys(body: Body, known: Sequence[str], what: str) -> None:
    if unknown := [name for name in body if name not in known]:
        raise Unparsable(f"[{what}] unknown field [{unknown[0]}]; known are [{', '.join(known)}]")
