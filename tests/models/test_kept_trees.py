"""Models of trees are there again after a restart, with their aliases; what cannot be read does not stop the others."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from connote.contract.errors import Unavailable
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
    assert (list(again.all), again.names("mine")) == (["mine"], ["mine", "other"])
    assert asyncio.run(again.predict("other", [{"a": 1}], None)) == [{"predicted_value": 3.0}]
    engine.dispose()


def test_one_that_cannot_be_written_may_be_put_again(tmp_path: Path) -> None:
    engine = database.connect(tmp_path)
    trees = Trees(BodyStore(engine, database.rankers))
    refusing = True
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(f"PRAGMA query_only = {refusing}"))
    with pytest.raises(Unavailable, match="cannot be read or written"):
        asyncio.run(trees.put("mine", BODY))
    assert trees.all == {}
    refusing = False
    asyncio.run(trees.put("mine", BODY))
    refusing = True
    with pytest.raises(Unavailable, match="cannot be read or written"):
        asyncio.run(trees.put_alias("mine", "other", reassign=False))
    assert trees.aliases == {}
    refusing = False
    asyncio.run(trees.put_alias("mine", "other", reassign=False))
    assert Trees(BodyStore(engine, database.rankers)).aliases == {"other": "mine"}
    engine.dispose()
