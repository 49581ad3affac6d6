"""The settings of Vertex AI's endpoints."""

import re
from typing import Annotated, ClassVar

from connote.contract.settings import About, Settings
from connote.services.google_account import AccountFile
from connote.services.remote import (
    DenseSettings,
    InputType,
    Limited,
    MaxInputTokens,
    ModelId,
    TopN,
    per_minute,
)

GOOGLE, ANTHROPIC = "google", "anthropic"
PROVIDERS = (GOOGLE, "ai21", ANTHROPIC, "hugging_face", "meta", "mistral")
_HOST = "aiplatform.googleapis.com"
_ANYWHERE = "global"
_LOCATION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

Project = Annotated[str, About("GCP Project", "The project that is billed.")]


class AccountSettings(Settings):
    """Whose account it is."""

    service_account_json: Annotated[
        AccountFile,
        About("Credentials JSON", "The text of the JSON key file of a service account.", updatable=True),
    ]
    rate_limit: Limited = per_minute(30000)


class PlacedSettings(AccountSettings):
    """Settings of what runs at a place of choice; `host` is where it is asked."""

    location: Annotated[
        str | None, About("GCP Region", "Where the model runs, such as us-central1; Google chooses if not set.")
    ] = None

    @property
    def place(self) -> str:
        """The location as paths have it."""
        return self.location or _ANYWHERE

    @property
    def host(self) -> str:
        """The host of the location."""
        return _HOST if self.place == _ANYWHERE else f"{self.place}-{_HOST}"

    def problems(self, scope: str) -> list[str]:
        """The location becomes a part of a host name."""
        if _LOCATION.fullmatch(self.place):
            return []
        return [f"[{scope}] Invalid value [{self.location}]. [location] must be a location such as us-central1"]


class EmbeddingSettings(PlacedSettings, DenseSettings):
    """Settings of text_embedding."""

    model_id: ModelId
    project_id: Project
    max_input_tokens: MaxInputTokens = None
    max_batch_size: Annotated[
        int | None,
        About(
            "Max Batch Size",
            "The most inputs of one call; if not set, 1 for Gemini and else 5.",
            positive=True,
            at_most=250,
        ),
    ] = None

    @property
    def batch(self) -> int:
        """What all locations take of a model, unless the user says more."""
        return self.max_batch_size or (1 if self.model_id.startswith("gemini") else 5)


class EmbeddingOptions(Settings):
    """Task settings of text_embedding."""

    auto_truncate: Annotated[
        bool | None, About("Auto Truncate", "Whether inputs that are too long are cut, or refused.", updatable=True)
    ] = None
    input_type: InputType = None


class RerankSettings(AccountSettings):
    """Settings of rerank. The ranking is a service of its own, Discovery Engine."""

    project_id: Project
    model_id: Annotated[str | None, About("Model ID", "The ranking model; Google's latest if not set.")] = None

    @property
    def host(self) -> str:
        """The host of Discovery Engine."""
        return "discoveryengine.googleapis.com"


class RerankOptions(Settings):
    """Task settings of rerank."""

    top_n: TopN = None


class ChatSettings(PlacedSettings):
    """Settings of completion and chat_completion: a Gemini model by its id, or an address of the Model Garden."""

    provider: Annotated[
        str | None, About("Provider", "Who has made the model; `google` if not set.", choices=PROVIDERS)
    ] = None
    model_id: Annotated[str | None, About("Model ID", "The name of the model; required for Gemini.")] = None
    project_id: Annotated[str | None, About("GCP Project", "The project that is billed; required for Gemini.")] = None
    url: Annotated[str | None, About("URL", "Model Garden: the whole address that is asked.", url=True)] = None
    streaming_url: Annotated[
        str | None, About("Streaming URL", "Model Garden: the whole address for streams, if another.", url=True)
    ] = None

    @property
    def is_gemini(self) -> bool:
        """Whether it is Google's own model."""
        return self.provider in (None, GOOGLE)

    def problems(self, scope: str) -> list[str]:
        """Gemini has a model in a project, the Model Garden has addresses."""
        found, names = super().problems(scope), ("url", "streaming_url")
        given = [name for name in names if getattr(self, name) is not None]
        if self.is_gemini:
            wanted = [name for name in ("model_id", "project_id") if getattr(self, name) is None]
            found += [f"[{scope}] does not contain the required setting [{name}]" for name in wanted]
            found += [f"[{scope}] does not allow the setting [{name}] for the provider [{GOOGLE}]" for name in given]
        elif not given:
            found.append(f"[{scope}] does not contain one of the required settings [{', '.join(names)}]")
        return found


class ThinkingConfig(Settings):
    """How Gemini thinks."""

    flat: ClassVar[bool] = True

    thinking_budget: Annotated[
        int | None, About("Thinking Budget", "The tokens to think for; -1 lets the model choose.", updatable=True)
    ] = None


class ChatOptions(Settings):
    """Task settings of completion and chat_completion."""

    thinking_config: Annotated[
        ThinkingConfig | None, About("Thinking Config", "How Gemini thinks.", updatable=True)
    ] = None
    max_tokens: Annotated[
        int | None,
        About(
            "Max Tokens",
            "The most tokens that a model of Anthropic writes; 1024 if not set.",
            positive=True,
            updatable=True,
        ),
    ] = None
