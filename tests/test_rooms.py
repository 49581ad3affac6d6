"""The house has floors, and imports go down only."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "connote"
# From the top. Files beside the rooms wire them together, so they stand above; what they need in common stands below.
FLOORS = (
    "api",
    "search",
    "ingest",
    "endpoints",
    "models",
    "upstream",
    "services",
    "runtime",
    "security",
    "store",
    "chunking",
    "contract",
)
WIRING = {"app", "cli", "config", "demo", "serving", "version"}
FILES = sorted(SOURCE.rglob("*.py"))
# What a room must do without, so that it can run alone.
FORBIDDEN = {
    "contract": {"starlette", "uvicorn", "httpx", "sqlalchemy", "onnxruntime", "tokenizers"},
    "runtime": {"starlette", "uvicorn", "sqlalchemy"},
}


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_room_imports_only_itself_and_rooms_below_it(file: Path) -> None:
    room = file.relative_to(SOURCE).parts[0]
    if room not in FLOORS:
        return
    for name in imports(file):
        parts = name.split(".")
        if parts[0] == "connote" and len(parts) > 1 and parts[1] in FLOORS:
            assert FLOORS.index(parts[1]) >= FLOORS.index(room), f"{room} imports {name}"
        elif parts[0] == "connote" and len(parts) > 1:
            assert room == "api" or parts[1] == "version", f"{room} imports the wiring, {name}"
        assert parts[0] not in FORBIDDEN.get(room, set()) - ({"httpx"} if room == "runtime" else set()), name


def test_every_file_has_a_place() -> None:
    tops = {file.relative_to(SOURCE).parts[0].removesuffix(".py") for file in FILES}
    assert tops <= {*FLOORS, *WIRING, "__init__", "console"}
