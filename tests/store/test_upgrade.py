"""A database of an earlier version is brought to this one, with all that it holds."""

import sqlite3
from pathlib import Path

import pytest

from connote.contract.errors import Unavailable
from connote.store import database
from connote.store.endpoints import EndpointStore
from connote.store.seal import Seal
from connote.store.usage import Figures, Row, UsageStore

# What versions 1 to 3 wrote.
_OLD = """
CREATE TABLE endpoints (inference_id VARCHAR NOT NULL PRIMARY KEY, task_type VARCHAR NOT NULL, service VARCHAR NOT NULL,
    service_settings JSON NOT NULL, task_settings JSON NOT NULL, chunking_settings JSON{secrets});
CREATE TABLE settings (name VARCHAR NOT NULL PRIMARY KEY, value JSON NOT NULL);
INSERT INTO settings VALUES ('version', '{version}');
INSERT INTO endpoints (inference_id, task_type, service, service_settings, task_settings)
    VALUES ('old', 'rerank', 'elasticsearch', '{{"num_threads": 1}}', '{{}}');
"""


@pytest.mark.parametrize(("version", "secrets"), [(1, ""), (2, ", secrets BLOB"), (3, ", secrets BLOB, policy JSON")])
def test_an_older_database_is_upgraded(tmp_path: Path, version: int, secrets: str) -> None:
    with sqlite3.connect(tmp_path / "connote.db") as old:
        old.executescript(_OLD.format(version=version, secrets=secrets))
    old.close()
    for _ in range(2):
        engine = database.connect(tmp_path)
        (record,) = EndpointStore(engine, Seal(tmp_path / "key")).all()
        assert (record.inference_id, record.service_settings, record.policy) == ("old", {"num_threads": 1}, None)
        row = Row("2026-11", "old", "default", "EUR")
        UsageStore(engine).add({row: Figures(requests=1, cost=0.5), row._replace(currency=""): Figures(requests=1)})
        engine.dispose()
    engine = database.connect(tmp_path)
    found = UsageStore(engine).read()
    assert [(row.currency, figures.requests, figures.cost) for row, figures in found.items()] == [
        ("", 2, None),
        ("EUR", 2, 1.0),
    ]
    engine.dispose()


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    database.connect(tmp_path).dispose()
    with sqlite3.connect(tmp_path / "connote.db") as newer:
        newer.execute("UPDATE settings SET value = '99' WHERE name = 'version'")
    newer.close()
    with pytest.raises(Unavailable, match="has version 99, this connote reads version 5"):
        database.connect(tmp_path)


def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "connote.db").write_bytes(b"what a broken disk has left of it" * 99)
    with pytest.raises(Unavailable, match=r"connote\.db cannot be used: file is not a database\. Bring back a copy"):
        database.connect(tmp_path)
    assert (tmp_path / "connote.db").read_bytes() == b"what a broken disk has left of it" * 99
