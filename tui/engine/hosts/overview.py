"""One read of a host for all who look at its apps: which there are, and Dokku's report of each.

`apps:report` without an app takes as long as one of a single app (0.205 and 0.203 s on 0.35.15, 0.227 and 0.221 s on
0.38.27, four apps), and tells what `apps:list` tells. Its text is read, because its JSON names no app.
"""

from collections.abc import Mapping

from tui.dokku import app_reports, commands, reports
from tui.dokku.reports import AppReport
from tui.engine.hosts.connections import HostConnections, unusable
from tui.model.outcome import Exited
from tui.model.value import Value


class Overview(Value):
    """A host's apps, ours included. An app without a report is there, and has to be asked about by itself."""

    names: tuple[str, ...]
    reports: Mapping[str, AppReport]


async def look(links: HostConnections, host: str) -> Overview:
    """The overview, sent once for all who ask at the same time. Raises LinkError, UnexpectedReply."""
    answer = await links.ask_once(host, app_reports.report_all("apps"))
    if not isinstance(answer.outcome, Exited):
        raise unusable(answer)  # what did not end in its time is not waited for twice
    found = app_reports.apps(answer.stdout) if answer.ok else None
    if found is not None:
        return Overview(names=tuple(found), reports=found)
    names = reports.apps_list(await links.ask_checked(host, commands.apps_list(), once=True))
    return Overview(names=names, reports={})
