"""The services that speak as OpenAI does, a row each: what they have of their own is what the row says."""

from typing import Annotated, Any

from connote.contract.settings import About
from connote.services.auth import bearer
from connote.services.openai import Options as UserOptions
from connote.services.remote import (
    DenseSettings,
    Key,
    Limited,
    MaxInputTokens,
    ModelId,
    OptionalUrl,
    Url,
    per_minute,
)
from connote.services.row import (
    Chats,
    Embeds,
    ModelServerSettings,
    OptionalLimit,
    Ranks,
    RowSettings,
    ServerEmbeddings,
    row,
)
from connote.services.service import Service, Site

# Vendors.


class Ai21Settings(RowSettings):
    """Settings of all tasks."""

    api_key: Key
    model_id: ModelId
    rate_limit: Limited = per_minute(200)


ai21 = row(
    Service(
        "ai21",
        "AI21 Labs",
        Site("https://api.ai21.com", bearer()),
        about="AI21 Labs: https://docs.ai21.com/reference/jamba-1-6-api-ref.",
    ),
    Chats("/studio/v1/chat/completions", Ai21Settings, limit="max_tokens", counts=False),
)


class DeepSeekSettings(RowSettings):
    """Settings of all tasks. DeepSeek documents no limit, so there is none by default."""

    api_key: Key
    model_id: ModelId
    url: OptionalUrl = None
    rate_limit: OptionalLimit = None


deepseek = row(
    Service(
        "deepseek",
        "DeepSeek",
        Site("https://api.deepseek.com", bearer()),
        about="DeepSeek: https://api-docs.deepseek.com/api/create-chat-completion.",
    ),
    Chats(
        "/chat/completions",
        DeepSeekSettings,
        limit="max_tokens",
        thoughts="reasoning_content",
        silent={"thinking": {"type": "disabled"}},
    ),
)


class FireworksSettings(RowSettings):
    """Settings of completion and chat_completion."""

    api_key: Key
    model_id: ModelId
    url: OptionalUrl = None
    rate_limit: Limited = per_minute(6000)


class FireworksEmbeddings(FireworksSettings, DenseSettings):
    """Settings of text_embedding."""


fireworksai = row(
    Service(
        "fireworksai",
        "Fireworks AI",
        Site("https://api.fireworks.ai", bearer()),
        about="Fireworks AI: https://docs.fireworks.ai/api-reference.",
    ),
    # How many inputs a call may have is not documented; clients of others take 8 to 100.
    Embeds("/inference/v1/embeddings", FireworksEmbeddings, similarity="cosine", batch=8),
    Chats("/inference/v1/chat/completions", FireworksSettings, UserOptions, thoughts="reasoning_content"),
)


class GroqSettings(RowSettings):
    """Settings of all tasks."""

    api_key: Key
    model_id: ModelId
    rate_limit: Limited = per_minute(1000)


groq = row(
    Service(
        "groq",
        "Groq",
        Site("https://api.groq.com", bearer()),
        about="Groq: https://console.groq.com/docs/api-reference.",
    ),
    Chats("/openai/v1/chat/completions", GroqSettings, thoughts="reasoning"),
)


class MistralSettings(RowSettings):
    """Settings of all tasks."""

    api_key: Key
    model: ModelId
    max_input_tokens: MaxInputTokens = None
    rate_limit: Limited = per_minute(240)

    def named(self) -> dict[str, Any]:
        """The setting has the name that it has in a body."""
        return {"model": self.model}


class MistralEmbeddings(MistralSettings, DenseSettings):
    """Settings of text_embedding."""


mistral = row(
    Service(
        "mistral", "Mistral", Site("https://api.mistral.ai", bearer()), about="Mistral: https://docs.mistral.ai/api."
    ),
    # A call may have 16,000 tokens, which are about 32 chunks of the usual size.
    Embeds("/v1/embeddings", MistralEmbeddings, batch=32, dimensions="output_dimension"),
    # The usage of a stream comes unasked, and a member that is not known is refused.
    Chats("/v1/chat/completions", MistralSettings, limit="max_tokens", counts=False),
)


class OpenShiftSettings(RowSettings):
    """Settings of completion, chat_completion and rerank."""

    api_key: Key
    url: Url
    model_id: Annotated[str | None, About("Model ID", "The name of the model, if the server has several.")] = None
    rate_limit: Limited = per_minute(3000)


class OpenShiftEmbeddings(OpenShiftSettings, DenseSettings):
    """Settings of text_embedding."""

    max_input_tokens: MaxInputTokens = None
    dimensions_set_by_user: Annotated[
        bool | None, About("Set by user", "Whether the request gave the dimensions.", derived=True)
    ] = None


openshift_ai = row(
    Service(
        "openshift_ai",
        "OpenShift AI",
        Site("", bearer()),
        about="Red Hat OpenShift AI, which serves models with vLLM: https://docs.vllm.ai.",
    ),
    Embeds("", OpenShiftEmbeddings),
    Chats("", OpenShiftSettings, thoughts="reasoning"),
    Ranks("", OpenShiftSettings),
)

# What people run themselves. Without a URL it is asked on this machine.

infinity = row(
    Service(
        "infinity",
        "Infinity",
        Site("http://127.0.0.1:7997", bearer()),
        about="Infinity, on a machine of yours: https://michaelfeil.eu/infinity.",
    ),
    Embeds("/embeddings", ServerEmbeddings, similarity="cosine", batch=2048),
    Ranks("/rerank", ModelServerSettings),
)

lmstudio = row(
    Service(
        "lmstudio",
        "LM Studio",
        Site("http://127.0.0.1:1234", bearer()),
        about="LM Studio, on a machine of yours: https://lmstudio.ai/docs/developer/openai-compat.",
    ),
    Embeds("/v1/embeddings", ServerEmbeddings, similarity="cosine", dimensions=None),
    Chats("/v1/chat/completions", ModelServerSettings, limit="max_tokens"),
)

ollama = row(
    Service(
        "ollama",
        "Ollama",
        Site("http://127.0.0.1:11434", bearer()),
        about="Ollama, on a machine of yours: https://docs.ollama.com/api/openai-compatibility.",
    ),
    Embeds("/v1/embeddings", ServerEmbeddings, similarity="cosine"),
    Chats("/v1/chat/completions", ModelServerSettings, limit="max_tokens", thoughts="reasoning"),
)

vllm = row(
    Service(
        "vllm",
        "vLLM",
        Site("http://127.0.0.1:8000", bearer()),
        about="vLLM, on a machine of yours: https://docs.vllm.ai/en/latest/serving/openai_compatible_server.",
    ),
    Embeds("/v1/embeddings", ServerEmbeddings, similarity="cosine"),
    Chats("/v1/chat/completions", ModelServerSettings, thoughts="reasoning"),
    Ranks("/v1/rerank", ModelServerSettings),
)

ROWS = (ai21, deepseek, fireworksai, groq, infinity, lmstudio, mistral, ollama, openshift_ai, vllm)
