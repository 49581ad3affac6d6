"""What people do with the console, from the first look to the last."""

import signal
from pathlib import Path

import httpx
from playwright.sync_api import Locator, Page, expect

from chats import Chats, answer, stream
from conftest import Server
from provider import Provider, Reply
from window import Window, paste


def row(page: Page, id: str) -> Locator:
    """An endpoint's row in the table."""
    return page.locator(f'[data-endpoint="{id}"]')


def watch(page: Page) -> None:
    """From now on remember what a log says, each time that the page changes."""
    page.evaluate("""() => {
        window.seen = [];
        const look = () => window.seen.push(document.querySelector("[role=log]")?.innerText ?? "");
        new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    }""")


def seen(page: Page) -> list[str]:
    """What it said, in turn."""
    return list(page.evaluate("window.seen"))


def test_from_the_endpoints_over_dev_tools_to_what_a_text_expands_to(page: Page) -> None:
    elser = row(page, ".elser-2-elastic")
    expect(elser.get_by_text("preconfigured")).to_be_visible()
    expect(elser.get_by_text("CPU")).to_be_visible()
    elser.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Try in Dev Tools").click()

    editor = page.get_by_role("textbox", name="Requests")
    expect(editor).to_contain_text("POST _inference/.elser-2-elastic")
    editor.press("ControlOrMeta+Enter")
    expect(page.get_by_text("200 OK")).to_be_visible()
    expect(page.get_by_role("textbox", name="Answer")).to_contain_text('"sparse_embedding"')
    page.get_by_text("Tokens", exact=True).click()
    expect(page.get_by_role("list", name="Weights")).to_contain_text("mansion")

    page.get_by_role("link", name="Expand").click()
    page.get_by_label("Text", exact=True).fill("a cottage near the sea")
    chips = page.get_by_role("list").filter(has_not=page.get_by_role("list"))
    expect(chips.filter(has_text="cottage").first).to_be_visible()
    page.get_by_role("button", name="Compare with a second text").click()
    page.get_by_label("Second text").fill("a house on the coast")
    shared = page.get_by_role("list", name="Shared tokens")
    expect(shared).to_contain_text("sea")
    assert float(page.get_by_test_id("score").inner_text()) > 0


def test_requests_of_all_kinds_are_sent_as_they_are_pasted(page: Page) -> None:
    page.get_by_role("link", name="Dev Tools").click()
    editor = page.get_by_role("textbox", name="Requests")
    editor.press("ControlOrMeta+a")
    paste(
        editor,
        '# a comment\nget /_connote/models // another\n\nPOST _connote/_chunk\n{ "text": """two\nlines""", }\n\n'
        "GET _no/such/path\n",
    )
    editor.press("ControlOrMeta+a")
    editor.press("ControlOrMeta+Enter")
    answers = page.get_by_role("tablist", name="Answers")
    expect(answers.get_by_role("tab")).to_have_count(3)
    expect(answers.get_by_role("tab").nth(1)).to_contain_text("200 OK")
    expect(answers.get_by_role("tab").nth(2)).to_contain_text("400 Bad Request")
    expect(page.get_by_role("textbox", name="Answer")).to_contain_text("no handler found")
    answers.get_by_role("tab").nth(1).click()
    expect(page.get_by_role("textbox", name="Answer")).to_contain_text(r"two\nlines")
    page.keyboard.press("ArrowRight")
    expect(answers.get_by_role("tab").nth(2)).to_be_focused()
    expect(page.get_by_role("tabpanel")).to_contain_text("no handler found")
    page.get_by_role("button", name="Indent").click()
    expect(editor).to_contain_text("GET /_connote/models")
    page.get_by_role("button", name="History").click()
    expect(page.get_by_role("dialog", name="History").get_by_role("button").filter(has_text="_chunk")).to_be_visible()


def test_a_command_line_of_curl_is_pasted_as_the_request_that_it_sends(page: Page) -> None:
    page.get_by_role("link", name="Dev Tools").click()
    editor = page.get_by_role("textbox", name="Requests")
    editor.press("ControlOrMeta+a")
    paste(editor, """curl -X POST "http://localhost:9200/_connote/_chunk" -d '{"text": "it'"'"'s short"}'""")
    expect(editor).to_contain_text("POST /_connote/_chunk")
    editor.press("ControlOrMeta+Enter")
    expect(page.get_by_role("textbox", name="Answer")).to_contain_text("it's short")


def test_answers_are_chosen_by_key_and_a_table_keeps_its_columns(page: Page) -> None:
    page.get_by_role("link", name="Dev Tools").click()
    editor = page.get_by_role("textbox", name="Requests")
    editor.press("ControlOrMeta+a")
    paste(editor, "GET _cat/health?v\n\nGET _connote/models\n")
    editor.press("ControlOrMeta+a")
    editor.press("ControlOrMeta+Enter")
    tabs = page.get_by_role("tablist", name="Answers").get_by_role("tab")
    expect(tabs.nth(1)).to_contain_text("200 OK")
    tabs.nth(1).focus()
    page.keyboard.press("ArrowLeft")
    expect(tabs.nth(0)).to_be_focused()
    expect(tabs.nth(0)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("textbox", name="Answer").locator(".cm-line").first).to_contain_text("epoch      timestamp")


def test_paths_endpoints_and_bodies_are_completed_from_what_is_there(page: Page) -> None:
    page.get_by_role("link", name="Dev Tools").click()
    editor = page.get_by_role("textbox", name="Requests")
    editor.press("ControlOrMeta+a")
    editor.press("Delete")
    options = page.get_by_role("listbox", name="Completions")

    def complete(typed: str, expected: str) -> None:
        editor.press_sequentially(typed)
        expect(options.get_by_role("option").first).to_contain_text(expected)
        page.wait_for_timeout(200)  # CodeMirror takes no Enter right after a list has opened
        editor.press("Enter")

    complete("POST _inf", "_inference")
    complete("/.elser-2-elastic", ".elser-2-elastic")
    editor.press("Enter")
    editor.press_sequentially('{\n"inp')
    expect(options).to_contain_text('"input"')


def test_a_request_is_copied_as_a_program(window: Window, server: Server) -> None:
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = window.open(server.url, "/devtools")
    for language, part in (("Python", "client.inference.inference("), ("curl", "curl -X POST")):
        page.get_by_role("button", name="Copy as").click()
        page.get_by_role("menuitem", name=language).click()
        expect(page.get_by_text(f"Copied as {language}")).to_be_visible()
        assert part in page.evaluate("navigator.clipboard.readText()")


def test_an_endpoint_is_added_and_the_servers_error_stands_at_its_field(remote_page: Page, provider: Provider) -> None:
    page = remote_page
    provider.tell("/added", answer())
    page.get_by_role("button", name="Add endpoint").click()
    form = page.get_by_role("dialog")
    form.get_by_role("combobox", name="Service").fill("openai")
    page.get_by_role("option", name="OpenAI", exact=True).click()
    form.get_by_role("combobox", name="Task type").click()
    page.get_by_role("option", name="chat completion").click()
    form.get_by_role("button", name="Add endpoint").click()
    expect(form.get_by_text("Model ID is required")).to_be_visible()
    form.get_by_role("textbox", name="Endpoint id").fill("Not an id")
    expect(form.get_by_text("Use lower-case letters")).to_be_visible()
    form.get_by_role("textbox", name="Endpoint id").fill("added")
    form.get_by_role("textbox", name="Model ID").fill("gpt")
    form.get_by_role("button", name="more settings").click()
    form.get_by_label("API Key", exact=True).fill("sk-1")
    url = form.get_by_role("textbox", name="URL", exact=True)
    url.fill("nowhere")
    form.get_by_role("button", name="Add endpoint").click()
    expect(form.get_by_text("it must be a whole address")).to_be_visible()
    url.fill(f"{provider.url}/added")
    form.get_by_role("button", name="Add endpoint").click()
    expect(row(page, "added")).to_be_visible()
    assert provider.asked[-1].headers["authorization"] == "Bearer sk-1"


def test_a_chat_is_shown_while_it_is_written(chats: Chats, window: Window) -> None:
    chats.make("talker", stream("More ", "than ", "the literal ", "word.", pause=0.4))
    page = window.open(str(chats.http.base_url).rstrip("/"), "/chat?endpoint=talker")
    watch(page)
    page.get_by_role("textbox", name="Message").fill("What does connote mean?")
    page.keyboard.press("Enter")
    log = page.get_by_role("log")
    expect(log).to_contain_text("More than the literal word.")
    assert [text for text in seen(page) if "More than" in text and "word." not in text]
    expect(log).to_contain_text("2 tokens read, 4 written")


def test_a_stream_is_shown_live_in_dev_tools_too(chats: Chats, window: Window) -> None:
    chats.make("streamer", stream("One ", "two ", "three", pause=0.4))
    page = window.open(str(chats.http.base_url).rstrip("/"), "/devtools?try=streamer&task=chat_completion")
    watch(page)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("log", name="Stream")).to_have_text("One two three")
    assert [text for text in seen(page) if "One two" in text and "three" not in text]


def test_what_fails_in_a_chat_is_told_in_it(chats: Chats, window: Window) -> None:
    chats.make("failing-chat", Reply({"error": {"message": "no such tone"}}, 400))
    page = window.open(str(chats.http.base_url).rstrip("/"), "/chat?endpoint=failing-chat")
    page.get_by_role("textbox", name="Message").fill("Hi")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("no such tone")


def test_a_key_that_a_third_party_refuses_is_not_taken_for_one_of_connotes(chats: Chats, window: Window) -> None:
    chats.make("refused", Reply({"error": {"message": "Incorrect API key provided"}}, 401))
    page = window.open(str(chats.http.base_url).rstrip("/"), "/chat?endpoint=refused")
    page.get_by_role("textbox", name="Message").fill("Hi")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The service does not take the endpoint's key")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_a_model_says_is_shaped_but_never_html(chats: Chats, window: Window) -> None:
    chats.make("shaping", stream("Be **bold**", "\n\n<b onclick='x'>not so</b>\n\n```\nx = 1\n```"))
    page = window.open(str(chats.http.base_url).rstrip("/"), "/chat?endpoint=shaping")
    page.get_by_role("textbox", name="Message").fill("Hi")
    page.keyboard.press("Enter")
    log = page.get_by_role("log")
    expect(log.locator("strong")).to_have_text("bold")
    expect(log.locator("pre")).to_have_text("x = 1")
    expect(log).to_contain_text("<b onclick='x'>not so</b>")
    page.get_by_role("button", name="New conversation").click()
    expect(log).to_contain_text("Say something")


def test_an_endpoint_in_use_is_deleted_only_after_its_users_were_shown(chats: Chats, remote_page: Page) -> None:
    chats.make("spare", answer())
    chats.make("first", answer(), fallback=["spare"])
    page = remote_page
    page.reload()
    page.get_by_role("button", name="Actions of spare").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("fallback or shadow of inference endpoints: [first]")
    delete = dialog.get_by_role("button", name="Delete")
    expect(delete).to_be_disabled()
    dialog.get_by_role("checkbox").check()
    delete.click()
    expect(row(page, "spare")).to_have_count(0)
    assert chats.http.get("/_inference/spare").status_code == 404
    row(page, ".elser-2-elastic").get_by_role("button", name="Actions").click()
    expect(page.get_by_role("menuitem", name="Delete")).to_be_disabled()


def test_settings_are_changed_in_place(chats: Chats, remote: httpx.Client, remote_page: Page) -> None:
    chats.make("changing", answer())
    remote_page.goto(f"{remote_page.url}?view=changing")
    drawer = remote_page.get_by_role("dialog")
    drawer.get_by_role("textbox", name="Rate Limit").fill("7")
    drawer.get_by_role("button", name="Save changes").click()
    expect(drawer.get_by_role("region", name="Settings")).to_contain_text('"requests_per_minute": 7')
    settings = remote.get("/_inference/changing").json()["endpoints"][0]["service_settings"]
    assert settings["rate_limit"] == {"requests_per_minute": 7}
    drawer.get_by_role("textbox", name="Rate Limit").fill("")
    drawer.get_by_role("button", name="Save changes").click()
    expect(drawer.get_by_role("region", name="Settings")).to_contain_text('"requests_per_minute": 500')


def test_a_key_is_asked_for_when_it_is_missing_and_when_it_has_expired(window: Window, data: Path) -> None:
    first = Server(data, environment={"CONNOTE_API_KEY": "old-key"})
    page = window.open(first.url)
    dialog = page.get_by_role("dialog", name="This server asks for an API key")
    for key in ("wrong", "old-key"):
        dialog.locator("input").fill(key)
        dialog.get_by_role("button", name="Use this key").click()
        if key == "wrong":
            expect(dialog.get_by_text("The key was refused")).to_be_visible()
    expect(row(page, ".elser-2-elastic")).to_be_visible()
    assert first.stop() == 0

    second = Server(data, "--port", first.url.rsplit(":", 1)[1], environment={"CONNOTE_API_KEY": "new-key"})
    expect(dialog.get_by_text("The key was refused")).to_be_visible()
    dialog.locator("input").fill("new-key")
    dialog.get_by_role("button", name="Use this key").click()
    expect(row(page, ".elser-2-elastic")).to_be_visible()
    assert second.stop() == 0


def test_a_server_goes_away_and_comes_back(window: Window, data: Path) -> None:
    first = Server(data)
    page = window.open(first.url)
    expect(row(page, ".elser-2-elastic")).to_be_visible()
    assert first.stop() == 0
    expect(page.get_by_text("connote does not answer. Trying again")).to_be_visible()
    second = Server(data, "--port", first.url.rsplit(":", 1)[1])
    expect(page.get_by_text("connote does not answer")).to_have_count(0)
    expect(row(page, ".elser-2-elastic")).to_be_visible()
    assert second.stop() == 0


def test_a_server_that_hangs_is_told_from_one_that_is_quiet(window: Window, data: Path) -> None:
    server = Server(data)
    page = window.open(server.url)
    expect(row(page, ".elser-2-elastic")).to_be_visible()
    server.process.send_signal(signal.SIGSTOP)
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_text("connote does not answer. Trying again")).to_be_visible()
    assert len(asked) < 12  # questions do not pile up
    server.process.send_signal(signal.SIGCONT)
    expect(page.get_by_text("connote does not answer")).to_have_count(0)
    assert server.stop() == 0
