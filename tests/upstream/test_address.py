"""Where requests go."""

import httpx
import msgspec
import pytest

from connote.config import ServiceConfig
from connote.contract.errors import IllegalArgument, Rejected
from connote.contract.settings import NoSettings
from connote.services.openai import openai
from connote.services.service import Post, Site
from connote.upstream import address
from connote.upstream.settings import Access

GATEWAY = Access(base_url=httpx.URL("https://gateway.example/openai"))


def asked(path: str) -> str:
    site = openai.site or Site("", lambda *_: httpx.Auth())
    return str(address.of(site, GATEWAY, NoSettings(), Post(path, {})))


@pytest.mark.parametrize("step", [".", ".."])
def test_a_setting_is_no_step_to_another_part_of_a_gateway(step: str) -> None:
    with pytest.raises(Rejected, match="cannot be part of a path"):
        asked(f"/deployments/{step}/chat")


def test_dots_that_are_no_steps_stay() -> None:
    assert asked("/models/..a/v1.5?x=/../y") == "https://gateway.example/openai/models/..a/v1.5?x=/../y"


@pytest.mark.parametrize("name", ["base_url", "token_url"])
def test_an_address_that_errors_may_tell_has_no_password(name: str) -> None:
    with pytest.raises(IllegalArgument, match=rf"\[services.openai\] {name} must be a URL without a user in it"):
        msgspec.convert({name: "https://me:pass@gateway.example"}, ServiceConfig).access("openai")
    assert ServiceConfig(proxy="https://me:pass@proxy.example").access("openai").proxy is not None
