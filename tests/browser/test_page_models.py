"""Models are started, scaled and stopped by hand."""

import httpx
import pytest
from playwright.sync_api import expect

from conftest import Server
from connote.runtime.fleet import CORES
from window import Window


def test_a_model_is_started_scaled_and_stopped(window: Window, server: Server, http: httpx.Client) -> None:
    if "no handler found" in http.get("/_ml/trained_models").text:
        pytest.skip("this connote has no API for trained models")
    page = window.open(server.url, "/models")
    page.get_by_role("button", name="Start a deployment").first.click()
    more = page.get_by_role("button", name="One worker more for .elser_model_2")
    expect(more).to_be_visible()
    more.click()
    if CORES > 1:
        expect(page.get_by_text("2 workers").first).to_be_visible()
    page.get_by_role("button", name="Stop").first.click()
    expect(more).to_have_count(0)
