"""The settings of an index: read in any of their forms, and shown as Elasticsearch shows them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connote.contract import dates, durations
from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analysis
from connote.search.analysis.synonyms import Sets
from connote.search.query.boosts import boosted
from connote.store.indices import IndexRecord
from connote.version import VERSION_SPOKEN

# Seconds between refreshes where an index does not say.
REFRESH = 1.0
# Settings that change nothing here: one process keeps the index, whatever is said of shards and nodes.
_ACCEPTED = re.compile(
    r"(?:number_of_shards|number_of_replicas|auto_expand_replicas|codec|shard\..*|routing.*|merge\..*|translog\..*|"
    r"lifecycle\..*|hidden|priority|mode|logsdb\..*|sort\..*|search\..*|indexing\..*|queries\..*|query\..*|highlight\..*|store\..*|"
    r"mapping\..*|max_.*|top_metrics_max_size|knn.*|blocks\..*|gc_deletes|soft_deletes.*|unassigned.*|similarity\..*|load_fixed.*|"
    r"write\..*|refresh\..*|dense_vector\..*|number_of_routing_shards|"
    r"final_pipeline|default_pipeline|refresh_interval|analysis\..*|analyze\..*|uuid|creation_date|provided_name|version\..*|esql\..*|recovery\..*|allocation\..*)"
)
# What never changes, and what only changes while an index is closed.
_FINAL = (
    "mapping.exclude_source_vectors",
    "number_of_shards",
    "sort.",
    "mode",
    "number_of_routing_shards",
    "routing_partition_size",
)
_STATIC = ("analysis.", "codec", "similarity.", "mapping.ignore_malformed", "mapping.coerce", "mapping.ignore_above")
_ANALYSIS = re.compile(r"analysis\.|analyze\.|similarity\.|max_(?:ngram|shingle)_diff$")
_ALWAYS: dict[str, Any] = {"number_of_shards": "1", "number_of_replicas": "1"}
# https://www.elastic.co/docs/reference/elasticsearch/index-settings/index-modules#index-mode-setting
_SERIES, _MODES = "time_series", ("standard", "time_series", "logsdb", "lookup")
# What fields of an index for logs do unless they say otherwise; and its field of time.
# https://www.elastic.co/docs/manage-data/data-store/data-streams/logs-data-stream
_LOGS: Mapping[str, Any] = {"ignore_malformed": True, "ignore_above": 8191}
# The setting that closed indices have, as in Elasticsearch.
CLOSED = "verified_before_close"


@dataclass(frozen=True)
class IndexSettings:
    """Flat, without the leading `index.`; values as they were given. Some may be all that is to be shown."""

    values: dict[str, Any] = field(default_factory=dict)
    is_whole: bool = True

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "IndexSettings":
        """Settings, nested or with dots, with `index.` or without. Raises IllegalArgument for one that is not known."""
        if not isinstance(body, Mapping):
            raise IllegalArgument(f"[settings] must be an object, not [{java(body)[:100]}]")
        values = dict(_flat(body))
        _check_mode(values)
        for name in values:
            if not _ACCEPTED.fullmatch(name):
                raise IllegalArgument(
                    f"unknown setting [index.{name}] please check that any required plugins are installed, or check "
                    "the breaking changes documentation for removed settings"
                )
        made = cls(values)
        made._check()
        return made

    @classmethod
    def of(cls, record: IndexRecord) -> "IndexSettings":
        """Those that are kept of an index."""
        return cls(dict(record.settings))

    @property
    def refresh_interval(self) -> float:
        """Seconds; below 0 nothing is refreshed unless a request says so."""
        given = self.values.get("refresh_interval")
        if given in (None, "null"):
            return REFRESH
        if str(given) == "-1":
            return -1.0
        return durations.seconds(str(given), "index.refresh_interval") or 0.0

    @property
    def is_closed(self) -> bool:
        """Whether nothing may be read or written until it is opened again."""
        return self.values.get(CLOSED) in (True, "true")

    @property
    def mode(self) -> str:
        """What the index is for: `standard`, `lookup`, or `logsdb`, whose documents all have a time."""
        return str(self.values.get("mode") or _MODES[0]).lower()

    @property
    def defaults(self) -> Mapping[str, Any]:
        """Parameters of fields that do not have them themselves."""
        said: dict[str, bool | int | None] = {
            name: self._flag(f"mapping.{name}") for name in ("ignore_malformed", "coerce")
        }
        if "mapping.ignore_above" in self.values:
            said["ignore_above"] = self._least("mapping.ignore_above", 0, 0)
        usual = _LOGS if self.mode == "logsdb" else {}
        return {**usual, **{name: value for name, value in said.items() if value is not None}}

    @property
    def usual_fields(self) -> list[tuple[str, float]]:
        """The fields that a query without any looks in, with their boosts."""
        given = self.values.get("query.default_field") or "*"
        return boosted(given.split(",") if isinstance(given, str) else given, "index.query.default_field")

    @property
    def most_fields(self) -> int:
        """How many fields the mapping may have."""
        return self._whole("mapping.total_fields.limit", 1000)

    @property
    def most_hits(self) -> int:
        """How far into its hits a search may go by `from` and `size`."""
        return self._whole("max_result_window", 10_000)

    @property
    def default_pipeline(self) -> str | None:
        """The ingest pipeline of writes that name none."""
        return self._pipeline("default_pipeline")

    @property
    def final_pipeline(self) -> str | None:
        """The ingest pipeline that every document goes through last."""
        return self._pipeline("final_pipeline")

    @property
    def copies(self) -> int:
        """How many copies of a shard are asked for, the first too; `auto_expand_replicas` asks one node for no more."""
        if str(self.values.get("auto_expand_replicas", "false")) != "false":
            return 1
        return 1 + self._whole("number_of_replicas", 1)

    @property
    def excludes_vectors(self) -> bool | None:
        """Whether documents are shown without their vectors, unless these are asked for; None if it is not said."""
        return self._flag("mapping.exclude_source_vectors")

    def analysis(self, sets: Sets = lambda _: None) -> Analysis:
        """The analyzers and similarities that it declares, with those that are always there.

        `sets` finds synonyms by the name of a set. Raises IllegalArgument.
        """
        return Analysis({name: value for name, value in self.values.items() if _ANALYSIS.match(name)}, sets=sets)

    def blocked(self, what: str) -> bool:
        """Whether `read`, `write` or `metadata` is blocked."""
        values = (self.values.get(f"blocks.{name}") for name in ({what, "read_only"} if what == "write" else {what}))
        return any(value in (True, "true") for value in values)

    def created(self) -> "IndexSettings":
        """As a new index has them: those that are null are not there."""
        return IndexSettings({name: value for name, value in self.values.items() if value is not None})

    def closed(self, closed: bool) -> "IndexSettings":
        """Of the index when it is closed, or opened again."""
        rest = {name: value for name, value in self.values.items() if name != CLOSED}
        return IndexSettings(rest | ({CLOSED: True} if closed else {}))

    def updated(self, body: Mapping[str, Any], *, keeps: bool = False, is_closed: bool = False) -> "IndexSettings":
        """With changes; null takes a setting back, and with `keeps` what there is stays.

        Raises IllegalArgument for what can only be set at creation, or while the index is closed.
        """
        given = IndexSettings.read(body).values
        if keeps:
            given = {name: value for name, value in given.items() if name not in self.values}
        changed = [name for name, value in given.items() if text(self.values.get(name)) != text(value)]
        final = [name for name in changed if _is_one_of(name, _FINAL)]
        if final:
            raise IllegalArgument(f"final index setting [index.{final[0]}], not updateable")
        static = [name for name in changed if _is_one_of(name, _STATIC)]
        if static and not is_closed:
            listed = ", ".join(f"index.{name}" for name in static)
            raise IllegalArgument(f"Can't update non dynamic settings [[{listed}]] for open indices")
        made = IndexSettings({**self.values, **given}).created()
        made._check()
        return made

    def only(self, wanted: Callable[[str], bool]) -> "IndexSettings | None":
        """With those alone of which that is so, also of those that every index has; None if there are none."""
        kept = {name: value for name, value in (_ALWAYS | self.values).items() if wanted(name)}
        return IndexSettings(kept, is_whole=False) if kept else None

    def human(self) -> "IndexSettings":
        """With when, and by which version, the index was made, as people read it."""
        told: dict[str, Any] = {}
        if "creation_date" in self.values:
            told["creation_date_string"] = dates.render(int(self.values["creation_date"]))
        if "version.created" in self.values:
            told["version.created_string"] = VERSION_SPOKEN
        return replace(self, values={**self.values, **told})

    def wire(self) -> dict[str, Any]:
        """Nested, below `index`, with every value as text, and with what every index has."""
        return {"index": nested({name: text(value) for name, value in self._shown().items()})}

    def nested(self) -> dict[str, Any]:
        """The same without what every index has."""
        shown = nested({name: text(value) for name, value in self.values.items()})
        return {"index": shown} if shown else {}

    def flat(self) -> dict[str, Any]:
        """As `wire`, with dots in the names."""
        return {f"index.{name}": text(value) for name, value in sorted(self._shown().items())}

    def _shown(self) -> Mapping[str, Any]:
        return _ALWAYS | self.values if self.is_whole else self.values

    def _check(self) -> None:
        _ = self.refresh_interval, self.most_fields, self.most_hits, self.excludes_vectors, self.defaults
        _ = self._whole("lifecycle.origination_date", -1), self.usual_fields
        self._least("number_of_replicas", 1, 0)
        if (shards := self._least("number_of_shards", 1, 1)) > 1024:
            raise IllegalArgument(
                f"Failed to parse value [{shards}] for setting [index.number_of_shards] must be <= 1024"
            )

    def _whole(self, name: str, default: int) -> int:
        given = self.values.get(name)
        try:
            return default if given is None else int(given)
        except (TypeError, ValueError):
            raise IllegalArgument(f"Failed to parse value [{java(given)}] for setting [index.{name}]") from None

    def _least(self, name: str, default: int, least: int) -> int:
        if (found := self._whole(name, default)) < least:
            raise IllegalArgument(f"Failed to parse value [{found}] for setting [index.{name}] must be >= {least}")
        return found

    def _flag(self, name: str) -> bool | None:
        given = self.values.get(name)
        if given is not None and str(given).lower() not in ("true", "false"):
            raise IllegalArgument(
                f"Failed to parse value [{java(given)}] as only [true] or [false] are allowed for setting "
                f"[index.{name}]."
            )
        return None if given is None else str(given).lower() == "true"

    def _pipeline(self, name: str) -> str | None:
        given = self.values.get(name)
        return None if given in (None, "_none") else str(given)


def is_dynamic(name: str) -> bool:
    """Whether a setting can change while its index is open."""
    return not _is_one_of(name.removeprefix("index."), (*_FINAL, *_STATIC))


def _check_mode(values: Mapping[str, Any]) -> None:
    """Raise IllegalArgument for a mode that there is not, and for what only such a one has."""
    mode = str(values.get("mode") or _MODES[0]).lower()
    if mode not in _MODES:
        raise IllegalArgument(f"[{mode[:100]}] is an invalid index mode, valid modes are: [{','.join(_MODES)}]")
    if mode == _SERIES:
        raise IllegalArgument("[index.mode] of [time_series] is not supported; see docs/compatibility.md")
    for name in values:
        if name == "routing_path" or name.startswith(f"{_SERIES}."):
            told = "which is not supported; see docs/compatibility.md"
            raise IllegalArgument(f"[index.{name}] requires [index.mode=time_series], {told}")
    shards = values.get("number_of_shards")
    if mode == "lookup" and shards is not None and str(shards) != "1":
        raise IllegalArgument(
            f"index with [lookup] mode must have [index.number_of_shards] set to 1 or unset but provided {java(shards)}"
        )


def _flat(body: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in body.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}".removeprefix("index."), value


def _is_one_of(name: str, listed: Iterable[str]) -> bool:
    return any(name == each or (each.endswith(".") and name.startswith(each)) for each in listed)


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by their full names as objects in each other."""
    made: dict[str, Any] = {}
    for name, value in sorted(flat.items()):
        at = made
        *parents, last = name.split(".")
        for part in parents:
            inner = at.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            at = inner
        else:
            at[last] = value
    return made


def text(value: Any) -> Any:  # noqa: ANN401
    """The value of a setting as it is told: text, or a list of these."""
    if isinstance(value, list):
        return [text(each) for each in value]
    return value if isinstance(value, str) or value is None else java(value)
