"""What single data streams say above their template: settings and mappings of the indices that they will have.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-put-data-stream-settings
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connote.contract.errors import ConnoteError
from connote.search.indices import Indices
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.settings import IndexSettings, is_dynamic
from connote.search.streams import Changes, DataStream, marked

Body = dict[str, Any]


@dataclass
class Applied:
    """What became of settings: those of the stream alone, those of its indices too, and where that failed."""

    alone: list[str] = field(default_factory=list)
    everywhere: list[str] = field(default_factory=list)
    errors: list[Body] = field(default_factory=list)

    def wire(self) -> Body:
        """As the answer tells it."""
        told: Body = {
            "applied_to_data_stream_only": self.alone,
            "applied_to_data_stream_and_backing_indices": self.everywhere,
        }
        return told | ({"errors": self.errors} if self.errors else {})


def settings(indices: Indices, stream: DataStream) -> Body:
    """The stream's own settings, and with them those that its next index will have."""
    effective = IndexSettings.read(_composed(indices, stream).get("settings") or {})
    own = IndexSettings(dict(stream.settings)).nested()
    return {"name": stream.name, "settings": own, "effective_settings": effective.nested()}


def mappings(indices: Indices, stream: DataStream) -> Body:
    """The stream's own mappings, and with them those that its next index will have."""
    effective = _composed(indices, stream).get("mappings") or {}
    return {"name": stream.name, "mappings": stream.mappings, "effective_mappings": effective}


async def set_settings(indices: Indices, stream: DataStream, body: Mapping[str, Any], *, is_trial: bool) -> Body:
    """Change settings; null takes one back. Those that open indices can change are changed in the stream's at once.

    With `is_trial` nothing changes. What is wrong is told, not raised.
    """
    try:
        given = IndexSettings.read(body).values
        made = replace(stream, settings=IndexSettings({**stream.settings, **given}).created().values)
        _check(indices, made)
    except ConnoteError as error:
        return {"name": stream.name, "applied_to_data_stream": False, "error": error.reason}
    dynamic = [name for name in given if is_dynamic(name)]
    alone, everywhere = ([f"index.{name}" for name in given if (name in dynamic) is kind] for kind in (False, True))
    applied = Applied(alone, everywhere)
    if not is_trial:
        await _keep(indices, stream.name, settings=made.settings)
        effective = IndexSettings.read(_composed(indices, made).get("settings") or {}).values
        await _spread(indices, made, {name: effective.get(name) for name in dynamic}, applied)
    told = {"applied_to_data_stream": True, "index_settings_results": applied.wire()}
    return {**settings(indices, made), **told}


async def set_mappings(indices: Indices, stream: DataStream, body: Mapping[str, Any], *, is_trial: bool) -> Body:
    """Let these be the stream's own mappings, from its next index on. With `is_trial` nothing changes."""
    made = replace(stream, mappings=dict(body))
    try:
        _check(indices, made)
    except ConnoteError as error:
        return {"name": stream.name, "applied_to_data_stream": False, "error": error.reason}
    if not is_trial:
        await _keep(indices, stream.name, mappings=made.mappings)
    return {**mappings(indices, made), "applied_to_data_stream": True}


async def _spread(indices: Indices, stream: DataStream, changes: Mapping[str, Any], applied: Applied) -> None:
    if not changes:
        return
    for name in stream.indices:
        try:
            await indices.set([name], changes)
        except ConnoteError as error:
            applied.errors.append({"index": name, "error": error.reason})


async def _keep(indices: Indices, name: str, **changes: Any) -> None:  # noqa: ANN401
    """Keep the stream with changes, if it is still there; its indices may be others by now."""
    async with indices.writing:
        if (now := indices.streams.get(name)) is not None:
            await indices.replace((), streams=Changes([replace(now, **changes)]))


def _composed(indices: Indices, stream: DataStream) -> Mapping[str, Any]:
    return indices.composed(stream.name, {"settings": stream.settings, "mappings": stream.mappings})


def _check(indices: Indices, stream: DataStream) -> None:
    """Raise what an index of these settings and mappings has wrong."""
    body = marked(_composed(indices, stream))
    made = IndexSettings.read(body.get("settings") or {}).created()
    Fields.read(body["mappings"], indices.analysis(made), made.most_fields, made.defaults).check_scripts()
