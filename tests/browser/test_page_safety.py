"""What others have written is text to the console, and what is asked of it stays between it and its server."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Page, expect

from chats import Chats, answer, stream
from conftest import Server
from provider import Provider, Reply
from window import Window

EVIL = "<img src=x onerror=window.hit=1><script>window.hit=1</script>"


@pytest.fixture
def server_with_key(data: Path) -> Iterator[Server]:
    """A server that asks for a key."""
    server = Server(data, environment={"CONNOTE_API_KEY": "right-key"})
    yield server
    assert server.stop() == 0


def is_hit(page: Page) -> bool:
    """Whether any of it has run, once images have had the time to fail."""
    page.wait_for_timeout(300)
    return bool(page.evaluate("window.hit"))


def test_documents_and_their_highlights_are_text(window: Window, server: Server, http: httpx.Client) -> None:
    http.delete("/evil")
    fields = {"title": {"type": "text"}, "meaning": {"type": "semantic_text", "inference_id": ".elser-2-elastic"}}
    assert http.put("/evil", json={"mappings": {"properties": fields}}).status_code == 200
    document = {"title": f"sea {EVIL}", "meaning": f"a house by the sea {EVIL}"}
    made = http.put(f"/evil/_doc/{quote(EVIL, safe='')}?refresh=true", json=document, timeout=120)
    assert made.status_code == 201
    page = window.open(server.url, "/search?index=evil&q=sea")
    for way in ("BM25", "Sparse"):
        hit = page.get_by_role("region", name=way).locator("[data-hit]")
        expect(hit).to_contain_text("<script>")
        expect(hit.locator("img, script")).to_have_count(0)
        hit.get_by_role("button", name="Why here?").click()
    expect(page.get_by_role("list", name="What adds to the score").first).to_be_visible()
    assert not is_hit(page)
    page = window.open(server.url, f"/expand?a={quote(EVIL)}&b={quote(EVIL)}")
    expect(page.get_by_role("list", name="Shared tokens")).to_be_visible()
    assert not is_hit(page)
    http.delete("/evil")


def test_models_errors_and_streams_are_text(chats: Chats, window: Window) -> None:
    base = str(chats.http.base_url).rstrip("/")
    link = "[a](javascript:window.hit=1) ![b](JAVASCRIPT:window.hit=1) <javascript:window.hit=1>"
    chats.make("evil", stream("<b>bold</b>", EVIL, link), Reply({"error": {"message": EVIL}}, 400), model=EVIL)
    page = window.open(base)
    expect(page.locator('[data-endpoint="evil"]')).to_contain_text("<img src=x")
    page.get_by_role("button", name="evil", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("region", name="Settings")).to_contain_text("<img src=x")
    page = window.open(base, "/chat?endpoint=evil")
    for said in ("<b>bold</b><img", "Error message: [<img"):
        page.get_by_role("textbox", name="Message").fill("Hi")
        page.keyboard.press("Enter")
        expect(page.get_by_role("log")).to_contain_text(said)
    expect(page.locator("a[href^='javascript:' i], [role=log] img")).to_have_count(0)
    assert not is_hit(page)


def test_a_service_that_refuses_its_key_is_not_taken_for_the_server(chats: Chats, window: Window) -> None:
    chats.make("locked", Reply({"error": {"message": "Incorrect API key provided"}}, 401))
    page = window.open(str(chats.http.base_url).rstrip("/"), "/chat?endpoint=locked")
    page.get_by_role("textbox", name="Message").fill("Hi")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Incorrect API key provided")
    expect(page.get_by_role("alert")).to_contain_text("The server answered 401")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_key_that_no_header_can_hold_is_not_sent(window: Window, server_with_key: Server) -> None:
    page = window.open(server_with_key.url)
    dialog = page.get_by_role("dialog", name="This server asks for an API key")
    dialog.locator("input").fill("clé secrète")
    expect(dialog.get_by_text("letters, digits and signs of ASCII only")).to_be_visible()
    expect(dialog.get_by_role("button", name="Use this key")).to_be_disabled()
    dialog.locator("input").fill("right-key")
    dialog.get_by_role("button", name="Use this key").click()
    expect(page.locator('[data-endpoint=".elser-2-elastic"]')).to_be_visible()
    assert "right-key" not in page.evaluate("JSON.stringify({...localStorage}) + location.href + document.cookie")


def test_who_leaves_a_chat_closes_its_stream(
    chats: Chats, provider_server: tuple[Provider, Server], window: Window
) -> None:
    provider, _ = provider_server
    chats.make("talkative", stream(*["more "] * 5_000, pause=0.05))
    page = window.open(str(chats.http.base_url).rstrip("/"), "/chat?endpoint=talkative")
    page.get_by_role("textbox", name="Message").fill("Hi")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("more more")
    provider.left.clear()
    page.get_by_role("link", name="Models").click()
    assert provider.left.wait(10)


def test_a_settings_change_is_told_and_its_secret_does_not_stay(chats: Chats, remote_page: Page) -> None:
    chats.make("rotating", answer())
    remote_page.goto(f"{remote_page.url}?view=rotating")
    drawer = remote_page.get_by_role("dialog")
    key = drawer.get_by_label("API Key", exact=True)
    key.fill("sk-next")
    drawer.get_by_role("button", name="Save changes").click()
    expect(drawer.get_by_text("Saved")).to_be_visible()
    expect(key).to_have_value("")
    expect(drawer.get_by_role("button", name="Save changes")).to_be_disabled()


def test_what_is_expanded_is_never_that_of_another_text_or_endpoint(window: Window, server: Server) -> None:
    page = window.open(server.url, "/expand?a=the+sea&b=a+sea")
    expect(page.get_by_role("list", name="Shared tokens")).to_be_visible()
    page.get_by_label("Second text").fill("")
    expect(page.get_by_role("list", name="Shared tokens")).to_have_count(0)
    expect(page.get_by_text("Nothing to expand")).to_be_visible()


def test_typing_does_not_flood_the_address(window: Window, server: Server) -> None:
    page = window.open(server.url, "/expand")
    page.evaluate("""() => {
        window.replaced = 0;
        const replace = history.replaceState.bind(history);
        history.replaceState = (...all) => (window.replaced++, replace(...all));
    }""")
    text = page.get_by_label("Text", exact=True)
    text.fill("")
    text.press_sequentially("a cottage near the sea, and a boat")
    page.wait_for_url("**/expand?a=a+cottage+near*")
    assert page.evaluate("window.replaced") < 5
    text.fill("long " * 1_000)
    page.wait_for_url("**/expand")


def test_pages_below_others_are_found(window: Window, server: Server) -> None:
    page = window.open(server.url, "/devtools/")
    expect(page.get_by_role("textbox", name="Requests")).to_be_visible()
    window.open(server.url, "/no/such/page")
    expect(page.get_by_text("There is no such page")).to_be_visible()
    page.get_by_role("link", name="Endpoints").click()
    expect(page.get_by_role("heading", name="Inference endpoints")).to_be_visible()
