"""Models of trees are there again after a restart, with their aliases; what cannot be read does not stop the others."""

import asyncio
from pathlib import Path
from typing import Any

from connote.models.trees import Trees
from connote.store import database
from connote.store.bodies import BodyStore

BODY: dict[str, Any] = {
    "input": {"field_names": ["a"]},
    "inference_config": {"regression": {}},
    "definition": {
        "trained_model": {"tree": {"feature_names": ["a"], "tree_structure": [{"node_index": 0, "leaf_value": 3}]}}
    },
}


def test_models_and_aliases_outlive_a_restart(tmp_path: Path) -> None:
    engine = database.connect(tmp_path)
    store = BodyStore(engine, database.rankers)
    trees = Trees(store)

    async def fill() -> None:
        await trees.put("mine", BODY)
        await trees.put_alias("mine", "other", reassign=False)

    asyncio.run(fill())
    store.put("broken", {"body": {**BODY, "definition": {}}, "created": 0})
    again = Trees(store)
    assert (again.all.keys(), again.names("mine")) == ({"mine"}, ["mine", "other"])
    assert asyncio.run(again.predict("other", [{"a": 1}], None)) == [{"predicted_value": 3.0}]
    engine.dispose()
