"""Several machines: a crew of Ray actors, each with the method loaded once.

Moritz et al., "Ray: A Distributed Framework for Emerging AI Applications" (OSDI 2018). Actors and not Ray Data, because
a folder's run already has what that would bring (an order of work, a journal, retries) and needs what it has not: a
result for each picture at once, whatever happens to the others.

Every node gets workers for what it has: one for each graphics card, or one for every few cores. A node that is lost
takes its workers with it; their pictures are handed to others, and when the node comes back, or another joins, it gets
workers too.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from impasto.engine.folder.finding import Item
from impasto.engine.folder.journal import is_begun_in
from impasto.engine.folder.orders import Order
from impasto.engine.folder.places import LocalFolder, place_of
from impasto.engine.folder.worker import AT_ONCE, Failed, Lost, Outcome, Worker
from impasto.errors import ImpastoError, InputError, MissingExtraError

if TYPE_CHECKING:
    from ray import ObjectRef

__all__ = ["CORES_EACH", "RayCrew", "import_ray"]

CORES_EACH = 4
"""Cores for a worker where there is no graphics card: more would wait for each other, fewer would take more memory."""

LOOK_AGAIN = 5.0  # seconds between two looks at which nodes there are
PATIENCE = 300.0  # seconds without any worker after which there is no hope

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Member:
    """One actor, where it is, and what it has been given."""

    actor: Any
    node: str
    ready: ObjectRef[bool]
    is_ready: bool = False
    under_way: dict[ObjectRef[Any], Item] = field(default_factory=dict)


class RayCrew:
    """Workers on all nodes of a Ray cluster."""

    def __init__(self, order: Order, address: str | None = None) -> None:
        self._ray = import_ray()
        self._is_ours = not self._ray.is_initialized()
        if self._is_ours:
            _connect(self._ray, address)
        self._order = self._ray.put(order)
        self._members: list[_Member] = []
        self._looked, self._last_ready = -LOOK_AGAIN, time.monotonic()
        self._hire()

    @property
    def free(self) -> int:
        """How many pictures could be given now."""
        return sum(AT_ONCE - len(member.under_way) for member in self._members if member.is_ready)

    def give(self, item: Item) -> None:
        """Let the one with the least to do paint a picture."""
        member = min((one for one in self._members if one.is_ready), key=lambda one: len(one.under_way))
        member.under_way[member.actor.work.remote(item)] = item

    def take(self, timeout: float) -> Sequence[Outcome]:
        """Wait until something has become of a picture."""
        self._hire()
        owners = {ref: member for member in self._members for ref in _refs(member)}
        if not owners:
            time.sleep(timeout)
            return []
        self._ray.wait(list(owners), num_returns=1, timeout=timeout)
        found, _ = self._ray.wait(list(owners), num_returns=len(owners), timeout=0)  # all that came, not only the first
        outcomes: list[Outcome] = []
        for ref in found:
            if owners[ref] in self._members:  # not dismissed by what was found before
                outcomes += self._heard(owners[ref], ref)
        return outcomes

    def close(self) -> None:
        """Dismiss everyone, and leave the cluster if we came to it ourselves."""
        for member in self._members:
            self._ray.kill(member.actor)
        if self._is_ours:
            self._ray.shutdown()

    def _heard(self, member: _Member, ref: ObjectRef[Any]) -> list[Outcome]:
        from ray.exceptions import RayError, RayTaskError

        item = member.under_way.pop(ref, None)
        try:
            outcome = self._ray.get(ref)
        except RayTaskError as fault:  # the method could not be loaded there, or a bug
            if item is None:
                raise _cause(fault) from fault
            return [Failed(item, f"{item.photo} could not be painted ({' '.join(str(fault.cause).split())}).")]
        except RayError as fault:
            return self._dismissed(member, item, fault)
        if item is not None:
            return [outcome]
        member.is_ready = True
        return []

    def _dismissed(self, member: _Member, item: Item | None, fault: Exception) -> list[Outcome]:
        """Take a dead worker from the list, and tell which of its pictures others have to paint."""
        self._members.remove(member)
        self._ray.kill(member.actor)  # it may only have been out of reach, and would come back
        why = f"its worker on node {member.node} was lost ({type(fault).__name__})"
        lost = [*([] if item is None else [item]), *member.under_way.values()]
        _log.warning(
            "lost a worker on node %s (%s); %d pictures are retried", member.node, type(fault).__name__, len(lost)
        )
        return [Lost(one, why) for one in lost]

    def _hire(self) -> None:
        """Give every node the workers it has room for; those it has already count."""
        now = time.monotonic()
        if any(member.is_ready for member in self._members):
            self._last_ready = now
        elif now - self._last_ready > PATIENCE:
            raise ImpastoError(
                f"the Ray cluster had no worker for {PATIENCE:.0f} s; `ray status` shows what its nodes have to offer."
            )
        if now - self._looked < LOOK_AGAIN:
            return
        self._looked = now
        for node in self._ray.nodes():
            if node["Alive"]:
                here = sum(member.node == node["NodeID"][:8] for member in self._members)
                for _ in range(here, workers_for(node["Resources"])):
                    self._members.append(self._hired(node))

    def _hired(self, node: Mapping[str, Any]) -> _Member:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        name = node["NodeID"]
        share = needs(node["Resources"])
        hire = self._ray.remote(RayWorker).options(
            num_cpus=share["cpus"],
            num_gpus=share["gpus"],
            max_concurrency=AT_ONCE + 1,
            max_restarts=0,  # a new one is hired where there is room, which need not be there
            scheduling_strategy=NodeAffinitySchedulingStrategy(name, soft=False),
        )
        actor = hire.remote(self._order, max(1, int(share["cpus"])))
        return _Member(actor, name[:8], actor.ready.remote())


class RayWorker:
    """A worker in a Ray actor."""

    def __init__(self, order: Order, threads: int) -> None:
        self._order, self._threads = order, threads
        self._worker: Worker | None = None

    def ready(self) -> bool:
        """Load the method; what goes wrong here is told, which it would not be if an actor could not begin at all."""
        photos, out = place_of(self._order.photos), place_of(self._order.out)
        if isinstance(photos, LocalFolder) and not photos.folder.is_dir():
            raise _not_shared(f"{photos.text} is not there", "photos")
        if isinstance(out, LocalFolder) and not is_begun_in(out, self._order.recipe):  # results would go astray
            raise _not_shared(f"{out.text} does not hold this run's journal", "inked")
        self._worker = Worker(self._order, threads=self._threads)
        return True

    def work(self, item: Item) -> Outcome:
        """Turn one picture into its result."""
        assert self._worker is not None, "give work when it is ready"
        return self._worker.work(item)


def _not_shared(what: str, example: str) -> InputError:
    where = f"{what} on {socket.gethostname()}"
    return InputError(
        f"{where}; give a folder that all nodes share, or an address in object storage such as s3://bucket/{example}."
    )


def workers_for(resources: Mapping[str, float]) -> int:
    """Return how many workers a node gets: one for each graphics card, or one for every few cores."""
    gpus, cores = int(resources.get("GPU", 0)), resources.get("CPU", 0.0)
    if gpus:
        return gpus
    return max(1, int(cores // CORES_EACH)) if cores >= 1 else 0


def needs(resources: Mapping[str, float]) -> dict[str, float]:
    """Return the share of a node's cores and graphics cards that each of its workers takes."""
    count = workers_for(resources)
    has_gpus = resources.get("GPU", 0) >= 1
    return {"cpus": float(int(resources.get("CPU", 0.0) // count)), "gpus": 1.0 if has_gpus else 0.0}


def _refs(member: _Member) -> list[ObjectRef[Any]]:
    return list(member.under_way) if member.is_ready else [member.ready]


def import_ray() -> Any:
    """Return the library, or say how to install it."""
    try:
        import ray
    except ImportError as fault:
        raise MissingExtraError("painting on a Ray cluster", "cluster") from fault
    return ray


def _connect(ray: Any, address: str | None) -> None:
    """Join the cluster at an address ("auto" finds the one of this machine), or begin one of this machine alone."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would report to its makers
    try:
        ray.init(address=address, logging_level=logging.WARNING, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as fault:
        where = f"at {address}" if address else "on this machine"
        raise ImpastoError(
            f"no Ray cluster could be reached {where} ({' '.join(str(fault).split())[:200]}); begin one with "
            "`ray start --head`, and say its address with --address."
        ) from fault


def _cause(fault: Any) -> Exception:
    """Return a worker's own refusal, or a sentence about a fault that is none."""
    cause = getattr(fault, "cause", fault)
    if isinstance(cause, ImpastoError):
        return type(cause)(str(cause)) if not isinstance(cause, MissingExtraError) else ImpastoError(str(cause))
    return ImpastoError(f"a worker of the cluster could not begin: {' '.join(str(cause).split())}")
