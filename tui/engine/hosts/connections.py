"""Hosts as the engine uses them: one driver per host, its capabilities asked seldom, every command through the gate.

What is asked again after a lost link, and what never, is decided in `drivers/ssh/host`.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from tui.dokku import build_records, capabilities, commands, refusals, reports
from tui.engine.concurrency import together
from tui.engine.hosts import k3s
from tui.engine.hosts.gate import READ_LIMIT, Gate
from tui.engine.hosts.ledger import LedgerKeeper
from tui.engine.ports import ClockPort, GitPort, HostPort
from tui.model.errors import ConsoleError, UnexpectedReply
from tui.model.history import Commit
from tui.model.host import Capabilities
from tui.model.observation import Container, RunningState
from tui.model.outcome import Answer, Exited, NeverStarted, describe
from tui.model.service import Fleet, Host

A = TypeVar("A")
FRESH = timedelta(minutes=1)
"""for which a host's abilities are believed, so that one plan goes by one answer: Dokku may be upgraded while a console
is open, and what keeps an app from being deployed on 0.35 is ignored by 0.38"""
__all__ = ["HELD_OPEN", "HELD_OPEN_FIX", "HostConnections", "UnexpectedReply", "unusable"]
HELD_OPEN = (
    "commands end, but something that they start on the host keeps their output open: each takes up to a second longer"
)
HELD_OPEN_FIX = (
    "a plugin, or an agent in ~/.bashrc, leaves a process behind: its output has to go to /dev/null; "
    "`ssh HOST version` does not end either until then"
)


class Foreknown(NamedTuple):
    """Answers that are asked for anyhow, in place of a read of `HostConnections.current`; each is asked there, once."""

    tried: Callable[[], Coroutine[Any, Any, str | None]]
    report: Callable[[], Coroutine[Any, Any, reports.AppReport]] | None = None
    """one that was shared may be older than the rest"""
    branches: Callable[[], Coroutine[Any, Any, reports.GitReport]] | None = None


class HostConnections:
    """Every host of the fleet, connected when first needed."""

    def __init__(
        self,
        fleet: Fleet,
        gate: Gate,
        git: GitPort,
        clock: ClockPort,
        make: Callable[[str], HostPort],
        ledger: LedgerKeeper,
    ) -> None:
        self.gate = gate
        self.git = git
        self.ledger = ledger
        self.histories: dict[tuple[str, str, str], tuple[Commit, ...]] = {}
        """by host, app and tip: the commits behind a tip never change"""
        self._fleet = fleet
        self._clock = clock
        self._make = make
        self._hosts: dict[str, HostPort] = {}
        self._known: dict[str, Capabilities] = {}
        self._helped: set[str] = set()
        """hosts whose help was read"""
        self._asking: dict[str, asyncio.Lock] = {}
        self._shared: dict[tuple[str, tuple[str, ...], int], asyncio.Future[Answer | None]] = {}

    def host(self, name: str) -> HostPort:
        """The driver of a host."""
        if name not in self._hosts:
            self._hosts[name] = self._make(name)
        return self._hosts[name]

    async def capabilities(self, name: str, *, runbook: bool = False) -> Capabilities:
        """The host's abilities, as it told them in the last minute. Raises LinkError, UnexpectedReply.

        `runbook`: with the runbook's commands, for which a host prints the help of all there are, 0.6-0.75 s.
        """
        async with self._asking.setdefault(name, asyncio.Lock()):
            before = known = self._known.get(name)
            if known is None or known.version is None or not self._fresh(known.asked_at):
                told = await together(
                    self._greeting(name), *(self.ask(name, argv) for argv in capabilities.QUESTIONS[1:])
                )
                answers = {answer.argv: answer for answer in told}
                known = capabilities.detect(answers, at=self._clock.now(), form=self.host(name).form)
                if before is not None and (before.version, before.plugins) == (known.version, known.plugins):
                    known = replace(known, runbook=before.runbook)
                else:
                    self._helped.discard(name)
                self._known[name] = known
        if runbook and name not in self._helped:
            told_all = await self.ask_once(name, commands.help_all())
            self._known[name] = replace(self._known[name], runbook=capabilities.runbook(told_all))
            if told_all.ok:
                self._helped.add(name)
        return self._known[name]

    def _fresh(self, at: datetime | None) -> bool:
        return at is not None and timedelta() <= self._clock.now() - at < FRESH

    async def _greeting(self, name: str) -> Answer:
        """The answer to `version`: the one that the login was found out by, where it told it just now."""
        told = await self.host(name).greeting()
        return told if told is not None and self._fresh(told.started_at) else await self.ask(name, commands.version())

    def described(self, name: str) -> Host:
        """The host with what is known of its login, for lines that a person can paste."""
        return replace(self._fleet.host(name), form=self.host(name).form)

    def held_open(self) -> tuple[str, ...]:
        """The hosts on which something holds the output of commands open that have ended."""
        return tuple(name for name, host in self._hosts.items() if host.link.held_open)

    def now(self) -> datetime:
        """The clock's time, for what is read here."""
        return self._clock.now()

    async def ask(
        self, name: str, argv: tuple[str, ...], *, timeout: float = READ_LIMIT, only_on: int | None = None
    ) -> Answer:
        """A read; `only_on` is the number of the one connection it may go over. Raises LinkError if it was not sent."""
        return await self.gate.read(self.host(name), name, argv, timeout=timeout, only_on=only_on)

    async def ask_once(self, name: str, argv: tuple[str, ...]) -> Answer:
        """A read that tells the same to all who ask for it at the same time: one of them sends it. Raises LinkError.

        Nobody is given an answer to what was asked before this console began to change a host.
        """
        key = (name, argv, self.gate.begun)
        if (asked := self._shared.get(key)) is not None:
            # explained by test_whoever_waits_for_the_answer_of_one_that_gives_up_asks_anew
            return await asyncio.shield(asked) or await self.ask(name, argv)
        mine = self._shared[key] = asyncio.get_running_loop().create_future()
        try:
            answer = await self.ask(name, argv)
            mine.set_result(answer)
            return answer
        finally:
            del self._shared[key]
            if not mine.done():
                mine.set_result(None)

    async def ask_checked(self, name: str, argv: tuple[str, ...], *, once: bool = False) -> bytes:
        """The output of a read that has to succeed; with `once` as `ask_once` sends it. Raises LinkError, and
        UnexpectedReply with the host's own words."""
        answer = await (self.ask_once(name, argv) if once else self.ask(name, argv))
        if not answer.ok:
            raise unusable(answer)
        return answer.stdout

    async def write_checked(self, name: str, argv: tuple[str, ...], *, timeout: float, incident: str) -> None:
        """A command that changes the host and has to succeed, sent once. Raises Refused when read-only, LinkError if
        nothing was sent, and UnexpectedReply with the host's own words."""
        answer = await self.gate.write(self.host(name), name, argv, timeout=timeout, incident=incident)
        if not answer.ok:
            raise unusable(answer)

    async def close(self) -> None:
        """End every connection."""
        await asyncio.gather(*(host.close() for host in self._hosts.values()))

    async def current(self, name: str, app: str, known: Foreknown | None = None) -> RunningState:
        """The running state of the app: five reads at once on the kept connection, or what of them is `known`. Raises
        LinkError, UnexpectedReply: for an app that is not there what apps:report says of it, before all that the other
        questions come to."""
        report, branches = (known.report, known.branches) if known is not None else (None, None)
        there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answers = await together(
            _noting(there, report or partial(self.report, name, app)),
            self.ask(name, commands.ps_inspect(app)),
            _after(there, branches or partial(self.branches, name, app)),
            self.tried(name, app) if known is None else known.tried(),
            _after(there, partial(self.git.refs, self.host(name), app)),
        )
        facts, inspected, told, rev, refs = answers
        branch = told.branch
        if told.rev_variable != "GIT_REV":
            rev = await self.tried(name, app, told.rev_variable) if told.rev_variable else None
        pods, containers = await self._containers(name, app, inspected)
        # explained by test_a_lock_without_a_build_that_lives_is_one_of_a_build_that_died
        stale = bool(facts.locked) and not await self.may_build(name, app)
        current = RunningState(
            app=app,
            at=self._clock.now(),
            source=facts.source,
            metadata=facts.metadata,
            git_rev=rev,
            branch=branch,
            tip=refs.get(branch) if branch else None,
            refs=tuple(sorted(refs.items())),
            locked=False if stale else facts.locked,
            stale_lock=stale,
            containers=containers,
            pods=pods,
            source_image=told.source_image,
            updated_at=told.updated_at,
        )
        # explained by test_a_report_that_was_shared_is_not_held_against_what_was_read_after_it
        doubt = report is not None and (facts.locked is not False or current.git_rev != current.commit)
        if doubt and await self.report(name, app) != facts:
            return await self.current(name, app)
        await self.ledger.saw(name, current)
        return current

    async def report(self, name: str, app: str) -> reports.AppReport:
        """Dokku's report of the app. Raises LinkError, UnexpectedReply."""
        return reports.apps_report(await self.ask_checked(name, commands.apps_report(app)))

    async def branches(self, name: str, app: str) -> reports.GitReport:
        """The app's deploy branch and more. Raises LinkError, UnexpectedReply."""
        return reports.git_report(await self.ask_checked(name, commands.git_report(app)))

    async def tried(self, name: str, app: str, variable: str = "GIT_REV") -> str | None:
        """The commit that was deployed, or tried, last; None where the host names none. Raises LinkError."""
        return tried(await self.ask(name, commands.config_get(app, variable)))

    async def may_build(self, name: str, app: str) -> bool:
        """True if a build of the app may be running, although its lock alone cannot say so.

        0.38 knows whether a build's process lives (`display_status`); the lock of one that failed or died stays there.
        Where the host keeps no record of builds, or does not answer, the lock is believed. Raises LinkError.
        """
        if not (await self.capabilities(name)).builds:
            return True
        answer = await self.ask(name, commands.builds_list(app))
        if not answer.ok:
            return True
        with contextlib.suppress(reports.Unreadable):  # unknown: then it counts as running
            return any(build.status in (None, "running") for build in build_records.builds_list(answer.stdout))
        return True

    async def with_pods(self, name: str, current: RunningState) -> RunningState:
        """The same with what each pod says of itself, for an app on k3s: about 5 s. Raises LinkError."""
        return await k3s.asked(self.gate, self.host(name), name, current)

    async def _containers(self, name: str, app: str, inspected: Answer) -> tuple[str | None, tuple[Container, ...]]:
        """The containers, or none where the host says that nothing runs; on k3s with Dokku's word for its pods.

        Raises UnexpectedReply where neither is certain. ps:inspect exits 1 for an app without containers, but also when
        one is retired while it looks; on k3s it says nothing and exits 0.
        """
        if inspected.ok:
            if not inspected.stdout.strip() and (pods := await k3s.pods(self.gate, self.host(name), name, app)):
                return pods
            return None, reports.ps_inspect(inspected.stdout)
        if not isinstance(inspected.outcome, Exited):
            raise unusable(inspected)  # what did not end in its time has said nothing, and is not waited for twice
        if reports.ps_report(await self.ask_checked(name, commands.ps_report(app))).running == "false":
            return None, ()
        # explained by test_no_container_is_believed_only_from_a_host_that_says_so
        again = await self.ask(name, commands.ps_inspect(app))
        if not again.ok:
            raise unusable(again)
        return None, reports.ps_inspect(again.stdout)

    async def neighbours(self, name: str, app: str) -> tuple[tuple[str, datetime], ...]:
        """Other apps of the fleet on that host, each with the earliest start of its running containers.

        What cannot be read is left out: it says nothing about a restart of the host. Raises LinkError.
        """
        others = sorted({s.app for s in self._fleet.services if s.host == name} - {app})
        told = await together(*(self.ask(name, commands.ps_inspect(other)) for other in others))
        found: list[tuple[str, datetime]] = []
        for other, answer in zip(others, told, strict=True):
            try:
                containers = reports.ps_inspect(answer.stdout) if answer.ok else ()
            except reports.Unreadable:
                continue
            starts = [c.started_at for c in containers if c.running and c.started_at is not None]
            if starts:
                found.append((other, min(starts)))
        return tuple(found)

    async def config(self, name: str, app: str) -> dict[str, str] | None:
        """The config of one of our own apps; None where the app does not exist. A service's: see `configs`."""
        answer = await self.ask(name, commands.config_export(app))
        if answer.ok:
            return reports.config_export(answer.stdout)
        if refusals.is_missing(answer):
            return None
        raise unusable(answer)


def tried(answer: Answer) -> str | None:
    """The commit in the answer to `config:get APP GIT_REV`."""
    return reports.git_rev(answer.stdout) if answer.ok else None


async def _noting(there: asyncio.Future[None], asked: Callable[[], Awaitable[A]]) -> A:
    """The answer to a question; `there` is set once it has come, or its trouble."""
    try:
        return await asked()
    finally:
        if not there.done():
            there.set_result(None)


async def _after(there: asyncio.Future[None], asked: Callable[[], Awaitable[A]]) -> A:
    """The answer to a question; its trouble only once apps:report has answered: a repository that is missing may be an
    app that is."""
    try:
        return await asked()
    except ConsoleError:
        await there
        raise


def unusable(answer: Answer) -> UnexpectedReply:
    """The error for an answer that cannot be used, with the host's own words made harmless."""
    said = refusals.said(answer)
    words = f"`{' '.join(answer.argv)}`: {describe(answer.outcome)}" + (f": {said}" if said else "")
    known = refusals.read(answer)
    fix = refusals.fix(known) if known else ""
    if known:
        words = f"{refusals.explain(known)}: {words}"
    return UnexpectedReply(words, fix, unsure=not isinstance(answer.outcome, Exited | NeverStarted))
