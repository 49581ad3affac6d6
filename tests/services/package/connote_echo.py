"""A service that a package adds: it says again what it is told. All that it needs is here."""

from typing import Any, cast

import msgspec

from connote.contract.chat import Answer, Chat, Delta
from connote.contract.settings import Settings
from connote.services import auth
from connote.services.remote import COMPLETIONS, Key, Limited, Url, per_minute, probe
from connote.services.service import Call, Flow, Post, Service, Site

echo = Service("echo", "Echo", Site("", auth.bearer()))


class EchoSettings(Settings):
    """Service settings."""

    url: Url
    api_key: Key
    rate_limit: Limited = per_minute(1000)


class Reply(msgspec.Struct):
    """What the service answers."""

    said: str


@echo.task(*COMPLETIONS, settings=EchoSettings, check=probe())
def chat(call: Call) -> Flow:
    """Says the last message again."""
    settings, messages = cast("EchoSettings", call.settings), cast("Any", call.chat).messages
    reply: Reply = yield Post(settings.url, {"say": messages[-1].text()}, Reply)
    return Chat(Answer.of(Delta(content=reply.said), id="echo", model="echo", finish="stop"))
