"""Uploads: a definition that comes in parts, in any order and as often as need be, and its vocabulary."""

import asyncio
import base64
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec
import orjson

from connote.contract import body
from connote.contract.errors import Conflict, IllegalArgument, InvalidRequest, NotFound, Rejected
from connote.contract.vocabulary import Vocabulary
from connote.models.models import DESCRIPTION, VOCABULARY, Models
from connote.models.trained import Trained

MOST_PARTS = 10_000


class Part(msgspec.Struct, forbid_unknown_fields=True):
    """The body that brings one part."""

    definition: str
    total_definition_length: int
    total_parts: int

    def problems(self, number: int, most: int) -> list[str]:
        """What is wrong with it as the part of that number."""
        rules = {
            "[part] must be greater or equal to 0": number >= 0,
            "[total_parts] must be greater than 0": self.total_parts > 0,
            f"[total_parts] must be less than or equal to {MOST_PARTS}": self.total_parts <= MOST_PARTS,
            "[part] must be less than total_parts": number < self.total_parts or self.total_parts <= 0,
            "[total_definition_length] must be greater than 0": self.total_definition_length > 0,
            f"[total_definition_length] must be at most {most} bytes ([server] max_model_bytes)": (
                self.total_definition_length <= most
            ),
        }
        return [problem for problem, holds in rules.items() if not holds]

    def content(self) -> bytes:
        """What it holds. Raises IllegalArgument for what is no base64."""
        try:
            content = base64.b64decode(self.definition, validate=True)
        except ValueError as error:  # binascii.Error is one, and what is not ASCII another
            raise IllegalArgument(f"[definition] is not base64: {error}; send the part again") from None
        if not content:
            raise IllegalArgument("[definition] must not be empty")
        return content


class Uploads:
    """Takes parts and vocabularies. What is acknowledged is kept; a definition is there as a whole or not at all."""

    def __init__(self, models: Models, most: int) -> None:
        self.models, self._most = models, most
        self._locks = defaultdict[str, asyncio.Lock](asyncio.Lock)
        models.on_delete.append(self._forget)
        models.tidy()
        for model in list(models.added.values()):
            if model.folder:
                self._recover(model)

    async def put_part(self, id: str, number: int, given: Mapping[str, Any]) -> None:
        """Take a part; with the last one the definition is made.

        Raises NotFound, Unparsable, InvalidRequest and IllegalArgument for a part that is wrong or does not fit to the
        others, Unavailable if it cannot be kept.
        """
        part = body.read(given, Part, "trained_model_definition_part")
        if problems := part.problems(number, self._most):
            raise InvalidRequest(problems)
        self.models.uploaded(id)
        async with self._locks[id]:
            model = self.models.uploaded(id)
            _check_totals(model, part)
            content = await asyncio.to_thread(part.content)
            await self._keep(await asyncio.to_thread(self._taken, model, number, part, content))

    async def put_vocabulary(self, id: str, given: Mapping[str, Any]) -> None:
        """Take the vocabulary, in place of one that is there. Raises what is wrong with it.

        Raises Conflict for another one than a model has that is used: what is loaded would go on with the old one.
        """
        model = self.models.uploaded(id)
        vocabulary = await asyncio.to_thread(Vocabulary.parse, given)
        vocabulary.check(id, model.config.inference.tokenization)
        async with self._locks[id]:
            model = self.models.uploaded(id)
            await asyncio.to_thread(self._write_vocabulary, model, vocabulary, self.models.used(id))
            await self._keep(replace(model, upload=replace(model.upload, has_vocabulary=True)))

    def unfinished(self) -> list[dict[str, Any]]:
        """How far each upload is that is not whole yet; totals are null until its first part has told them."""
        return [
            {
                "model_id": model.id,
                "parts": len(sizes := self._sizes(model)),
                "total_parts": model.upload.total_parts or None,
                "bytes": sum(sizes.values()),
                "total_bytes": model.upload.total_length or None,
            }
            for model in list(self.models.added.values())
            if model.folder and not model.upload.sha256
        ]

    def _sizes(self, model: Trained) -> dict[int, int]:
        with suppress(FileNotFoundError):  # it was finished, or deleted, in this moment
            return self.models.files.parts(_name(model))
        return {}

    async def _keep(self, model: Trained) -> None:
        if model.id not in self.models.added:
            raise NotFound(f"model [{model.id}] was deleted by another request in the meantime")
        self.models.keep(model)
        if model.upload.sha256 and model.folder:
            await asyncio.to_thread(self.models.files.drop_parts, model.folder.name)

    def _taken(self, model: Trained, number: int, part: Part, content: bytes) -> Trained:
        files, folder, upload = self.models.files, _name(model), model.upload
        if upload.sha256 is not None:
            if self._holds(model, number, content):
                return model
            raise Rejected(
                f"the definition of model [{model.id}] is complete, and its part [{number}] is another; "
                "delete the model to upload a different one"
            )
        sizes = files.parts(folder) | {number: len(content)}
        _check_sizes(sizes, part)
        if not upload.total_parts:
            upload = replace(upload, total_parts=part.total_parts, total_length=part.total_definition_length)
            self.models.store.keep_upload(model.id, upload.plain())
        files.put_part(folder, number, content)
        model = replace(model, upload=upload)
        return self._assembled(model, sizes) if len(sizes) == upload.total_parts else model

    def _assembled(self, model: Trained, sizes: Mapping[int, int]) -> Trained:
        """The model with its definition. It counts as there from the moment that its hash is kept."""
        files, folder, count = self.models.files, _name(model), model.upload.total_parts
        sha256 = files.assemble(folder, count)
        # What the runtime reads beside the definition and the vocabulary.
        files.write(
            folder, DESCRIPTION, orjson.dumps({"inference_config": model.config.inference.wire(), "sha256": sha256})
        )
        upload = replace(model.upload, sha256=sha256, sizes=tuple(sizes[number] for number in range(count)))
        self.models.store.keep_upload(model.id, upload.plain())
        return replace(model, upload=upload)

    def _holds(self, model: Trained, number: int, content: bytes) -> bool:
        """Whether the definition has that part: a client that saw no answer sends it again."""
        sizes, folder = model.upload.sizes, model.folder
        if folder is None or sizes[number] != len(content):
            return False
        with self.models.files.open(folder.name) as file:
            file.seek(sum(sizes[:number]))
            return file.read(len(content)) == content

    def _write_vocabulary(self, model: Trained, vocabulary: Vocabulary, used: str) -> None:
        folder, content = _name(model), orjson.dumps(vocabulary.wire())
        is_other = model.upload.has_vocabulary and self.models.files.read(folder, VOCABULARY) != content
        if is_other and used:
            raise Conflict(f"The vocabulary of model [{model.id}] cannot be changed as it is currently used by {used}")
        self.models.files.write(folder, VOCABULARY, content)

    def _recover(self, model: Trained) -> None:
        """Finish what the end of the process has left half done."""
        files, folder, upload = self.models.files, _name(model), model.upload
        if upload.sha256:
            files.drop_parts(folder)
            return
        sizes = files.parts(folder)
        if upload.total_parts and len(sizes) == upload.total_parts and sum(sizes.values()) == upload.total_length:
            self.models.keep(self._assembled(model, sizes))
            files.drop_parts(folder)

    async def _forget(self, id: str) -> None:
        async with self._locks[id]:  # a part that is being written
            pass
        self._locks.pop(id, None)


def _name(model: Trained) -> str:
    if model.folder is None:
        raise TypeError(f"model {model.id} has no folder")
    return model.folder.name


def _check_totals(model: Trained, part: Part) -> None:
    upload = model.upload
    if not upload.total_parts:
        return
    for name, before, now in (
        ("total_parts", upload.total_parts, part.total_parts),
        ("total_definition_length", upload.total_length, part.total_definition_length),
    ):
        if before != now:
            raise IllegalArgument(
                f"[{name}] is [{now}], but was [{before}] with the first part of model [{model.id}]; delete the model "
                "to upload another definition"
            )


def _check_sizes(sizes: Mapping[int, int], part: Part) -> None:
    """Raise IllegalArgument unless the parts that are here can become the definition."""
    found, total = sum(sizes.values()), part.total_definition_length
    if found > total or (len(sizes) == part.total_parts and found != total):
        raise IllegalArgument(
            f"[total_definition_length] is [{total}], but the {len(sizes)} parts that are here have {found} bytes; "
            "send the part that is wrong again"
        )
