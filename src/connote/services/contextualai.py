"""Contextual AI: https://docs.contextual.ai/api-reference/rerank."""

from typing import Annotated, Any, cast

from connote.contract.settings import About, Settings
from connote.contract.tasks import TaskType
from connote.services import auth, shape
from connote.services.remote import Key, Limited, ModelId, per_minute, probe
from connote.services.service import Call, Flow, Service, Site


class RerankSettings(Settings):
    """Settings of rerank."""

    api_key: Key
    model_id: ModelId
    rate_limit: Limited = per_minute(1000)


class Options(Settings):
    """Task settings."""

    instruction: Annotated[
        str | None, About("Instruction", "What to prefer among relevant documents, in words.", updatable=True)
    ] = None
    top_k: Annotated[int | None, About("Top K", "The most documents to return.", positive=True, updatable=True)] = None


contextualai = Service("contextualai", "Contextual AI", Site("https://api.contextual.ai", auth.bearer()))


@contextualai.task(TaskType.RERANK, settings=RerankSettings, options=Options, check=probe())
def rerank(call: Call) -> Flow:
    """The documents by relevance to the query."""
    settings, options = cast("RerankSettings", call.settings), cast("Options", call.options)
    body: dict[str, Any] = {"model": settings.model_id}
    if options.instruction is not None:
        body["instruction"] = options.instruction
    return (yield from shape.rerank(call, "/v1/rerank", body, top_n=options.top_k))
