"""Rankers: what cannot be kept is not there."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import event

from connote.contract.errors import Unavailable
from connote.models.rankers import Rankers
from connote.store import database
from connote.store.bodies import BodyStore

TREE = {"tree": {"feature_names": ["year"], "tree_structure": [{"node_index": 0, "leaf_value": 1.0}]}}
YEAR = {"query_extractor": {"feature_name": "year", "query": {"match_all": {}}}}
BODY = {
    "inference_config": {"learning_to_rank": {"feature_extractors": [YEAR]}},
    "definition": {"trained_model": TREE},
}


def test_one_that_cannot_be_written_may_be_put_again(tmp_path: Path) -> None:
    engine = database.connect(tmp_path)
    rankers = Rankers(BodyStore(engine, database.rankers))
    refusing = True
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(f"PRAGMA query_only = {refusing}"))
    with pytest.raises(Unavailable, match="cannot be read or written"):
        asyncio.run(rankers.put("years", BODY))
    assert rankers.all == {}
    refusing = False
    asyncio.run(rankers.put("years", BODY))
    assert BodyStore(engine, database.rankers).get("years") is not None
