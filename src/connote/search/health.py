"""How this server fares, by indicators: each looks at one thing and says what it means and what to do about it.

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-health-report
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connote.contract.errors import ClosedIndex, NoIndex, NotFound, Unavailable
from connote.search.ilm.management import Management
from connote.search.indices import Indices
from connote.search.lifecycles import Lifecycles

COLOURS = ("green", "unknown", "yellow", "red")
# What is free of a disk before it is told of, as shares and as bytes that are enough on a large one; Elasticsearch's
# watermarks: https://www.elastic.co/docs/reference/elasticsearch/configuration-reference/cluster-level-shard-allocation-routing-settings
_GB = 2**30
_SCARCE, _ALMOST_FULL = (0.10, 150 * _GB), (0.05, 100 * _GB)


@dataclass(frozen=True)
class Indicator:
    """`impact` is what does not work then, `cause` why and `action` what to do; `resources` are those affected."""

    status: str
    symptom: str
    details: Mapping[str, Any] = field(default_factory=dict)
    impact: str = ""
    area: str = ""
    cause: str = ""
    action: str = ""
    resources: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def wire(self, name: str, *, is_verbose: bool, most: int) -> dict[str, Any]:
        """As the report shows it; of what is affected no more than `most` of a kind."""
        told: dict[str, Any] = {"status": self.status, "symptom": self.symptom}
        if not is_verbose:
            return told
        told["details"] = dict(self.details)
        if self.status == "green":
            return told
        prefix = f"connote:health:{name}"
        severity = 1 if self.status == "red" else 3
        impact = {"severity": severity, "description": self.impact, "impact_areas": [self.area]}
        affected = {kind: list(names)[:most] for kind, names in self.resources.items()}
        diagnosis = {"cause": self.cause, "action": self.action, "affected_resources": affected}
        return {
            **told,
            "impacts": [{"id": f"{prefix}:impact:{self.area}", **impact}],
            "diagnosis": [{"id": f"{prefix}:diagnosis", **diagnosis}],
        }


class Health:
    """Asks the indicators."""

    def __init__(self, indices: Indices, lifecycles: Lifecycles, ilm: Management, folder: Path, node: str) -> None:
        self._indices, self._lifecycles, self._ilm, self._folder, self._node = indices, lifecycles, ilm, folder, node
        self._all: Mapping[str, Callable[[], Awaitable[Indicator]]] = {
            "master_is_stable": self._master,
            "shards_availability": self._shards,
            "disk": self._disk,
            "repository_integrity": self._repositories,
            "data_stream_lifecycle": self._streams,
            "ilm": self._policies,
        }

    async def report(self, feature: str | None = None) -> dict[str, Indicator]:
        """The indicators by name, all or that one. Raises NotFound."""
        if feature is not None and feature not in self._all:
            raise NotFound(f"there is no health indicator [{feature}]; there are [{', '.join(self._all)}]")
        return {name: await ask() for name, ask in self._all.items() if feature in (None, name)}

    async def _master(self) -> Indicator:
        node = {"node_id": self._node, "name": "connote"}
        return Indicator(
            "green", "The cluster has a stable master node", {"current_master": node, "recent_masters": [node]}
        )

    async def _repositories(self) -> Indicator:
        return Indicator("green", "No snapshot repositories configured.")

    async def _shards(self) -> Indicator:
        """Whether the files of every open index can be read."""
        lost, opened = list[str](), 0
        for name in list(self._indices.records):
            try:
                with suppress(ClosedIndex, NoIndex):
                    await self._indices.open(name)
                    opened += 1
            except Unavailable:
                lost.append(name)
        kinds = ("unassigned", "initializing", "creating", "restarting", "started")
        counts = {f"{kind}_{of}": 0 for of in ("primaries", "replicas") for kind in kinds}
        details = counts | {"unassigned_primaries": len(lost), "started_primaries": opened}
        if not lost:
            return Indicator("green", "This cluster has all shards available.", details)
        listed = ", ".join(lost[:10])
        return Indicator(
            "red",
            f"This cluster has {len(lost)} unavailable primary shard{'s' * (len(lost) > 1)}.",
            details,
            f"Documents cannot be read from or written to {len(lost)} indices [{listed}].",
            "search",
            "The files of these indices cannot be read.",
            "Look into the server's log for why, and bring back a copy of the data folder, or delete the indices.",
            {"indices": lost},
        )

    async def _disk(self) -> Indicator:
        disk = await asyncio.to_thread(shutil.disk_usage, self._folder)
        scarce, full = (disk.free < min(share * disk.total, size) for share, size in (_SCARCE, _ALMOST_FULL))
        details = {
            "indices_with_readonly_block": 0,
            "nodes_with_enough_disk_space": int(not scarce),
            "nodes_with_unknown_disk_status": 0,
            "nodes_over_high_watermark": int(scarce and not full),
            "nodes_over_flood_stage_watermark": int(full),
        }
        if not scarce:
            return Indicator("green", "The cluster has enough available disk space.", details)
        return Indicator(
            "red" if full else "yellow",
            f"1 node {'has run out of' if full else 'is running low on'} disk space.",
            details,
            "Writes fail once the disk is full; nothing that was acknowledged is lost.",
            "ingest",
            f"{disk.free} of {disk.total} bytes of the data folder's disk are free.",
            "Delete what is not needed, or move the data folder to a larger disk.",
            {"nodes": [self._node]},
        )

    async def _streams(self) -> Indicator:
        failures = self._lifecycles.failures
        streams = self._indices.streams
        stuck = {streams[name].writer: why for name, why in failures.items() if name in streams}
        errors = [{"index_name": index, "reason": why} for index, why in sorted(stuck.items())]
        details = {"stagnating_backing_indices_count": len(stuck), "total_backing_indices_in_error": len(stuck)}
        if not stuck:
            return Indicator("green", "Data streams are executing their lifecycles without issues", details)
        return Indicator(
            "yellow",
            f"{len(stuck)} backing ind{'ices have' if len(stuck) > 1 else 'ex has'} failed in their lifecycles",
            {**details, "stagnating_backing_indices": errors},
            "Indices are not rolled over or deleted when they should be; they go on to grow.",
            "deployment_management",
            "; ".join(dict.fromkeys(stuck.values()))[:1000],
            "Mend what the reason says; lifecycles are followed again by themselves.",
            {"indices": sorted(stuck)},
        )

    async def _policies(self) -> Indicator:
        """Whether policies are followed, and where that failed."""
        failing, is_stopped = self._ilm.failing(), self._ilm.is_stopped
        mode = "STOPPED" if is_stopped else "RUNNING"
        details = {"policies": len(self._ilm.find(None)), "stagnating_indices": len(failing), "ilm_status": mode}
        if not failing and not is_stopped:
            return Indicator("green", "Index Lifecycle Management is running", details)
        symptom = f"{len(failing)} ind{'ices have' if len(failing) != 1 else 'ex has'} failed in their policies"
        return Indicator(
            "yellow",
            "Index Lifecycle Management is not running" if is_stopped else symptom,
            details,
            "Indices are not rolled over or deleted when they should be; they go on to grow.",
            "deployment_management",
            "It was stopped." if is_stopped else "; ".join(dict.fromkeys(failing.values()))[:1000],
            "Start it: POST /_ilm/start." if is_stopped else "Mend what the reason says; it is tried again by itself.",
            {"indices": sorted(failing)},
        )


def worst(indicators: Mapping[str, Indicator]) -> str:
    """The status of all together."""
    return max((each.status for each in indicators.values()), key=COLOURS.index, default="green")
