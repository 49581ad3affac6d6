"""A real browser before the console: Debian's Chromium, driven by Playwright."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

from provider import Provider

if TYPE_CHECKING:
    from conftest import Server

ROOT = Path(__file__).parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL = ("apt-get update -qq", "apt-get install -qq --yes --no-install-recommends chromium")


def chromium() -> str | None:
    """Where it is; a root who has apt-get gets it."""
    if not (found := next(filter(None, map(shutil.which, NAMES)), None)) and os.geteuid() == 0:
        with suppress(OSError):
            for command in INSTALL:
                subprocess.run(command.split(), capture_output=True, timeout=280, check=False)  # noqa: S603
        found = shutil.which(NAMES[0])
    return found


@pytest.fixture(scope="session")
def console() -> None:
    """The console, built."""
    built = subprocess.run(  # noqa: S603
        [sys.executable, ROOT / "console" / "build.py"], capture_output=True, text=True, timeout=280, check=False
    )
    assert built.returncode == 0, built.stderr
    if not (ROOT / "src" / "connote" / "console" / "index.html").is_file():
        assert os.environ.get("CI") != "true", built.stderr
        pytest.skip(built.stderr)


@pytest.fixture(scope="module")
def browser(console: None) -> Iterator[Browser]:  # noqa: ARG001 (it is what is looked at)
    """One browser for the tests of a file; each has a profile of its own in it.

    Not for all: as long as Playwright lives no test can have an event loop of its own.
    """
    path = chromium()
    if path is None:
        assert os.environ.get("CI") != "true", "Chromium is missing, and cannot be installed"
        pytest.skip("Chromium is missing: apt-get install chromium")
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        # Chromium has no sandbox for root, which tests may be.
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield running
        running.close()


class Window:
    """A window with the console of a server. It remembers what the page complained of."""

    def __init__(self, browser: Browser, *, dark: bool = False, width: int = 1320) -> None:
        scheme: Literal["dark", "light"] = "dark" if dark else "light"
        self.context = browser.new_context(viewport={"width": width, "height": 860}, color_scheme=scheme)
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, url: str, path: str = "/") -> Page:
        self.page.goto(f"{url}/console{path}")
        self.page.get_by_role("navigation").or_(self.page.get_by_role("button", name="Open the menu")).first.wait_for()
        return self.page

    def _heard(self, message: ConsoleMessage) -> None:
        # That the server refuses something, or is away, is part of the story.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    """A fresh window. The test fails if the page throws, or asks for what its policy forbids."""
    opened = Window(browser)
    yield opened
    opened.context.close()
    assert opened.complaints == []


@pytest.fixture
def page(window: Window, server: "Server") -> Page:
    """The console of the shared server."""
    return window.open(server.url)


@pytest.fixture
def remote_page(window: Window, provider_server: tuple[Provider, "Server"]) -> Page:
    """The console of the connote whose services are the provider."""
    return window.open(provider_server[1].url)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder for servers of a test's own."""
    return tmp_path / "data"


def paste(editor: Locator, text: str) -> None:
    """Put a text in as the clipboard would."""
    paste = """(element, text) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", text);
        element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }"""
    editor.evaluate(paste, text)
