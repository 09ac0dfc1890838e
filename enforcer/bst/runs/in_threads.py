"""Backend `threads`: jobs run where stock BuildStream runs them, one at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from enforcer.blame.lines import FOLLOWS_ALL_THREADS
from enforcer.bst.elements.run_graph import RunGraph
from enforcer.bst.judging.comparison import CompareAll
from enforcer.bst.judging.judge import Judge
from enforcer.bst.observing import events
from enforcer.bst.observing.left_running import SeenThread, started_by_python
from enforcer.bst.observing.older_threads import OlderThreads
from enforcer.bst.observing.touches import hooked
from enforcer.bst.replicas.pickling import BstWire
from enforcer.bst.runs.scheduler_run import JOB_TERMINATED, Run
from enforcer.bst.runs.turn import Turn
from enforcer.graph.delta import Codec
from enforcer.graph.references import References
from enforcer.processes import linux
from enforcer.results import costs
from enforcer.session import Session


class ThreadsRun(Run):
    """See `enforcer.bst.runs.scheduler_run.Run`; `before_plugins` are the threads that ran before any was loaded."""

    def __init__(self, session: Session, scheduler: Any, before_plugins: Iterable[SeenThread]) -> None:
        self.scheduler = scheduler
        self._turn = Turn()
        with ExitStack() as hooks:
            # Before the walk: what is ours on a class is nobody's change.
            hooks.enter_context(hooked())
            self.judge = self._judge(session)
            if not FOLLOWS_ALL_THREADS:
                self.judge.unfollowed = OlderThreads(before_plugins)
            self._hooks = hooks.pop_all()
        # What a job leaves running is a child of this process then, however often it has forked.
        events.listen()
        self._adopted_before = linux.adopt_orphans()
        self._children_before = linux.children(os.getpid())

    def _judge(self, session: Session) -> Judge:
        with session.spending(costs.WALK):
            run_graph = RunGraph(self.scheduler.context)
        # What the encoder is tried on never leaves: all that the walks meet counts as known elsewhere.
        codec = Codec(run_graph.graph.registry, References(run_graph.graph.registry.met), BstWire(run_graph.policy))
        return Judge(session, self.scheduler, run_graph, CompareAll(run_graph, codec))

    def finish(self) -> None:
        """Nothing is looked for any more."""
        with self._hooks:
            linux.adopt_orphans(self._adopted_before)
            linux.reap_ended(self.judge.late.started.union(self._children_before, started_by_python()))
            super().finish()

    def act(self, job: Any, child_action: Callable[[], Any]) -> Any:
        """The action, when it is the job's turn."""
        with self.judge.session.spending(costs.TURN):
            has_turn = self._turn.acquire(job, self._abandoned)
        if not has_turn:
            return JOB_TERMINATED
        return super().act(job, child_action)

    def _abandoned(self) -> bool:
        """Whether the main loop has ended without waiting for its jobs: no turn will be released any more."""
        loop = self.scheduler.loop
        return loop is None or not loop.is_running()

    def completed(self, job: Any) -> None:
        """The turn ends when the scheduling pass that BuildStream has queued just now has run."""
        # Callbacks run in the order in which they are queued.
        self.scheduler.loop.call_soon(self._turn.release, job)
