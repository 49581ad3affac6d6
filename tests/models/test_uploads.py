"""Definitions come in parts: in any order, again and again, from several sides, over crashes."""

import asyncio
import base64
import os
import shutil
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connote.contract.errors import ConnoteError, NotFound
from connote.models.models import Models
from connote.models.upload import Uploads
from connote.runtime.library import Library
from connote.store import database
from connote.store.definitions import Definitions
from connote.store.models import ModelStore

CONFIG = {"model_type": "pytorch", "inference_config": {"pass_through": {}}}
CONTENT = bytes(range(256)) * 3
PARTS = [CONTENT[:300], CONTENT[300:600], CONTENT[600:]]
WORDS = {"vocabulary": ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "cat"]}


@contextmanager
def opened(folder: Path, most: int = 1 << 20) -> Iterator[Uploads]:
    """The room over that folder, as a server has it."""
    engine = database.connect(folder)
    models = Models(ModelStore(engine), Definitions(folder / "uploads"), Library(folder / "models"))
    try:
        yield Uploads(models, most)
    finally:
        engine.dispose()


def part(content: bytes, whole: bytes = CONTENT, parts: int = len(PARTS)) -> dict[str, Any]:
    encoded = base64.b64encode(content).decode()
    return {"definition": encoded, "total_definition_length": len(whole), "total_parts": parts}


def run(work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 (what the work gives)
    return asyncio.run(work)


def definition(uploads: Uploads, id: str = "mine") -> bytes | None:
    """What the model's definition is, if all of it is here."""
    model = uploads.models.find(id)
    assert model.folder is not None
    left = sorted(path.name for path in model.folder.iterdir())
    if not model.upload.sha256:
        assert "definition.pt" not in left
        return None
    assert left == ["definition.pt", "model.json", *(["vocabulary.json"] if model.upload.has_vocabulary else [])]
    return (model.folder / "definition.pt").read_bytes()


async def put(uploads: Uploads, *numbers: int) -> None:
    for number in numbers:
        await uploads.put_part("mine", number, part(PARTS[number]))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=1, max_size=200), data=st.data())
def test_parts_come_in_any_order_and_as_often_as_need_be(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, len(content)))
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    numbers = data.draw(st.lists(st.integers(0, len(parts) - 1), max_size=9)) + data.draw(
        st.permutations(range(len(parts)))
    )

    async def story(uploads: Uploads) -> None:
        await uploads.models.put("mine", CONFIG)
        for number in numbers:
            await uploads.put_part("mine", number, part(parts[number], content, len(parts)))

    with opened(tmp_path_factory.mktemp("data")) as uploads:
        run(story(uploads))
        assert definition(uploads) == content


def test_how_far_an_upload_is_can_be_seen_until_it_is_whole(tmp_path: Path) -> None:
    async def story(uploads: Uploads) -> None:
        await uploads.models.put("mine", CONFIG)
        nothing = {"model_id": "mine", "parts": 0, "total_parts": None, "bytes": 0, "total_bytes": None}
        assert uploads.unfinished() == [nothing]
        await put(uploads, 0, 2)
        far = {"parts": 2, "total_parts": 3, "bytes": len(PARTS[0] + PARTS[2]), "total_bytes": len(CONTENT)}
        assert uploads.unfinished() == [{"model_id": "mine"} | far]
        await put(uploads, 1)
        assert uploads.unfinished() == []

    with opened(tmp_path) as uploads:
        run(story(uploads))


def test_a_part_that_comes_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    async def story(uploads: Uploads) -> None:
        await uploads.models.put("mine", CONFIG)
        await uploads.put_part("mine", 0, part(b"x" * 300))
        await put(uploads, 0, 1, 2)

    with opened(tmp_path) as uploads:
        run(story(uploads))
        assert definition(uploads) == CONTENT


def test_parts_may_come_at_once(tmp_path: Path) -> None:
    async def story(uploads: Uploads) -> None:
        await uploads.models.put("mine", CONFIG)
        await asyncio.gather(*(put(uploads, number) for number in (2, 0, 1, 0, 2)))

    with opened(tmp_path) as uploads:
        run(story(uploads))
        assert definition(uploads) == CONTENT


WRONG: dict[str, tuple[int, dict[str, Any], str]] = {
    "a number below 0": (-1, part(b"a"), "[part] must be greater or equal to 0"),
    "a number that is too high": (3, part(b"a"), "[part] must be less than total_parts"),
    "no parts": (0, part(b"a", parts=0), "[total_parts] must be greater than 0"),
    "too many parts": (0, part(b"a", parts=10_001), "[total_parts] must be less than or equal to 10000"),
    "no length": (0, part(b"a", b""), "[total_definition_length] must be greater than 0"),
    "too long a model": (0, part(b"a", b"a" * 2000), "must be at most 1000 bytes ([server] max_model_bytes)"),
    "cut base64": (0, part(b"a") | {"definition": "YWJ"}, "[definition] is not base64"),
    "no base64": (0, part(b"a") | {"definition": "?"}, "[definition] is not base64"),
    "no ASCII": (0, part(b"a") | {"definition": "é"}, "[definition] is not base64"),
    "nothing": (0, part(b"a") | {"definition": ""}, "[definition] must not be empty"),
    "a number for a text": (0, part(b"a") | {"definition": 1}, "Expected `str`, got `int`"),
    "another field": (0, part(b"a") | {"more": 1}, "unknown field `more`"),
    "more than there is": (0, part(CONTENT + b"a"), "the 1 parts that are here have 769 bytes"),
    "other totals": (1, part(PARTS[1], parts=4), "[total_parts] is [4], but was [3]"),
    "another length": (1, part(PARTS[1], b"a"), "[total_definition_length] is [1], but was [768]"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_part_is_refused_and_changes_nothing(tmp_path: Path, name: str) -> None:
    number, body, told = WRONG[name]

    async def story(uploads: Uploads) -> None:
        await uploads.models.put("mine", CONFIG)
        if name.startswith(("other", "another length")):
            await put(uploads, 0)
        with pytest.raises(ConnoteError) as raised:
            await uploads.put_part("mine", number, body)
        assert told in str(raised.value)
        assert raised.value.status == 400
        await put(uploads, 1, 0, 2)

    with opened(tmp_path, most=1000) as uploads:
        run(story(uploads))
        assert definition(uploads) == CONTENT


def test_a_last_part_of_the_wrong_size_is_refused(tmp_path: Path) -> None:
    async def story(uploads: Uploads) -> None:
        await uploads.models.put("mine", CONFIG)
        await put(uploads, 0, 1)
        with pytest.raises(ConnoteError, match="have 601 bytes; send the part that is wrong again"):
            await uploads.put_part("mine", 2, part(b"a"))
        await put(uploads, 2)

    with opened(tmp_path) as uploads:
        run(story(uploads))
        assert definition(uploads) == CONTENT


def test_a_definition_that_is_complete_stays_what_it_is(tmp_path: Path) -> None:
    async def story(uploads: Uploads) -> None:
        await uploads.models.put("mine", CONFIG)
        await put(uploads, 0, 1, 2)
        await put(uploads, 1)  # by somebody who has not seen the answer
        for content in (b"x" * 300, b"x"):
            with pytest.raises(ConnoteError, match=r"is complete, and its part \[1\] is another"):
                await uploads.put_part("mine", 1, part(content))

    with opened(tmp_path) as uploads:
        run(story(uploads))
        assert definition(uploads) == CONTENT


def test_an_upload_goes_on_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as uploads:
        run(uploads.models.put("mine", CONFIG))
        run(put(uploads, 2, 0))
        run(uploads.put_vocabulary("mine", WORDS))
    with opened(tmp_path) as uploads:
        assert definition(uploads) is None
        run(put(uploads, 1))
        assert uploads.models.find("mine").is_whole
    with opened(tmp_path) as uploads:
        assert uploads.models.find("mine").is_whole
        assert definition(uploads) == CONTENT


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("call", [*range(1, 21)])
def test_a_process_that_is_killed_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """`call` counts what changes the disk: at each of these the process may end, before or after it."""
    calls = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def change(*arguments: Any) -> Any:  # noqa: ANN401 (the call's own)
            nonlocal calls
            calls += 1
            if calls == call:
                raise Killed
            return real(*arguments)

        return change

    with opened(tmp_path) as uploads:
        run(uploads.models.put("mine", CONFIG))
        run(uploads.put_vocabulary("mine", WORDS))
        acknowledged = []
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", counted(os.fsync))
            patch.setattr(Path, "rename", counted(Path.rename))
            patch.setattr(Path, "unlink", counted(Path.unlink))
            patch.setattr(ModelStore, "keep_upload", counted(ModelStore.keep_upload))

            async def story() -> None:
                for number in (1, 0, 2):
                    await put(uploads, number)
                    acknowledged.append(number)

            with pytest.raises(Killed):
                run(story())
    with opened(tmp_path) as uploads:
        model = uploads.models.find("mine")
        assert model.folder is not None
        assert not list(model.folder.glob("*.unfinished"))
        if not model.upload.sha256:
            assert set(uploads.models.files.parts(model.folder.name)) >= set(acknowledged)
            run(put(uploads, *(number for number in (0, 1, 2) if number not in acknowledged)))
        assert definition(uploads) == CONTENT
        assert uploads.models.find("mine").is_whole


def test_nothing_is_left_of_a_model_that_is_deleted(tmp_path: Path) -> None:
    async def story(uploads: Uploads) -> None:
        await uploads.models.put("mine", CONFIG)
        await put(uploads, 0, 1)
        writing = asyncio.create_task(put(uploads, 2))
        await asyncio.sleep(0)
        await uploads.models.delete("mine", force=False)
        with pytest.raises(NotFound):
            await writing
        with pytest.raises(NotFound):
            uploads.models.find("mine")
        assert list((tmp_path / "uploads").iterdir()) == []
        await uploads.models.put("mine", CONFIG)
        await put(uploads, 1)

    with opened(tmp_path) as uploads:
        run(story(uploads))
        assert definition(uploads) is None


def test_a_model_whose_files_are_gone_is_told_of_and_can_be_put_again(tmp_path: Path) -> None:
    with opened(tmp_path) as uploads:
        run(uploads.models.put("mine", CONFIG))
        run(put(uploads, 0, 1, 2))
        (folder,) = (tmp_path / "uploads").iterdir()
    shutil.rmtree(folder)
    with opened(tmp_path) as uploads:
        with pytest.raises(ConnoteError, match=r"its files in .* are gone; delete it, and put it again"):
            uploads.models.find("mine")
        with pytest.raises(ConnoteError, match="already exists"):
            run(uploads.models.put("mine", CONFIG))
        run(uploads.models.delete("mine", force=False))
        run(uploads.models.put("mine", CONFIG))
        run(put(uploads, 0, 1, 2))
        assert definition(uploads) == CONTENT


def test_folders_of_no_model_are_removed_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "uploads" / "left").mkdir(parents=True)
    (tmp_path / "uploads" / "left" / "part-0").write_bytes(b"x")
    with opened(tmp_path):
        assert list((tmp_path / "uploads").iterdir()) == []


def test_a_vocabulary_must_have_what_its_tokenisation_needs(tmp_path: Path) -> None:
    async def story(uploads: Uploads) -> None:
        await uploads.models.put("mine", CONFIG | {"inference_config": {"ner": {"tokenization": {"roberta": {}}}}})
        with pytest.raises(ConnoteError, match=r"requires \[merges\]"):
            await uploads.put_vocabulary("mine", WORDS)

    with opened(tmp_path) as uploads:
        run(story(uploads))
