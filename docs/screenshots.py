"""Makes the pictures of the console in docs/images, light and dark: `.venv/bin/python docs/screenshots.py`.

The server is a real one, with the models of `CONNOTE_MODELS`; the third parties are the tests' provider.
"""

import base64
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from chats import Chats, answer, stream  # noqa: E402
from conftest import Server  # noqa: E402
from provider import Provider  # noqa: E402
from window import Window, chromium  # noqa: E402

REQUESTS = """# What a text expands to
POST _inference/.elser-2-elastic
{
  "input": "There is no reason anyone would want a computer in their home"
}

# Which of these answers the question best?
POST _inference/.rerank-v1-elasticsearch
{
  "query": "a house by the sea",
  "input": ["a flat in the city", "a cottage on the coast", "a boat"]
}
"""
ANSWER = (
    "To connote ", "is to suggest ", "more than the literal word. ", "“Home” denotes a place where one lives; ",
    "it connotes warmth, ", "family and ", "rest.\n\n", "A learned sparse model does the same with a text: ",
    "it gives weight to words that are not in it.",
)  # fmt: skip
HOUSES = (
    ("A cottage on the coast, with a view over the waves", "Whitby", 54.48, -0.61),
    ("A flat in the midst of the city, near the theatres", "London", 51.51, -0.12),
    ("A quiet house near the sea", "Brighton", 50.82, -0.14),
    ("A farm in the hills, far from everything", "Kendal", 54.33, -2.75),
    ("A houseboat on the canal", "Birmingham", 52.48, -1.9),
    ("A home on the beach for a large family", "Swansea", 51.6, -3.98),
    ("A tower by the harbour", "Aberdeen", 57.14, -2.08),
)


def main() -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        provider, server = Provider(), Server(Path(folder) / "data", environment={"HF_HUB_OFFLINE": "1"})
        running = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        with httpx.Client(base_url=server.url, timeout=120) as http:
            furnish(http, provider)
            (HERE / "images").mkdir(exist_ok=True)
            for name, (path, prepare) in PAGES.items():
                for scheme in ("light", "dark"):
                    take(running, server.url + "/console", path, prepare, HERE / "images" / f"{name}-{scheme}.webp")
        running.close()
        server.stop()
        provider.close()


def furnish(http: httpx.Client, provider: Provider) -> None:
    """Endpoints of several kinds that have something to do, an index if there can be one."""
    chats = Chats(http, provider)
    chats.make("house-chat", stream(*ANSWER, pause=0.01), model="llama3.2")
    chats.make("second-opinion", answer(), model="gpt-mini", fallback=["house-chat"])
    texts = ["a quiet house near the sea", "cheap flat in Berlin", "a boat", "the long way home"]
    for count in (3, 1, 4, 2):
        for endpoint in (".elser-2-elastic", ".multilingual-e5-small-elasticsearch"):
            http.post(f"/_inference/{endpoint}?timeout=2m", json={"input": texts[:count]})
    ranking = {"query": "sea", "input": texts}
    http.post("/_inference/.rerank-v1-elasticsearch?timeout=2m", json=ranking)
    for _ in range(3):
        chats.ask("second-opinion")
    fill(http)


def fill(http: httpx.Client) -> None:
    """An index of houses; a server without indices is not given one."""
    meanings = {"meaning": ".elser-2-elastic", "dense": ".multilingual-e5-small-elasticsearch"}
    fields = {
        "title": {"type": "text", "copy_to": list(meanings)},
        "city": {"type": "keyword"},
        "location": {"type": "geo_point"},
        **{name: {"type": "semantic_text", "inference_id": id} for name, id in meanings.items()},
    }
    http.put("/houses", json={"mappings": {"properties": fields}})
    lines = list[dict[str, object]]()
    for title, city, lat, lon in HOUSES:
        lines += [{"index": {}}, {"title": title, "city": city, "location": {"lat": lat, "lon": lon}}]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    http.post("/houses/_bulk?refresh=true", content=body, headers={"Content-Type": "application/x-ndjson"})


def send(page: Page) -> None:
    """Write requests, and send the first."""
    page.evaluate("text => localStorage.setItem('connote.devtools', JSON.stringify(text))", REQUESTS)
    page.reload()
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("200 OK").wait_for()


def talk(page: Page) -> None:
    """Ask something, and wait for the whole answer."""
    page.get_by_role("textbox", name="Message").fill("What does it mean to connote?")
    page.keyboard.press("Enter")
    page.get_by_text("tokens read").wait_for()


def add(page: Page) -> None:
    """Open the form, and choose."""
    page.get_by_role("button", name="Add endpoint").click()
    page.get_by_role("dialog").get_by_role("combobox", name="Service").fill("cohere")
    page.get_by_role("option", name="Cohere", exact=True).click()
    page.get_by_role("dialog").get_by_role("combobox", name="Task type").click()
    page.get_by_role("option", name="rerank").click()


def why(page: Page) -> None:
    """Ask of each way why its first hit stands there."""
    page.locator("[data-hit]").or_(page.get_by_text("keeps no documents")).first.wait_for()
    page.wait_for_timeout(1_000)
    for name in ("BM25", "Sparse", "Dense", "Hybrid"):
        for button in page.get_by_role("region", name=name).get_by_role("button", name="Why here?").all()[:1]:
            button.click()


def nothing(_: Page) -> None:
    """Only look."""


PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "endpoints": ("/", nothing),
    "add": ("/", add),
    "endpoint": ("/?view=.elser-2-elastic", nothing),
    "devtools": ("/devtools", send),
    "expand": ("/expand?b=Personal+machines+belong+in+every+house", nothing),
    "search": ("/search?index=houses&q=a+house+by+the+sea", why),
    "chat": ("/chat?endpoint=house-chat", talk),
    "models": ("/models", nothing),
}


def take(browser: Browser, url: str, path: str, prepare: Callable[[Page], None], to: Path) -> None:
    """One picture, as WebP: the browser itself converts it."""
    window = Window(browser, dark="dark" in to.stem)
    window.page.goto(url + path)
    prepare(window.page)
    time.sleep(1.5)
    shot = base64.b64encode(window.page.screenshot()).decode()
    window.page.goto("about:blank")
    data = window.page.evaluate(
        """async png => {
            const image = new Image();
            image.src = "data:image/png;base64," + png;
            await image.decode();
            const canvas = new OffscreenCanvas(image.width, image.height);
            canvas.getContext("2d").drawImage(image, 0, 0);
            const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.86 });
            const bytes = new Uint8Array(await blob.arrayBuffer());
            return btoa(Array.from(bytes, each => String.fromCharCode(each)).join(""));
        }""",
        shot,
    )
    to.write_bytes(base64.b64decode(data))
    window.context.close()


if __name__ == "__main__":
    main()
