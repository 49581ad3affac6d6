"""What a service is: a declaration, and one flow a task.

A flow is a generator that does no I/O: it yields a wish, is sent the reply, and returns a result. The corridor
fulfils the wishes (`connote.endpoints.runner`). The idea is httpx's `Auth.auth_flow`.

A third party is asked with `Post`, whose reply is the decoded body. A stream begins with `Open`, whose reply is the
first event; each `Emit` that follows hands chunks on, and its reply is the next event; None is the end, after which a
last `Emit` may follow:

    event = yield Open(Post("/chat/completions", body, Chunk))
    while event is not None:
        event = yield Emit([event])
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import httpx

from connote.contract import chunks
from connote.contract.chat import ChatRequest, Chunk
from connote.contract.content import Content
from connote.contract.policy import NO_POLICY, Policy
from connote.contract.results import Result
from connote.contract.settings import SERVICE_SETTINGS, TASK_SETTINGS, NoSettings, Settings
from connote.contract.tasks import TaskType
from connote.runtime.fleet import Deployment
from connote.runtime.local import Inputs

T = TypeVar("T")
Framing = Literal["sse", "aws", "aws-payload"]


@dataclass(frozen=True)
class Find:
    """A wish: the catalog row of that id or alias, or None. The reply is a `Model | None`."""

    model: str


@dataclass(frozen=True)
class Deployed:
    """A wish: the deployment of a trained model that was started under that id. The reply is a `Deployment | None`."""

    id: str


@dataclass(frozen=True)
class Run:
    """A wish: run this on this machine. The reply is what the model gives (`Outputs`)."""

    deployment: Deployment
    inputs: Inputs


@dataclass(frozen=True)
class Post:
    """A wish: ask a third party. The reply is its body, decoded as `reply` (a msgspec type; bytes for the raw body).

    `url` is a path below the service's own address, or a whole URL that the user has given. `json` is the body, or
    bytes that are sent as they are. `above` is the address above the path where it is not that of the site.
    """

    url: str
    json: Any
    reply: Any = dict
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    above: str | None = None


@dataclass(frozen=True)
class Open:
    """A wish: ask for a stream. The reply is its first event, decoded as `post.reply`; None if it has none.

    `framing`: server-sent events; AWS's binary event stream (an event is then the payload with its `:event-type` as
    the only key above it); or that with `PayloadPart`s, which together are server-sent events or JSON values.
    """

    post: Post
    framing: Framing = "sse"


@dataclass(frozen=True)
class Emit:
    """A wish: hand these chunks on. The reply is the next event; None at the end of the stream."""

    chunks: Sequence[Chunk]


Wish = Find | Deployed | Run | Post | Open | Emit
Flow = Generator[Wish, Any, Result | None]
Check = Generator[Wish, Any, Settings]
Batch = int | Callable[[Settings], int] | None


@dataclass(frozen=True)
class Call:
    """One inference: the endpoint with this request's options, and what it is to work on.

    `inputs` are texts; of the task embedding `contents` are what may be other than text. `chat` is set for chat and
    completion, of which `stream` says whether chunks are wanted. `input_type` is what the request says, lower case.
    `extra` are task settings of the request that are not declared, where the task takes such.
    `task_settings` are those of the request alone; `options` has them.
    """

    endpoint: "Endpoint"
    options: Settings
    inputs: Sequence[str]
    contents: Sequence[Content] = ()
    query: str | None = None
    input_type: str | None = None
    top_n: int | None = None
    return_documents: bool | None = None
    chat: ChatRequest | None = None
    stream: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    task_settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The service settings of the endpoint."""
        return self.endpoint.settings

    @property
    def search(self) -> bool:
        """Whether the input is a query."""
        return self.input_type == "search"

    def fits(self, endpoint: "Endpoint") -> bool:
        """Whether that endpoint could answer it too: a conversation is nothing for one that completes texts only."""
        return endpoint.chats or self.chat is None or bool(self.inputs)


@dataclass(frozen=True)
class Site:
    """A service that is reached over the net.

    `url` is the address above the paths of its flows; `{setting}` in it stands for a service setting. `auth` signs an
    endpoint's requests in. `verified` says how the flows were checked, for the reference.
    """

    url: str
    auth: Callable[[Settings, httpx.URL | None], httpx.Auth]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """What a service does for one task type, with the settings that it takes for it.

    `check` looks at a new endpoint and returns its settings completed, or raises Rejected. `deployment` tells what an
    endpoint with these settings runs on this machine; None for a third party. `batch` is the most inputs of one call,
    or tells it from the service settings. `takes_extra` tells from them whether requests, and they alone, may have task
    settings that are not declared.
    """

    kind: TaskType
    settings: type[Settings]
    options: type[Settings]
    check: Callable[["Endpoint"], Check]
    flow: Callable[[Call], Flow]
    deployment: Callable[[str, Settings], Deployment] | None = None
    batch: Batch = None
    streams: bool = False
    takes_extra: Callable[[Settings], bool] | None = None


@dataclass(frozen=True)
class Alias:
    """An older name of a service: the warning that its use earns, and the settings that it implies."""

    warning: str
    implied: Mapping[str, Any]


@dataclass(frozen=True)
class Service:
    """A service under its wire name; `aliases` are older names of it. A hidden one is not listed.

    `about` is what the reference says of it, if the docstring of its module does not.
    """

    name: str
    title: str
    site: Site | None = None
    about: str = ""
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    hidden: bool = False
    tasks: dict[TaskType, Task] = field(default_factory=dict)

    def task(
        self,
        *kinds: TaskType,
        settings: type[Settings],
        options: type[Settings] = NoSettings,
        check: Callable[["Endpoint"], Check],
        deployment: Callable[[str, Settings], Deployment] | None = None,
        batch: Batch = None,
        streams: bool = False,
        takes_extra: Callable[[Settings], bool] | None = None,
    ) -> Callable[[Callable[[Call], Flow]], Callable[[Call], Flow]]:
        """Declare a task, or several that one flow does; decorates the flow."""

        def declare(flow: Callable[[Call], Flow]) -> Callable[[Call], Flow]:
            for kind in kinds:
                self.tasks[kind] = Task(kind, settings, options, check, flow, deployment, batch, streams, takes_extra)
            return flow

        return declare

    def described(self, kind: TaskType | None = None) -> dict[str, Any]:
        """Its element of `GET _inference/_services`."""
        tasks = [task for task in self.tasks.values() if kind in (None, task.kind)]
        configurations: dict[str, Any] = {}
        for task in tasks:
            for scope, settings in ((SERVICE_SETTINGS, task.settings), (TASK_SETTINGS, task.options)):
                for setting in settings.fields():
                    if setting.about.derived:
                        continue
                    for name, shown in setting.described().items():
                        entry = configurations.setdefault(name, shown | {"scope": scope, "supported_task_types": []})
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
    policy: Policy = NO_POLICY
    wish: Deployment | None = None  # what it runs on this machine, where its settings do not tell

    @property
    def chats(self) -> bool:
        """Whether it takes messages: chat_completion does, and so does completion where one flow does both."""
        chat = self.service.tasks.get(TaskType.CHAT_COMPLETION)
        return chat is not None and chat.flow is self.task.flow

    @property
    def deployment(self) -> Deployment | None:
        """What it runs on this machine, if anything."""
        if self.wish is not None or self.task.deployment is None:
            return self.wish
        return self.task.deployment(self.id, self.settings)

    @property
    def batch(self) -> int | None:
        """The most inputs of one call, if there is a most."""
        return self.task.batch(self.settings) if callable(self.task.batch) else self.task.batch

    @property
    def takes_extra(self) -> bool:
        """Whether a request may have task settings that are not declared."""
        return self.task.takes_extra is not None and self.task.takes_extra(self.settings)

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
        return shown | self.policy.wire()
