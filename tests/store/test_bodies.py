"""Things that are kept as JSON by their names."""

from pathlib import Path
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.store import database
from connote.store.bodies import BodyStore


def test_what_cannot_be_read_any_more_harms_nothing_else(tmp_path: Path, caplog: Any) -> None:  # noqa: ANN401
    store = BodyStore(database.connect(tmp_path), database.pipelines)
    for id, body in (("right", {"n": 1}), ("of another release", {"n": "x"}), ("without", {})):
        store.put(id, body)

    def parse(id: str, body: dict[str, Any]) -> int:
        if not isinstance(body["n"], int):
            raise IllegalArgument(f"[n] of [{id}] must be a number")
        return body["n"]

    assert store.read(parse) == {"right": 1}
    assert "[n] of [of another release] must be a number" in caplog.text
    assert "[without] of [pipelines] cannot be read" in caplog.text
    assert store.all().keys() == {"right", "of another release", "without"}
