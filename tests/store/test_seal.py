"""Secrets are sealed: the database alone gives nothing away."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from connote.contract.errors import ConnoteError, Unavailable
from connote.store import database
from connote.store.endpoints import EndpointStore, Record
from connote.store.seal import Seal

SECRETS = {"service_settings": {"api_key": "sk-secret"}}


def record(secrets: dict[str, dict[str, str]]) -> Record:
    return Record("mine", "completion", "openai", {"model_id": "m"}, {}, None, secrets)


def test_what_is_sealed_is_opened_again_and_the_file_does_not_tell_it(tmp_path: Path) -> None:
    engine = database.connect(tmp_path)
    EndpointStore(engine, Seal(tmp_path / "elsewhere" / "key")).add(record(SECRETS))
    engine.dispose()
    assert all(b"sk-secret" not in file.read_bytes() for file in tmp_path.glob("connote.db*"))
    assert (tmp_path / "elsewhere" / "key").stat().st_mode & 0o077 == 0
    engine = database.connect(tmp_path)
    (found,) = EndpointStore(engine, Seal(tmp_path / "elsewhere" / "key")).all()
    assert found.secrets == SECRETS
    assert "sk-secret" not in repr(found)
    engine.dispose()


def test_without_the_key_an_endpoint_comes_without_its_secrets(tmp_path: Path) -> None:
    engine = database.connect(tmp_path)
    EndpointStore(engine, Seal(tmp_path / "key")).add(record(SECRETS))
    (tmp_path / "key").write_bytes(bytes(32))
    (found,) = EndpointStore(engine, Seal(tmp_path / "key")).all()
    assert found.secrets == {}
    assert "sealed under another key" in str(found.problem)
    engine.dispose()


def test_no_key_is_made_as_long_as_there_is_nothing_to_seal(tmp_path: Path) -> None:
    engine = database.connect(tmp_path)
    store = EndpointStore(engine, Seal(tmp_path / "key"))
    store.add(record({}))
    assert len(store.all()) == 1
    assert not (tmp_path / "key").exists()
    engine.dispose()


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_a_seal_is_of_one_owner_and_holds_what_was_given(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    seal = Seal(tmp_path_factory.getbasetemp() / "sealing" / "key")
    sealed = seal.close(value, "mine")
    assert seal.open(sealed, "mine") == value
    for broken, owner in ((sealed, "yours"), (sealed[:-1], "mine"), (sealed[:5], "mine"), (b"", "mine")):
        with pytest.raises(Unavailable):
            seal.open(broken, owner)


def test_a_key_of_a_wrong_length_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(Unavailable, match="must have 32 bytes"):
        Seal(tmp_path / "key").close({}, "mine")


def test_a_database_of_an_older_version_is_brought_up(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "connote.db") as old:
        old.execute(
            "CREATE TABLE endpoints (inference_id VARCHAR PRIMARY KEY, task_type VARCHAR, service VARCHAR, "
            "service_settings JSON, task_settings JSON, chunking_settings JSON)"
        )
        old.execute("INSERT INTO endpoints VALUES ('mine', 'completion', 'openai', '{}', '{}', NULL)")
        old.execute("CREATE TABLE settings (name VARCHAR PRIMARY KEY, value JSON)")
        old.execute("INSERT INTO settings VALUES ('version', '1')")
    engine = database.connect(tmp_path)
    (found,) = EndpointStore(engine, Seal(tmp_path / "key")).all()
    assert (found.inference_id, found.secrets) == ("mine", {})
    engine.dispose()
    with sqlite3.connect(tmp_path / "connote.db") as new:
        (version,) = new.execute("SELECT value FROM settings WHERE name = 'version'").fetchone()
    assert int(version) == database.VERSION


def test_what_cannot_be_stored_is_told_without_what_it_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    engine = database.connect(tmp_path)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE endpoints"))
    for write in (EndpointStore.add, EndpointStore.replace):
        with pytest.raises(ConnoteError, match=r"^Failed to store inference endpoint \[mine\]$"):
            write(EndpointStore(engine, Seal(tmp_path / "key")), record(SECRETS))
    assert "no such table" in caplog.text
    assert "model_id" not in caplog.text
    engine.dispose()


def test_a_database_is_upgraded_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = sqlite3.connect(tmp_path / "connote.db")
    old.executescript(
        "CREATE TABLE endpoints (inference_id TEXT PRIMARY KEY, task_type TEXT, service TEXT, service_settings JSON,"
        " task_settings JSON, chunking_settings JSON);"
        "CREATE TABLE settings (name TEXT PRIMARY KEY, value JSON); INSERT INTO settings VALUES ('version', '1');"
    )
    old.close()
    with monkeypatch.context() as patch:
        patch.setitem(database._STEPS, 2, "ALTER TABLE nowhere ADD COLUMN policy JSON")
        with pytest.raises(Unavailable, match="no such table: nowhere"):
            database.connect(tmp_path)
    engine = database.connect(tmp_path)
    EndpointStore(engine, Seal(tmp_path / "key")).add(record(SECRETS))
    engine.dispose()
