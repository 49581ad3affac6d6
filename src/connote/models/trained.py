"""A trained model: what it is for, whose files serve it, and how GET tells of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from connote.models.config import PYTORCH, Config
from connote.runtime.catalog import Model
from connote.runtime.sources import Folder
from connote.version import VERSION_SPOKEN

# What Elasticsearch tells of where a definition is kept; clients read it, connote has no such index.
_LOCATION = {"index": {"name": ".ml-inference-native-000002"}}
# Left out of an entry that shall be put again elsewhere.
GENERATED = (
    "model_id",
    "created_by",
    "version",
    "create_time",
    "model_size_bytes",
    "estimated_operations",
    "license_level",
    "location",
)


@dataclass(frozen=True)
class Upload:
    """What has come of a definition: what was said of it with the first part, and once it is whole its hash.

    `sizes` are the bytes of its parts, known from then on.
    """

    total_parts: int = 0
    total_length: int = 0
    sizes: tuple[int, ...] = ()
    sha256: str | None = None
    has_vocabulary: bool = False

    @classmethod
    def kept(cls, plain: Mapping[str, Any], *, has_vocabulary: bool) -> "Upload":
        """What `plain` gave."""
        return cls(**{**plain, "sizes": tuple(plain["sizes"])}, has_vocabulary=has_vocabulary)

    def plain(self) -> dict[str, Any]:
        """As it is kept. Whether there is a vocabulary its file tells."""
        kept = asdict(self)
        del kept["has_vocabulary"]
        return kept


@dataclass(frozen=True)
class Trained:
    """A model under the id that it was put by. One that was uploaded has a folder, one of the catalog a row.

    `created` is in milliseconds of the epoch; None for a model of the catalog that is here without anybody's wish.
    """

    id: str
    config: Config
    created: int | None
    folder: Path | None = None
    upload: Upload = Upload()
    known: Model | None = None

    @property
    def task(self) -> str:
        """Its NLP task."""
        return self.config.inference.task

    @property
    def has_prefixes(self) -> bool:
        """Whether its texts get any."""
        known, own = self.known, self.config.body.prefix_strings
        return bool(known and (known.query_prefix or known.passage_prefix)) or bool(own and (own.search or own.ingest))

    @property
    def is_whole(self) -> bool:
        """Whether all of an upload is here."""
        return self.upload.sha256 is not None and self.upload.has_vocabulary

    def row(self) -> Model | None:
        """How the runtime knows an upload; None if it is not whole, or none."""
        if self.folder is None or not self.is_whole:
            return None
        prefixes = self.config.body.prefix_strings
        return Model(
            id=self.id,
            head=None,
            own_task=self.task,
            sources=(Folder(self.folder),),
            licence="its owner's",
            max_tokens=self.config.inference.tokenization.max_sequence_length,
            dimensions=getattr(self.config.inference.options, "embedding_size", None),
            query_prefix=(prefixes and prefixes.search) or "",
            passage_prefix=(prefixes and prefixes.ingest) or "",
            note="Uploaded.",
        )

    def wire(self, size: int) -> dict[str, Any]:
        """Its entry in the answer to GET; `size` is the bytes of its files."""
        entry = {
            "model_id": self.id,
            "model_type": PYTORCH,
            "created_by": "api_user" if self.folder else "_xpack",
            "version": VERSION_SPOKEN,
            "create_time": self.created or 0,
            "model_size_bytes": size,
            "estimated_operations": 0,
            "license_level": "basic",
            **self.config.wire(),
        }
        return entry | {"location": _LOCATION}
