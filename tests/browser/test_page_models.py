"""Models are fetched, uploaded, started, scaled and stopped."""

import base64
from pathlib import Path

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


def test_why_a_model_could_not_be_fetched_is_told_at_it(window: Window, data: Path) -> None:
    server = Server(data, environment={"HF_HUB_OFFLINE": "1"})
    page = window.open(server.url, "/models")
    page.get_by_role("button", name="Get it").first.click()
    expect(page.get_by_role("alert")).to_contain_text("HF_HUB_OFFLINE is set")
    expect(page.get_by_role("button", name="Try again to get it")).to_be_visible()
    assert server.stop() == 0


def test_how_far_an_upload_is_can_be_seen(window: Window, server: Server, http: httpx.Client) -> None:
    body = {"model_type": "pytorch", "inference_config": {"pass_through": {}}}
    assert http.put("/_ml/trained_models/far-away", json=body).status_code == 200
    page = window.open(server.url, "/models")
    expect(page.get_by_text("Its definition is still to be uploaded.")).to_be_visible()
    part = {
        "definition": base64.b64encode(b"x" * 1_000_000).decode(),
        "total_definition_length": 4_000_000,
        "total_parts": 4,
    }
    assert http.put("/_ml/trained_models/far-away/definition/0", json=part).status_code == 200
    expect(page.get_by_text("1 of 4 parts are here, 1.0 MB of 4.0 MB.")).to_be_visible()
    expect(page.get_by_role("progressbar", name="far-away is on its way")).to_have_attribute("aria-valuenow", "25")
    http.delete("/_ml/trained_models/far-away?force=true")
