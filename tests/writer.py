"""Writes to an index until it is killed, and says what has been committed. `state` is what should be there then."""

import sys
from pathlib import Path

from connote.search.engine import policy
from connote.search.engine.index import Index
from connote.search.engine.row import Row, Tokens, Vector

_IDS = 50


def row(seq: int) -> Row:
    """What is added with a sequence number."""
    id, words = str(seq * 7 % _IDS), [f"w{seq % 11}", "all"]
    sparse = {"s": [Vector(["t", f"u{seq % 13}"], [1.0, 2.0])]}
    return Row(id=id, seq=seq, version=seq // _IDS, terms={"t": Tokens(words, [0, 1])}, sparse=sparse)


def deleted(seq: int) -> list[str]:
    """What is deleted before that."""
    return [str(seq * 11 % _IDS)] if seq % 3 == 0 else []


def state(seq: int) -> dict[str, Row]:
    """Everything after a sequence number."""
    rows: dict[str, Row] = {}
    for number in range(seq + 1):
        for id in (*deleted(number), row(number).id):
            rows.pop(id, None)
        rows[row(number).id] = row(number)
    return rows


def main(path: str) -> None:
    """Go on after the last commit."""
    policy.FACTOR = 3  # merge all the time
    index = Index.open(Path(path))
    for seq in range(index.seq + 1, 1 << 30):
        index.delete(deleted(seq))
        index.add([row(seq)])
        if seq % 2 == 0:
            index.refresh()
        if seq % 5 == 0:
            index.commit(seq)
            sys.stdout.write(f"{seq}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
