"""How a deployment looks on the wire: in the answer to its start, and in the statistics."""

from typing import Any

from connote.models.deployments import Counts, Deployed, told
from connote.models.parameters import Parameters
from connote.runtime.fleet import Fleet
from connote.runtime.lane import Totals


def assignment(deployed: Deployed, fleet: Fleet, node: str, size: int) -> dict[str, Any]:
    """The `assignment` of the answer to a start or an update; `size` is the bytes of the model."""
    state, reason = told(deployed, fleet)
    wanted = deployed.parameters
    number = _allocations(deployed, fleet)
    task = {
        "model_id": deployed.model,
        "deployment_id": deployed.id,
        "model_bytes": size,
        "threads_per_allocation": wanted.threads_per_allocation,
        "number_of_allocations": wanted.allocations,
        "queue_capacity": wanted.queue_capacity,
        "cache_size": wanted.cache_size or f"{size}b",
        "priority": wanted.priority,
        "per_deployment_memory_bytes": 0,
        "per_allocation_memory_bytes": 0,
    }
    route = {"current_allocations": number, "target_allocations": wanted.allocations, "routing_state": state}
    return {
        "task_parameters": task,
        "routing_table": {node: route | {"reason": reason or ""}},
        "assignment_state": state,
        **({"reason": reason} if reason else {}),
        "start_time": deployed.started,
        "max_assigned_allocations": number,
        **_adaptive(wanted),
    }


def statistics(deployed: Deployed, fleet: Fleet, node: str, hits: int) -> dict[str, Any]:
    """The `deployment_stats` of a deployment; `hits` is how many texts the cache has answered."""
    state, reason = told(deployed, fleet)
    wanted = deployed.parameters
    counts = _counts(deployed.counts, fleet.totals(deployed.id), hits)
    return {
        "deployment_id": deployed.id,
        "model_id": deployed.model,
        "threads_per_allocation": wanted.threads_per_allocation,
        "number_of_allocations": _target(deployed, fleet),
        **_adaptive(wanted),
        "queue_capacity": wanted.queue_capacity,
        **({"cache_size": wanted.cache_size} if wanted.cache_size else {}),
        "priority": wanted.priority,
        "state": state,
        **({"reason": reason} if reason else {}),
        "allocation_status": _status(_allocations(deployed, fleet), _target(deployed, fleet)),
        **counts,
        "peak_throughput_per_minute": 0,
        "start_time": deployed.started,
        "nodes": [{"node": {node: _NODE}, **counts, **_serving(deployed, fleet, hits)}],
    }


_NODE = {"name": "connote", "roles": ["ml"], "attributes": {}}


def _serving(deployed: Deployed, fleet: Fleet, hits: int) -> dict[str, Any]:
    """How the only node does."""
    state, reason = told(deployed, fleet)
    totals, lane, last = fleet.totals(deployed.id), fleet.lane(deployed.id), deployed.counts.last
    return {
        "routing_state": {"routing_state": state, **({"reason": reason} if reason else {})},
        "inference_cache_hit_count": hits,
        **({"average_inference_time_ms": 1000 * totals.seconds / totals.items} if totals.items else {}),
        **({"last_access": last} if last else {}),
        "number_of_pending_requests": lane.waiting if lane else 0,
        "start_time": deployed.started,
        "threads_per_allocation": deployed.wish.fitted.threads,
        "number_of_allocations": lane.workers if lane else 0,
        "peak_throughput_per_minute": 0,
        "throughput_last_minute": 0,
    }


def _status(number: int, target: int) -> dict[str, Any]:
    state = "fully_allocated" if number >= target else "started" if number else "starting"
    return {"allocation_count": number, "target_allocation_count": target, "state": state}


def _target(deployed: Deployed, fleet: Fleet) -> int:
    """How many are wished for now. While they follow the load, those that serve are."""
    return _allocations(deployed, fleet) if deployed.parameters.adaptive else deployed.parameters.allocations


def _allocations(deployed: Deployed, fleet: Fleet) -> int:
    """Those that serve, or will when somebody asks.

    No more are started than there are cores; what is wished for beyond counts as if it was.
    """
    state, _ = told(deployed, fleet)
    if state != "started":
        return 0
    if not deployed.parameters.adaptive:
        return deployed.parameters.allocations
    lane = fleet.lane(deployed.id)
    return lane.workers if lane else 0


def _counts(counts: Counts, totals: Totals, hits: int) -> dict[str, int]:
    return {
        "inference_count": totals.items + hits,
        "error_count": counts.errors,
        "rejected_execution_count": totals.rejected,
        "timeout_count": counts.timeouts,
    }


def _adaptive(wanted: Parameters) -> dict[str, Any]:
    adaptive = wanted.adaptive_allocations
    return {} if adaptive is None else {"adaptive_allocations": adaptive.wire()}
