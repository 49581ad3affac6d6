"""The cache's file: kept, bounded, and never in anybody's way."""

import os
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from connote.store import cache as cache_module
from connote.store.cache import CacheStore
from connote.store.presence import Presence

MB = 1 << 20


def key(number: int) -> bytes:
    return sha256(b"%d" % number).digest()


def values(numbers: range, size: int = 100) -> dict[bytes, bytes]:
    return {key(number): os.urandom(size) for number in numbers}


def kept(folder: Path, written: dict[bytes, bytes], limit: int = MB) -> None:
    store = CacheStore(folder / "cache.db", limit)
    store.write(written)
    store.close()


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    written = values(range(500))
    kept(tmp_path, written)
    store = CacheStore(tmp_path / "cache.db", MB)
    assert store.read([*written, key(999)]) == written
    assert all(map(store.may_have, written))
    assert store.measure()[0] == 500
    store.close()


def test_the_longest_unused_go_first_and_the_limit_holds(tmp_path: Path) -> None:
    path, limit = tmp_path / "cache.db", 200_000
    old, used = values(range(100), 500), values(range(100, 200), 500)
    kept(tmp_path, old | used, limit)
    with closing(sqlite3.connect(path)) as raw:  # as if two days had passed
        raw.execute("UPDATE results SET used = used - 172800")
        raw.commit()
    store = CacheStore(path, limit)
    assert len(store.read(used)) == 100
    store.close()
    new = values(range(200, 350), 500)
    kept(tmp_path, new, limit)
    store = CacheStore(path, limit)
    entries, size = store.measure()
    found = store.read([*old, *used, *new])
    store.close()
    assert size <= limit
    assert path.stat().st_size < 2 * limit
    assert entries == len(found)
    gone = {*old, *used, *new} - found.keys()
    assert gone
    assert gone <= old.keys()


def test_a_limit_that_was_lowered_is_kept_from_the_next_write(tmp_path: Path) -> None:
    kept(tmp_path, values(range(1000)))
    kept(tmp_path, values(range(1)), limit=50_000)
    store = CacheStore(tmp_path / "cache.db", 50_000)
    assert store.measure()[1] <= 50_000
    store.close()


@pytest.mark.parametrize("damage", ["garbage", "empty", "torn", "table", "version", "value", "type"])
def test_a_damaged_file_is_started_anew(tmp_path: Path, damage: str) -> None:
    path, written = tmp_path / "cache.db", values(range(2000))
    kept(tmp_path, written)
    whole = path.read_bytes()
    if damage == "garbage":
        path.write_bytes(os.urandom(len(whole)))
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "torn":
        path.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))
    else:
        statement = {
            "table": "DROP TABLE results",
            "version": "PRAGMA user_version = 99",
            "value": "UPDATE results SET value = zeroblob(100)",
            "type": "UPDATE results SET value = 'text'",
        }[damage]
        with closing(sqlite3.connect(path)) as raw:
            raw.execute(statement)
            raw.commit()
    store = CacheStore(path, MB)
    assert store.read(written) == {}
    store.write(written)
    store.close()
    store = CacheStore(path, MB)
    assert store.read(written) == written
    store.close()


def test_a_file_that_cannot_be_opened_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "cache.db").mkdir()
    store = CacheStore(tmp_path / "cache.db", MB)
    store.write(values(range(3)))
    assert store.read(values(range(3))) == {}
    store.close()
    assert store.dropped == 3


def test_what_is_too_much_to_wait_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "MOST_WAITING", 1000)
    store = CacheStore(tmp_path / "cache.db", MB)
    store.write(values(range(11), 100))
    store.close()
    assert (store.dropped, store.measure()[0]) == (11, 0)


def test_clearing_leaves_nothing(tmp_path: Path) -> None:
    written = values(range(100))
    kept(tmp_path, written)
    store = CacheStore(tmp_path / "cache.db", MB)
    store.write(values(range(100, 200)))
    store.clear()
    assert (store.read(written), store.measure()[0]) == ({}, 0)
    store.write(values(range(5)))
    store.close()
    store = CacheStore(tmp_path / "cache.db", MB)
    assert store.measure()[0] == 5
    store.close()


def test_presence_knows_what_is_absent() -> None:
    present = Presence(MB, map(key, range(1000)))
    assert all(key(number) in present for number in range(1000))
    assert sum(key(number) in present for number in range(1000, 11_000)) < 400
