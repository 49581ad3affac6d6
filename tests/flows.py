"""Flows do no I/O: what they would send is looked at without any server."""

from collections.abc import Mapping
from typing import Any

from connote.contract.tasks import TaskType
from connote.services.registry import find
from connote.services.service import Call, Endpoint, Open, Post


def endpoint(service: str, task: TaskType, raw: Mapping[str, Any], options: Mapping[str, Any]) -> Endpoint:
    declared = find(service)
    assert declared is not None
    kind = declared.tasks[task]
    return Endpoint(
        "mine",
        kind,
        declared,
        kind.settings.parse(raw, "service_settings", owner=service),
        kind.options.parse(options, "task_settings", owner=service),
        None,
    )


def posted(call: Call) -> Post:
    """The first request of a flow."""
    wish = next(call.endpoint.task.flow(call))
    post = wish.post if isinstance(wish, Open) else wish
    assert isinstance(post, Post)
    return post
