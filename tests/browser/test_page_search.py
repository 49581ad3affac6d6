"""An index, searched in every way at once."""

import json
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from conftest import Server
from window import Window

SEMANTIC = {"meaning": ".elser-2-elastic", "dense": ".multilingual-e5-small-elasticsearch"}
MAPPING = {
    "title": {"type": "text", "copy_to": list(SEMANTIC)},
    "city": {"type": "keyword"},
    "floor": {"type": "integer"},
    "location": {"type": "geo_point"},
    **{name: {"type": "semantic_text", "inference_id": id} for name, id in SEMANTIC.items()},
}
PROPERTIES = [
    ("A cottage on the coast, with a view over the waves", "Whitby", (54.48, -0.61)),
    ("A flat in the midst of the city, near the theatres", "London", (51.51, -0.12)),
    ("A quiet house near the sea", "Brighton", (50.82, -0.14)),
    ("A farm in the hills, far from everything", "Kendal", (54.33, -2.75)),
]


@pytest.fixture
def properties(http: httpx.Client) -> Iterator[str]:
    """A small index."""
    if "no handler found" in http.get("/_cat/indices?format=json").text:
        pytest.skip("this connote has no API for indices")
    http.delete("/properties")
    assert http.put("/properties", json={"mappings": {"properties": MAPPING}}).status_code == 200
    lines = list[dict[str, object]]()
    for floor, (title, city, (lat, lon)) in enumerate(PROPERTIES):
        place = {"lat": lat, "lon": lon}
        lines += [{"index": {}}, {"title": title, "city": city, "floor": floor, "location": place}]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    headers = {"Content-Type": "application/x-ndjson"}
    done = http.post("/properties/_bulk?refresh=true", content=body, headers=headers, timeout=120)
    assert not done.json()["errors"], done.text
    yield "properties"
    http.delete("/properties")


def test_an_index_is_searched_by_words_and_by_meaning_side_by_side(
    window: Window, server: Server, properties: str
) -> None:
    page = window.open(server.url, "/search")
    page.get_by_role("combobox", name="Index").click()
    page.get_by_role("option", name=properties).click()
    page.get_by_role("searchbox", name="Query").fill("a house by the sea")
    page.keyboard.press("Enter")
    for way in ("BM25", "Sparse", "Dense", "Hybrid"):
        column = page.get_by_role("region", name=way)
        expect(column.get_by_role("listitem").first).to_contain_text("A quiet house near the sea")
        expect(column).to_contain_text("ms in the engine")
    expect(page.get_by_role("img", name="Where 4 hits are")).to_be_visible()
    sparse = page.get_by_role("region", name="Sparse").get_by_role("listitem").first
    sparse.get_by_role("button", name="Why here?").click()
    expect(sparse.get_by_role("list", name="What adds to the score")).to_be_visible()  # the link moves as it comes
    sparse.get_by_role("link", name="See the tokens").click()
    expect(page.get_by_role("list", name="Shared tokens")).to_contain_text("sea")


def test_a_filter_holds_for_every_way(window: Window, server: Server, properties: str) -> None:
    page = window.open(server.url, f"/search?index={properties}&q=a+house+by+the+sea")
    filter_by(page, "city", "London")
    for way in ("Sparse", "Dense", "Hybrid"):
        hits = page.get_by_role("region", name=way).locator("[data-hit]")
        expect(hits).to_have_count(1)
        expect(hits.first).to_contain_text("theatres")
    page.get_by_role("button", name="Remove the filter on city").click()
    expect(page.get_by_role("region", name="Dense").locator("[data-hit]")).to_have_count(4)


def test_ranges_filter_too_values_are_suggested_and_the_address_keeps_it_all(
    window: Window, server: Server, properties: str
) -> None:
    page = window.open(server.url, f"/search?index={properties}&q=a+house+by+the+sea")
    filter_by(page, "floor", ">= 2")
    hits = page.get_by_role("region", name="Dense").locator("[data-hit]")
    expect(hits).to_have_count(2)
    page.get_by_role("combobox", name="Field to filter by").click()
    page.get_by_role("option", name="city", exact=True).click()
    page.get_by_role("combobox", name="Value").click()
    page.get_by_role("option", name="Kendal").click()
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(hits).to_have_count(1)
    page.reload()
    expect(hits).to_have_count(1)
    expect(hits.first).to_contain_text("A farm in the hills")


def test_the_words_in_which_a_hit_meets_the_query_are_marked_as_said_or_suggested(
    window: Window, server: Server, properties: str
) -> None:
    page = window.open(server.url, f"/search?index={properties}&q=ocean+house")
    marks = page.get_by_role("region", name="Sparse").locator("[data-hit] mark")
    expect(marks.and_(page.locator("[data-kind=said]")).filter(has_text="house").first).to_be_visible()
    expect(marks.and_(page.locator("[data-kind=suggested]")).filter(has_text="sea").first).to_be_visible()


def test_a_rank_of_hybrid_is_told_by_those_that_it_is_made_of(window: Window, server: Server, properties: str) -> None:
    page = window.open(server.url, f"/search?index={properties}&q=theatres")
    hit = page.get_by_role("region", name="Hybrid").get_by_role("listitem").first
    hit.get_by_role("button", name="Why here?").click()
    reasons = hit.get_by_role("list", name="What adds to the score")
    expect(reasons.get_by_role("listitem")).to_have_count(3)
    expect(reasons).to_contain_text("BM25: rank 1")
    expect(reasons).to_contain_text("0.0164")  # 1 / (60 + 1)


def test_names_of_indices_and_fields_are_completed(window: Window, server: Server, properties: str) -> None:
    page = window.open(server.url, "/devtools")
    editor = page.get_by_role("textbox", name="Requests")
    editor.press("ControlOrMeta+a")
    editor.press("Delete")
    editor.press_sequentially("GET proper")
    options = page.get_by_role("listbox", name="Completions")
    expect(options).to_contain_text(properties)
    editor.press("Escape")
    editor.press_sequentially('ties/_search\n{"query": {"term": {"ci')
    expect(options).to_contain_text("city")
    editor.press("Escape")
    editor.press("ControlOrMeta+a")
    editor.press("Delete")
    editor.press_sequentially('GET properties/_search\n{"query": {"semantic": {"field": "me')
    expect(options).to_contain_text("meaning")


def filter_by(page: Page, field: str, value: str) -> None:
    page.get_by_role("combobox", name="Field to filter by").click()
    page.get_by_role("option", name=field, exact=True).click()
    page.get_by_role("combobox", name="Value").fill(value)
    page.get_by_role("button", name="Filter", exact=True).click()
