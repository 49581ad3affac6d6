"""The documentation says what the code does."""

import importlib.util
import re
from pathlib import Path

import pytest

from connote.api import cohere as as_cohere
from connote.api import openai as as_openai
from connote.api import tei as as_tei
from connote.contract import cohere, cohere_chat, openai
from connote.search.mapping.mapping import KINDS as TYPES
from connote.search.query.parse import KINDS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])

spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
assert spec is not None
assert spec.loader is not None
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_reference_page_is_what_the_declarations_give(name: str) -> None:
    assert (DOCS / name).read_text() == generate.PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), link


def test_every_route_of_other_protocols_and_what_they_do_not_take_is_named() -> None:
    page = (DOCS / "compatible.md").read_text()
    ignored = [openai.IGNORED, cohere.IGNORED]
    refused = [openai.NEUTRAL, cohere.NEUTRAL, cohere_chat.NEUTRAL]
    for names in (*ignored, *refused):
        assert [name for name in names if f"`{name}`" not in page] == []
    for room in (as_openai, as_cohere, as_tei):
        assert [route.path for route in room.ROUTES if f"{route.path}`" not in page] == []


def test_every_dependency_is_explained() -> None:
    named = re.findall(
        r'^    "([a-z0-9]+)[>=]', (ROOT / "pyproject.toml").read_text().split("[dependency-groups]")[0], re.MULTILINE
    )
    decisions = (DOCS / "decisions.md").read_text()
    assert len(named) > 10
    assert [name for name in named if not re.search(rf"^\|.*\b{name}\b", decisions, re.MULTILINE)] == []


def test_every_query_is_named() -> None:
    page = (DOCS / "compatibility.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []


def test_every_type_of_field_is_named() -> None:
    (row,) = re.findall(r"^\| types of fields \|.*;", (DOCS / "compatibility.md").read_text(), re.MULTILINE)
    assert sorted(re.findall("`([a-z_]+)`", row)) == sorted({*TYPES, "nested", "object"})
