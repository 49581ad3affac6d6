"""What a service is: a declaration, and one flow a task.

A flow is a generator that does no I/O: it yields a wish, is sent the reply, and returns a result. The corridor
fulfils the wishes (`connote.endpoints.inference`). The idea is httpx's `Auth.auth_flow`.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connote.contract import chunks
from connote.contract.results import Result
from connote.contract.settings import SERVICE_SETTINGS, TASK_SETTINGS, NoSettings, Settings
from connote.contract.tasks import TaskType
from connote.runtime.catalog import Model
from connote.runtime.fleet import Deployment
from connote.runtime.local import Inputs, Outputs


@dataclass(frozen=True)
class Find:
    """A wish: the catalog row of that id or alias, or None. The reply is a `Model | None`."""

    model: str


@dataclass(frozen=True)
class Run:
    """A wish: run this on this machine. The reply is what the model gives (`Outputs`)."""

    deployment: Deployment
    inputs: Inputs


@dataclass(frozen=True)
class Call:
    """One inference: the endpoint with this request's options, and what it is to work on."""

    endpoint: "Endpoint"
    options: Settings
    inputs: Sequence[str]
    query: str | None = None
    search: bool = False
    top_n: int | None = None
    return_documents: bool | None = None


Flow = Generator[Run, Outputs, Result]
Check = Generator[Find, Model | None, Settings]


@dataclass(frozen=True)
class Task:
    """What a service does for one task type, with the settings that it takes for it.

    `check` looks at the settings of a new endpoint and returns them completed, or raises Rejected. `deployment` tells
    what an endpoint with these settings runs on this machine.
    """

    kind: TaskType
    settings: type[Settings]
    options: type[Settings]
    check: Callable[[TaskType, Settings], Check]
    deployment: Callable[[str, Settings], Deployment]
    flow: Callable[[Call], Flow]


@dataclass(frozen=True)
class Alias:
    """An older name of a service: the warning that its use earns, and the settings that it implies."""

    warning: str
    implied: Mapping[str, Any]


@dataclass(frozen=True)
class Service:
    """A service under its wire name; `aliases` are older names of it."""

    name: str
    title: str
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    tasks: dict[TaskType, Task] = field(default_factory=dict)

    def task(
        self,
        kind: TaskType,
        settings: type[Settings],
        options: type[Settings] = NoSettings,
        *,
        check: Callable[[TaskType, Settings], Check],
        deployment: Callable[[str, Settings], Deployment],
    ) -> Callable[[Callable[[Call], Flow]], Callable[[Call], Flow]]:
        """Declare a task; decorates its flow."""

        def declare(flow: Callable[[Call], Flow]) -> Callable[[Call], Flow]:
            self.tasks[kind] = Task(kind, settings, options, check, deployment, flow)
            return flow

        return declare

    def described(self, kind: TaskType | None = None) -> dict[str, Any]:
        """Its element of `GET _inference/_services`."""
        tasks = [task for task in self.tasks.values() if kind in (None, task.kind)]
        configurations: dict[str, Any] = {}
        for task in tasks:
            for setting in (*task.settings.fields(), *task.options.fields()):
                entry = configurations.setdefault(setting.name, setting.described() | {"supported_task_types": []})
                entry["supported_task_types"].append(task.kind.value)
        return {
            "service": self.name,
            "name": self.title,
            "task_types": [task.kind.value for task in tasks],
            "configurations": configurations,
        }


@dataclass(frozen=True)
class Endpoint:
    """An inference endpoint: a service's task with its settings, under an id."""

    id: str
    task: Task
    service: Service
    settings: Settings
    options: Settings
    chunking: chunks.ChunkingSettings | None
    preconfigured: bool = False

    @property
    def deployment(self) -> Deployment:
        """What it runs on this machine."""
        return self.task.deployment(self.id, self.settings)

    def wire(self) -> dict[str, Any]:
        """The endpoint as PUT answers it and GET lists it."""
        shown: dict[str, Any] = {
            "inference_id": self.id,
            "task_type": self.task.kind.value,
            "service": self.service.name,
            SERVICE_SETTINGS: self.settings.wire(),
        }
        if options := self.options.wire():
            shown[TASK_SETTINGS] = options
        if self.chunking is not None:
            shown[chunks.SCOPE] = chunks.wire(self.chunking)
        return shown
