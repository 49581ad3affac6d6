"""Every page, for everybody: by key, by ear, on a narrow screen, in the dark, and at once."""

import gzip
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from conftest import ROOT, Server
from window import Window

AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
BUILT = ROOT / "src" / "connote" / "console"
PAGES = ("/", "/devtools", "/expand?b=a+house", "/search", "/chat", "/models", "/?view=.elser-2-elastic")


def settled(page: Page) -> None:
    """Whatever moves has come to rest."""
    expect(page.get_by_text("Loading the")).to_have_count(0)
    page.wait_for_timeout(400)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, server: Server, path: str, dark: bool) -> None:
    window = Window(browser, dark=dark)
    page = window.open(server.url, path)
    settled(page)
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((result) => result.violations)")
    window.context.close()
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in serious] == []
    assert window.complaints == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_sticks_out_of_a_narrow_screen(browser: Browser, server: Server, path: str) -> None:
    window = Window(browser, width=400)
    page = window.open(server.url, path)
    settled(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    window.context.close()
    assert width <= 400


@pytest.mark.parametrize("width", [400, 1280])
def test_what_can_be_done_with_an_endpoint_is_in_sight(browser: Browser, server: Server, width: int) -> None:
    window = Window(browser, width=width)
    page = window.open(server.url)
    endpoint = page.locator('[data-endpoint=".elser-2-elastic"]')
    expect(endpoint.get_by_text("CPU")).to_be_in_viewport(ratio=1)
    expect(endpoint.get_by_role("button", name="Actions of .elser-2-elastic")).to_be_in_viewport(ratio=1)
    window.context.close()


def test_pages_are_opened_by_keys_and_the_keys_are_listed(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Send the request at the cursor")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("x")
    expect(page.get_by_role("heading", name="Expand")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("d")
    # Tab indents nothing: the editor can be left by key.
    page.get_by_role("textbox", name="Requests").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("textbox", name="Requests")).not_to_be_focused()


def test_keys_that_work_anywhere_can_be_turned_off(page: Page) -> None:
    page.get_by_role("button", name="Keyboard shortcuts").click()
    switch = page.get_by_role("switch", name="Keys that work anywhere")
    switch.press("Space")
    expect(switch).not_to_be_checked()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("x")
    expect(page.get_by_role("heading", name="Inference endpoints")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    switch.press("Space")
    expect(switch).to_be_checked()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("x")
    expect(page.get_by_role("heading", name="Expand")).to_be_visible()


def test_the_colours_that_were_chosen_stay(window: Window, server: Server) -> None:
    page = window.open(server.url)
    page.get_by_text("Dark", exact=True).click(force=True)
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_a_page_is_opened_by_its_address(window: Window, server: Server) -> None:
    page = window.open(server.url, "/models")
    expect(page.get_by_role("heading", name="Catalog")).to_be_visible()
    expect(page.get_by_text("rasyosef/splade-tiny").first).to_be_visible()
    window.open(server.url, "/no-such-page")
    expect(page.get_by_text("There is no such page")).to_be_visible()


def test_the_first_script_is_small_and_the_first_paint_is_at_once(window: Window, server: Server) -> None:
    first = re.findall(r'"\./((?:assets|static)/[^"]+\.(?:js|css))"', (BUILT / "index.html").read_text())
    assert sum("index-" in name for name in first) == 2  # the script, and the style
    assert sum(len(gzip.compress((BUILT / name).read_bytes())) for name in first) < 300_000
    paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity"
    times = []
    for _ in range(3):
        page = window.open(server.url)
        page.get_by_role("heading", name="Inference endpoints").wait_for()
        times.append(page.evaluate(paint))
    assert min(times) < 1_000
