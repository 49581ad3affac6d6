"""Dev Tools with what people paste by mistake, and with what is large, slow or foreign."""

import json
import threading
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from chats import Chats, stream
from conftest import Server
from provider import Provider, Reply
from window import Window, paste


@pytest.fixture
def index(http: httpx.Client) -> Iterator[str]:
    """An empty index."""
    http.delete("/typed")
    assert http.put("/typed").status_code == 200
    yield "typed"
    http.delete("/typed")


def write(page: Page, text: str) -> Locator:
    """Replace all that is in the editor."""
    editor = page.get_by_role("textbox", name="Requests")
    editor.press("ControlOrMeta+a")
    editor.press("Delete")
    paste(editor, text)
    return editor


def send(page: Page) -> Locator:
    """Send, and give the answer."""
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    return page.get_by_role("textbox", name="Answer")


def test_a_get_with_a_body_never_writes(window: Window, server: Server, http: httpx.Client, index: str) -> None:
    page = window.open(server.url, "/devtools")
    write(page, f'GET {index}/_doc/1\n{{"a": 1}}')
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("POST may change something here")
    write(page, f'GET {index}/_mapping\n{{"properties": {{"a": {{"type": "text"}}}}}}')
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("POST may change something here")
    assert http.get(f"/{index}/_doc/1").status_code == 404
    assert http.get(f"/{index}/_mapping").json() == {index: {"mappings": {}}}
    write(page, f'GET {index}/_search\n{{"query": {{"match_all": {{}}}}}}')
    expect(send(page)).to_contain_text('"hits"')


def test_large_numbers_are_shown_and_sent_as_they_are(window: Window, server: Server, index: str) -> None:
    page = window.open(server.url, "/devtools")
    write(page, f'PUT {index}/_doc/1?refresh=true\n{{"n": 9223372036854775807, "f": 1.10}}\nGET {index}/_source/1')
    page.get_by_role("textbox", name="Requests").press("ControlOrMeta+a")
    answer = send(page)
    expect(answer).to_contain_text("9223372036854775807")
    page.get_by_role("button", name="Copy as").click()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("menuitem", name="Python").click()
    expect(page.get_by_text("Copied as Python")).to_be_visible()
    assert '"n": 9223372036854775807' in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("documents", [1, 100])
def test_an_answer_of_eleven_megabytes_is_drawn_in_part(
    window: Window, server: Server, http: httpx.Client, index: str, documents: int
) -> None:
    http.put(f"/{index}/_mapping", json={"dynamic": False}).raise_for_status()
    lines = ['{"index": {}}', json.dumps({"t": "some words " * (1_000_000 // documents)})] * documents
    headers = {"Content-Type": "application/x-ndjson"}
    http.post(f"/{index}/_bulk?refresh=true", content="\n".join(lines) + "\n", headers=headers).raise_for_status()
    page = window.open(server.url, "/devtools")
    write(page, f"GET {index}/_search?size=100")
    expect(send(page)).to_contain_text('"timed_out": false')
    expect(page.get_by_text("11 MB")).to_be_visible()
    assert page.evaluate("document.querySelectorAll('*').length") < 2_000
    assert page.evaluate("document.body.innerText.length") < 1_000_000


def test_what_is_nested_without_end_is_told_and_breaks_nothing(page: Page) -> None:
    page.get_by_role("link", name="Dev Tools").click()
    write(page, "POST x\n" + "[" * 20_000)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("more than 1000 levels deep")
    page.reload()
    expect(page.get_by_role("textbox", name="Requests")).to_contain_text("POST x")


def test_indenting_leaves_the_cursor_in_its_request(page: Page, http: httpx.Client) -> None:
    assert http.put("/kept").status_code == 200
    page.get_by_role("link", name="Dev Tools").click()
    editor = write(page, 'DELETE kept\n\nPOST _connote/_chunk\n{"text":"two words"}\n')
    editor.press("ControlOrMeta+i")
    expect(editor).to_contain_text('"text": "two words"')
    editor.press("ControlOrMeta+Enter")
    expect(page.get_by_role("textbox", name="Answer")).to_contain_text('"chunks"')
    assert http.delete("/kept").json() == {"acknowledged": True}


@pytest.mark.parametrize("path", [r"\\evil.example/x", "/\t/evil.example/x", "//evil.example/x"])
def test_a_path_names_no_other_host(window: Window, server: Server, path: str) -> None:
    page = window.open(server.url, "/devtools")
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    write(page, f"GET {path}")
    expect(send(page)).to_contain_text("no handler found")
    assert [url for url in asked if not url.startswith(f"{server.url}/")] == []


def test_secrets_are_not_kept_by_the_browser(page: Page) -> None:
    page.get_by_role("link", name="Dev Tools").click()
    write(page, 'POST _connote/_chunk\n{"text": "a", "service_settings": {"api_key": "sk-very-secret"}}')
    send(page)
    assert "sk-very-secret" not in page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert "service_settings" in page.evaluate("localStorage['connote.history']")
    # As long as the tab lives, what was written is there.
    page.get_by_role("link", name="Chat").click()
    page.get_by_role("link", name="Dev Tools").click()
    expect(page.get_by_role("textbox", name="Requests")).to_contain_text("sk-very-secret")


def test_an_address_puts_nothing_but_an_id_into_the_editor(window: Window, server: Server) -> None:
    page = window.open(server.url, f"/devtools?try={quote('x' + chr(10) + 'DELETE kept')}&task=rerank")
    editor = page.get_by_role("textbox", name="Requests")
    expect(editor).to_contain_text("POST _inference")
    expect(editor).not_to_contain_text("DELETE")


def held(reply: Reply, gate: threading.Event, before: int) -> Reply:
    """The reply, which waits for the gate after some of its pieces."""

    def pieces() -> Iterator[bytes]:
        for at, piece in enumerate(reply.pieces or ()):
            if at == before:
                gate.wait(20)
            yield piece

    return Reply(headers=reply.headers, pieces=pieces())


def test_a_stream_that_pauses_is_shown_up_to_its_last_word_and_goes_on_elsewhere(chats: Chats, window: Window) -> None:
    gate = threading.Event()
    chats.make("pausing", held(stream("One ", "two ", "three"), gate, before=2))
    page = window.open(str(chats.http.base_url).rstrip("/"), "/devtools?try=pausing&task=chat_completion")
    page.get_by_role("button", name="Send", exact=True).click()
    said = page.get_by_role("log", name="Stream")
    expect(said).to_have_text("One two ")
    page.get_by_role("link", name="Models").click()
    page.get_by_role("link", name="Dev Tools").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    gate.set()
    expect(said).to_have_text("One two three")


def test_a_stream_without_end_is_stopped(
    chats: Chats, provider_server: tuple[Provider, Server], window: Window
) -> None:
    provider, _ = provider_server
    chats.make("endless", stream(*["more "] * 5_000, pause=0.05))
    page = window.open(str(chats.http.base_url).rstrip("/"), "/devtools?try=endless&task=chat_completion")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("log", name="Stream")).to_contain_text("more more more")
    provider.left.clear()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("alert")).to_contain_text("Stopped")
    expect(page.get_by_text("200 OK")).to_be_visible()
    assert provider.left.wait(10)
