"""A document-only sparse model answers queries from a table, and takes as many logarithms as it was trained with."""

import asyncio
import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from checkpoints import TEXTS, Toy
from connote.contract.errors import Unavailable
from connote.contract.results import Sparse
from connote.runtime.backends.backend import Precision
from connote.runtime.catalog import Head
from connote.runtime.fleet import Deployment, Fleet
from connote.runtime.library import Library
from connote.runtime.local import Inputs, LocalModel

TABLE = {"cat": 3.5, "dog": 2.25, "the": 0.125, "##s": 0.0, "zebra": 9.0, "[CLS]": 4.0}


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    (tmp_path / "idf.json").write_text(json.dumps(TABLE))
    return Toy.write(tmp_path, "bert", Head.SPARSE)


def load(toy: Toy, logs: int = 1) -> LocalModel:
    row = replace(toy.load().row, idf=True, logs=logs)
    return LocalModel.load(row, toy.folder, 1, Precision.FLOAT32)


def weights(result: object) -> list[dict[str, float]]:
    assert isinstance(result, Sparse)
    return [dict(zip(vector.tokens, vector.weights.tolist(), strict=True)) for vector in result.vectors]


def test_a_query_is_its_tokens_weighed_by_the_table(toy: Toy) -> None:
    found = load(toy).look_up(Inputs(["the dog, the dogs and the cat", "mat"], search=True))
    assert weights(found) == [{"cat": 3.5, "dog": 2.25, "the": 0.125}, {}]
    assert list(weights(found)[0]) == ["cat", "dog", "the"]  # highest first


def test_documents_are_inferred(toy: Toy) -> None:
    model = load(toy)
    assert model.look_up(Inputs(TEXTS)) is None
    items = model.encode(Inputs(TEXTS))
    (plain, *_), (double, *_) = (weights(load(toy, logs=logs).finish(items, model.run(items))) for logs in (1, 2))
    assert double == pytest.approx({token: float(np.log1p(weight)) for token, weight in plain.items()}, rel=1e-6)


def test_a_query_never_meets_the_lane(toy: Toy) -> None:
    async def ask() -> None:
        fleet = Fleet(Library(toy.folder, [replace(toy.load().row, idf=True)]))
        wish = Deployment("e", "toy", allocations=1)
        assert weights(await fleet.run(wish, Inputs(["a dog"], search=True))) == [{"dog": 2.25}]
        assert fleet.totals("e").items == 0
        await fleet.run(wish, Inputs(["a dog"]))
        assert fleet.totals("e").items == 1
        await fleet.close()

    asyncio.run(ask())


def test_many_queries_do_not_hold_up_the_others(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    look_up = LocalModel.look_up

    def watched(self: LocalModel, inputs: Inputs) -> object:
        threads.append(threading.current_thread())
        return look_up(self, inputs)

    async def ask() -> None:
        monkeypatch.setattr(LocalModel, "look_up", watched)
        fleet = Fleet(Library(toy.folder, [replace(toy.load().row, idf=True)]))
        for texts in (["a dog"], ["a dog"] * 5000):
            await fleet.run(Deployment("e", "toy", allocations=1), Inputs(texts, search=True))
        await fleet.close()

    asyncio.run(ask())
    assert [thread is threading.main_thread() for thread in threads] == [True, False]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "cannot be read"),
        ("[1]", "must hold a JSON object"),
        ('{"cat": "x"}', r"the weight of \[cat\] must be a number"),
        ('{"cat": -1}', r"the weight of \[cat\] must be a number of at least 0"),
        ('{"cat": 1e99}', r"the weight of \[cat\] must be"),
        ('{"cat": NaN}', r"the weight of \[cat\] must be"),
        ('{"zebra": 1}', "has no token of the tokenizer"),
    ],
)
def test_a_table_that_is_not_right_is_named_before_weights_are_loaded(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, content: str, fault: str
) -> None:
    (toy.folder / "idf.json").write_text(content)
    row = replace(toy.load().row, idf=True)
    monkeypatch.setattr("connote.runtime.local.place", lambda *_: pytest.fail("loaded"))
    with pytest.raises(Unavailable, match=fault):
        LocalModel.load(row, toy.folder, 1)


def test_a_folder_without_its_table_is_incomplete(toy: Toy) -> None:
    row = replace(toy.load().row, idf=True)
    library = Library(toy.folder, [row])
    assert library.path(row) == toy.folder
    (toy.folder / "idf.json").unlink()
    assert library.path(row) is None
