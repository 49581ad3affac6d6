"""Placement: the fastest precision that the quality gate lets pass, measured once a model."""

import json
from pathlib import Path

import pytest

from checkpoints import Toy
from connote.runtime import placement
from connote.runtime.backends.backend import Backend, Precision
from connote.runtime.catalog import Head
from connote.runtime.library import Library
from connote.runtime.local import LocalModel
from connote.runtime.placement import Checkpoint
from connote.runtime.quality import FILE, Quality


def load(toy: Toy) -> LocalModel:
    model = toy.load()
    return LocalModel.load(model.row, toy.folder, 1)


def test_the_fastest_precision_that_is_near_enough_serves(library: Library, tmp_path: Path, engine: str) -> None:
    row = library.find("all-MiniLM-L6-v2")
    folder = library.path(row)
    assert folder is not None
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / name).symlink_to(folder / name)
    model = LocalModel.load(row, tmp_path, 1)
    assert 0.95 < model.quality["int8"].least <= model.quality["int8"].mean < 1
    wished = [Precision.INT8, *([Precision.BFLOAT16] if engine == "native" else [])]
    passing = [one for one in wished if model.quality[one].is_enough]
    assert model.backend.precision is (passing[0] if passing else Precision.FLOAT32)


def test_quality_is_measured_once_and_kept_with_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Toy.write(tmp_path, "bert", Head.MEAN)
    first = load(toy)
    assert json.loads((tmp_path / FILE).read_text())

    def fail(*_: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(placement, "_measure", fail)
    again = load(toy)
    assert (again.quality, again.backend.precision) == (first.quality, first.backend.precision)
    toy.network.base_model.embeddings.word_embeddings.weight.data += 1
    toy.network.save_pretrained(tmp_path)
    with pytest.raises(AssertionError, match="measured again"):
        load(toy)


def test_what_fails_to_be_measured_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Toy.write(tmp_path, "bert", Head.MEAN)
    measured: list[Backend] = []

    def fail(*backends: Backend) -> None:
        measured.extend(backends[:2])
        raise MemoryError

    monkeypatch.setattr(Quality, "measure", fail)
    with pytest.raises(MemoryError):
        load(toy)
    assert [vars(backend)["_model"] for backend in measured] == [None, None]


def test_what_was_measured_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Toy.write(tmp_path, "bert", Head.MEAN)
    bad, good = Quality(0.9, 0.5), Quality(0.9999, 0.999)
    monkeypatch.setattr(placement, "_measure", lambda *_: {"int8": bad, "bfloat16": good})
    assert load(toy).backend.precision is Precision.BFLOAT16


def test_a_lost_or_odd_record_is_measured_again(tmp_path: Path) -> None:
    toy = Toy.write(tmp_path, "bert", Head.CROSS)
    for content in ("", "[]", '{"x": 1}'):
        (tmp_path / FILE).write_text(content)
        assert set(load(toy).quality) == {"int8", "bfloat16"}


def test_exact_numbers_are_not_given_away_for_little(library: Library) -> None:
    """Of SPLADE-tiny the head is nearly all, and that is screened in int8 anyway."""
    row = library.find(".elser_model_2")
    folder = library.path(row)
    assert folder is not None
    assert placement.gain(Checkpoint.read(folder, Head.SPARSE), Precision.INT8) < placement.WORTH
    assert LocalModel.load(row, folder, 1).backend.precision is Precision.FLOAT32


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", ".multilingual-e5-small"])
def test_the_models_that_come_with_connote_lose_nothing_that_shows(library: Library, name: str) -> None:
    row, folder = library.resolve(library.find(name), lambda *_: None)
    model = LocalModel.load(row, folder, 1)
    if model.backend.precision is not Precision.FLOAT32:
        assert model.quality[model.backend.precision].is_enough
