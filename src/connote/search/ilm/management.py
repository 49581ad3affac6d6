"""Policies as they are kept, and the indices that live by them."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from connote.contract import durations
from connote.contract.errors import ConnoteError, IllegalArgument, NoIndex, NotFound
from connote.search.ilm.actions import DO
from connote.search.ilm.life import Life, now
from connote.search.ilm.policy import Phase, Policy
from connote.search.indices import Indices
from connote.search.streams import by_index
from connote.search.templates import Templates
from connote.store.bodies import BodyStore
from connote.store.values import ValueStore

log = logging.getLogger("connote.search")

# How often is looked, as in Elasticsearch; and whether nothing is done until somebody says so.
INTERVAL, USUAL_INTERVAL = "indices.lifecycle.poll_interval", "10m"
NAME, _STOPPED = "lifecycle.name", "ilm_stopped"
Body = dict[str, Any]


class Management:
    """All policies, and how far each index has come that has one."""

    def __init__(
        self, stores: tuple[BodyStore, BodyStore], indices: Indices, templates: Templates, values: ValueStore
    ) -> None:
        """Stores of policies, and of lives by the uuids of indices."""
        self._policies_kept, self._lives_kept = stores
        self._indices, self._templates, self._values = indices, templates, values
        self._bodies = self._policies_kept.all()
        self._policies = self._policies_kept.read(lambda name, body: Policy.parse(name, body["policy"]))
        self._lives = self._lives_kept.read(lambda _, body: Life.read(body))
        self._writing, self._running = asyncio.Lock(), asyncio.Lock()

    # Policies.

    async def put(self, name: str, body: Mapping[str, Any]) -> None:
        """Keep a policy, in place of that of its name. Raises Unparsable, IllegalArgument."""
        made = Policy.parse(name, body)
        async with self._writing:
            version = self._bodies.get(name, {}).get("version", 0) + 1
            kept = {"version": version, "modified": now(), "policy": made.body}
            await asyncio.to_thread(self._policies_kept.put, name, kept)
            self._bodies[name], self._policies[name] = kept, made

    async def delete(self, name: str) -> None:
        """Forget a policy. Raises NotFound, IllegalArgument for one that indices live by."""
        async with self._writing:
            self._check(name)
            if used := self._users(name)["indices"]:
                listed = ", ".join(used)
                raise IllegalArgument(f"Cannot delete policy [{name}]. It is in use by one or more indices: [{listed}]")
            await asyncio.to_thread(self._policies_kept.remove, [name])
            del self._bodies[name], self._policies[name]

    def find(self, expression: str | None) -> dict[str, Body]:
        """Policies as GET shows them, all or of these names. Raises NotFound."""
        wanted = sorted(self._policies) if expression in (None, "*", "_all") else str(expression).split(",")
        for name in wanted:
            self._check(name)
        return {name: self._shown(name) for name in wanted}

    # Indices.

    @property
    def is_stopped(self) -> bool:
        """Whether nothing is done for now."""
        return self._values.get(_STOPPED) is True

    def stop(self, *, stopped: bool) -> None:
        """Let nothing be done for now, or again what is due."""
        self._values.put(_STOPPED, stopped)

    def policy_of(self, index: str, owners: Mapping[str, str] | None = None) -> str | None:
        """The name of the policy that an index lives by; None if it lives by none.

        `owners` are the streams of indices, where it is asked for many.
        """
        settings = self._indices.records[index].settings
        if not (name := settings.get(NAME)):
            return None
        if settings.get("lifecycle.prefer_ilm") in (False, "false"):
            owner = (by_index(self._indices.streams) if owners is None else owners).get(index)
            stream = self._indices.streams.get(owner or "")
            if stream is not None and stream.is_managed:
                return None
        return str(name)

    def explain(self, index: str) -> Body:
        """How far an index has come."""
        record, name = self._indices.records[index], self.policy_of(index)
        if name is None:
            return {"index": index, "managed": False}
        life = self._lives.get(record.uuid) or Life()
        policy, began = self._policies.get(name), self._began(index, life)
        told: Body = {
            "index": index,
            "managed": True,
            "policy": name,
            "index_creation_date_millis": record.created,
            "time_since_index_creation": _aged(record.created),
            "lifecycle_date_millis": began,
            "age": _aged(began),
        }
        error = life.error
        if policy is None:
            reason = f"policy [{name}] does not exist"
            return {**told, "step": "ERROR", "step_info": {"type": "illegal_argument_exception", "reason": reason}}
        phase = policy.at(life.phase)
        step = "ERROR" if error else "complete" if life.action is None else life.action
        told |= {
            "phase": life.phase or "new",
            "phase_time_millis": life.since,
            "action": life.action or "complete",
            "action_time_millis": life.action_since,
            "step": step,
            "step_time_millis": life.action_since,
        }
        if error:
            told |= {"failed_step": life.action, "is_auto_retryable_error": True, "step_info": error}
            told |= {"failed_step_retry_count": life.retries}
        if phase is not None:
            body = self._bodies[name]
            own = {"policy": name, "phase_definition": phase.shown, "version": body["version"]}
            told["phase_execution"] = {**own, "modified_date_in_millis": body["modified"]}
        return told

    async def remove(self, indices: Sequence[str]) -> None:
        """Let indices live by no policy."""
        for index in indices:
            record = self._indices.records[index]
            gone = [name for name in record.settings if name.startswith("lifecycle.")]
            await self._indices.set([index], dict.fromkeys(gone))
            self._lives.pop(record.uuid, None)
            await asyncio.to_thread(self._lives_kept.remove, [record.uuid])

    async def move(self, index: str, current: Mapping[str, Any], following: Mapping[str, Any]) -> None:
        """Let an index go on at another phase and action. Raises IllegalArgument if it is elsewhere."""
        record, name = self._indices.records[index], self.policy_of(index)
        policy = self._policies.get(name or "")
        if policy is None:
            raise IllegalArgument(f"index [{index}] is not associated with an Index Lifecycle Policy")
        async with self._running:
            life = self._lives.get(record.uuid) or Life()
            if current.get("phase") not in (None, life.phase or "new"):
                told = (
                    f"index [{index}] is not on current step [{current.get('phase')}], but in [{life.phase or 'new'}]"
                )
                raise IllegalArgument(told)
            phase, action = policy.at(following.get("phase")), following.get("action")
            if phase is None or (action not in (None, "complete") and action not in phase.actions):
                raise IllegalArgument(
                    f"phase [{following.get('phase')}] with action [{action}] is not in policy [{name}]"
                )
            life.enter(phase.name)
            order = list(phase.actions)
            at = len(order) if action == "complete" else order.index(action) if action else 0
            life.done = order[:at]
            life.begin(next(iter(order[at:]), None))
            await self._keep(record.uuid, life)

    def failing(self) -> dict[str, str]:
        """By index why its policy could not be followed."""
        found = {name: self._lives.get(record.uuid) for name, record in list(self._indices.records.items())}
        return {name: str(life.error["reason"]) for name, life in found.items() if life is not None and life.error}

    async def run(self) -> None:
        """Do for every index what is due. What fails for one is kept as its error, and harms no other."""
        if self.is_stopped:
            return
        async with self._running:
            await self._forget()
            owners = by_index(self._indices.streams)
            for index in list(self._indices.records):
                with suppress(NoIndex):  # it was deleted in the meantime
                    if (policy := self._followed(index, owners)) is not None:
                        await self._live(index, policy)

    def _followed(self, index: str, owners: Mapping[str, str] | None = None) -> Policy | None:
        """The policy that is to be followed for an index now."""
        if self.is_stopped or index not in self._indices.records or self._indices.is_closed(index):
            return None
        return self._policies.get(self.policy_of(index, owners) or "")

    async def _live(self, index: str, policy: Policy) -> None:
        uuid = self._indices.records[index].uuid

        def goes_on() -> bool:
            """False once it is another index of that name, or to live otherwise: all may change while one is merged."""
            record = self._indices.records.get(index)
            return record is not None and record.uuid == uuid and self._followed(index) is policy

        is_new, life = uuid not in self._lives, self._lives.setdefault(uuid, Life())
        before = life.kept()
        while goes_on() and (phase := self._phase(index, policy, life)) is not None:
            action = next((each for each in phase.actions if each not in life.done), None)
            if action is None:
                continue
            if life.action != action:
                life.begin(action)
            if not await self._act(index, phase, action, life):
                break
        record = self._indices.records.get(index)
        if record is not None and record.uuid == uuid and self.policy_of(index) and (is_new or life.kept() != before):
            await self._keep(uuid, life)

    def _phase(self, index: str, policy: Policy, life: Life) -> Phase | None:
        """The phase in which something is to be done now: the next one, if all of the one before is and age has come.

        None if nothing is to be done yet.
        """
        phase = policy.at(life.phase)
        if phase is not None and any(each not in life.done for each in phase.actions):
            return phase
        life.begin(None)
        following = policy.after(life.phase)
        if following is not None and now() - self._began(index, life) >= following.min_age * 1000:
            life.enter(following.name)
            return following
        return None

    async def _act(self, index: str, phase: Phase, action: str, life: Life) -> bool:
        """Whether an action is done."""
        try:
            is_done = await DO[action](self._indices, index, phase.actions[action], life)
        except ConnoteError as error:
            told = error.told()
        except Exception:
            log.exception("index [%s]: [%s] failed", index, action)
            told = {"type": "status_exception", "reason": "internal error; the server's log says more"}
        else:
            life.error = None
            if is_done:
                life.done.append(action)
                log.info("index [%s]: [%s] of phase [%s] is done", index, action, phase.name)
            return is_done
        life.retries += life.error is not None
        life.error = told
        log.warning("index [%s]: [%s] of phase [%s] failed: %s", index, action, phase.name, told["reason"])
        return False

    def _began(self, index: str, life: Life) -> int:
        """From when on the age of an index counts: when it was rolled over, else when it was made."""
        record = self._indices.records[index]
        said = int(record.settings.get("lifecycle.origination_date") or -1)
        return life.rolled or (said if said >= 0 else record.created)

    async def _forget(self) -> None:
        """Lives of indices that are gone."""
        known = {record.uuid for record in self._indices.records.values()}
        if gone := [uuid for uuid in self._lives if uuid not in known]:
            await asyncio.to_thread(self._lives_kept.remove, gone)
            for uuid in gone:
                del self._lives[uuid]

    async def _keep(self, uuid: str, life: Life) -> None:
        await asyncio.to_thread(self._lives_kept.put, uuid, life.kept())
        self._lives[uuid] = life

    def _check(self, name: str) -> None:
        if name not in self._policies:
            raise NotFound(f"Lifecycle policy not found: {name}")

    def _shown(self, name: str) -> Body:
        body = self._bodies[name]
        modified = datetime.fromtimestamp(body["modified"] / 1000, UTC).isoformat(timespec="milliseconds")
        told = {"version": body["version"], "modified_date": modified.replace("+00:00", "Z")}
        return {**told, "policy": self._policies[name].body, "in_use_by": self._users(name)}

    def _users(self, name: str) -> dict[str, list[str]]:
        indices = sorted(each for each, record in self._indices.records.items() if record.settings.get(NAME) == name)
        owners = by_index(self._indices.streams)
        templates = [
            key
            for key, body in sorted(self._templates.index.bodies.items())
            if self._templates.merged(body)["settings"].get(NAME) == name
        ]
        streams = sorted({owners[each] for each in indices if each in owners})
        return {"indices": indices, "data_streams": streams, "composable_templates": templates}


def _aged(began: int) -> str:
    """How long ago that is, in the largest unit that says something."""
    seconds = max(0, now() - began) / 1000
    unit = next(unit for unit in ("d", "h", "m", "s", "ms") if seconds >= durations.SECONDS[unit] or unit == "ms")
    return f"{seconds / durations.SECONDS[unit]:.1f}".removesuffix(".0") + unit
