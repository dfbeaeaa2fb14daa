"""Reads of one host that serve all who look at its apps: which there are, and reports of all at once.

`apps:report` without an app takes as long as one of a single app (0.205 and 0.203 s on 0.35.15, 0.227 and 0.221 s on
0.38.27, four apps), and tells what `apps:list` tells. Its text is read, because its JSON names no app. The same holds
for the plugins of `TOGETHER`, which only read properties. On 0.35.15 `git:report` takes 0.08 s more for each app of the
host (0.465 s for four), where one by itself costs the 0.2 s of a Dokku command: all at once pays where most are needed.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from msgspec.structs import replace

from tui.dokku import app_reports, commands, holders, reports
from tui.dokku.reports import AppReport
from tui.engine.concurrency import Begin
from tui.engine.hosts.connections import HostConnections, unusable
from tui.model.outcome import Answer, Exited
from tui.model.value import Value

TOGETHER = ("builder", "buildpacks", "app-json", "scheduler")
"""plugins whose report of all apps costs a host no more than that of one"""
PATIENCE = 60.0
"""seconds for a report of all apps"""


class Overview(Value):
    """A host's apps, ours included. An app without a report is there, and has to be asked about by itself."""

    names: tuple[str, ...]
    reports: Mapping[str, AppReport]


class HostReads:
    """The reads of one host during one look: each is sent once, when it is first needed."""

    def __init__(self, links: HostConnections, host: str, apps: tuple[str, ...], begin: Begin) -> None:
        """`apps`: those about which, and about whose holders, everything is asked."""
        self.host = host
        self._links = links
        self._apps = apps
        self._begin = begin
        self._begun: dict[str, asyncio.Task[Any]] = {}

    async def overview(self) -> Overview:
        """The host's apps; looks that begin at the same time share it. Raises LinkError, UnexpectedReply."""
        found: Overview = await self._once("", self._overview)
        return found

    async def app(self, app: str) -> AppReport:
        """Dokku's report of one app. Raises LinkError, UnexpectedReply."""
        return (await self.overview()).reports.get(app) or await self._links.report(self.host, app)

    async def report(self, plugin: str, app: str) -> Answer:
        """The answer to `PLUGIN:report APP`, as a part of that of all apps where this costs the host less.

        Raises LinkError.
        """
        if await self._pays(plugin):
            parts: dict[str, Answer] = await self._once(plugin, lambda: self._all(plugin))
            if app in parts:
                return parts[app]
        return await self._links.ask(self.host, commands.report(plugin, app))

    async def _once(self, key: str, ask: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        if key not in self._begun:
            self._begun[key] = self._begin(ask())
        # explained by test_a_host_that_is_lost_in_the_middle_is_said_to_be_lost
        return await asyncio.shield(self._begun[key])

    async def _overview(self) -> Overview:
        answer = await self._links.ask_once(self.host, app_reports.report_all("apps"))
        if not isinstance(answer.outcome, Exited):
            raise unusable(answer)  # what did not end in its time is not waited for twice
        found = app_reports.apps(answer.stdout) if answer.ok else None
        if found is not None:
            return Overview(names=tuple(found), reports=found)
        listed = await self._links.ask_checked(self.host, commands.apps_list(), once=True)
        return Overview(names=reports.apps_list(listed), reports={})

    async def _pays(self, plugin: str) -> bool:
        if plugin != "git" or len(self._apps) < 2:
            return plugin in TOGETHER and len(self._apps) > 1
        names = (await self.overview()).names
        needed = [name for name in names if name in self._apps or any(holders.holds(name, app) for app in self._apps)]
        return 2 * len(needed) >= len(names)

    async def _all(self, plugin: str) -> dict[str, Answer]:
        answer = await self._links.ask(self.host, app_reports.report_all(plugin), timeout=PATIENCE)
        parts = app_reports.parts(answer.stdout) if answer.ok else {}
        return {
            app: replace(answer, argv=commands.report(plugin, app), stdout=told) for app, told in parts.items() if told
        }
