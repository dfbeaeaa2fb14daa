"""Which address says whether an app is well, found by asking.

The trap: nginx answers a host name that has no site on a port by the first site there, another app's, and with 200. So
each address is also asked with a made-up name. Where that gets another answer, the name has a site of its own. Where it
gets the same, either this app is that first site or another one answers; the access log tells: a request with a mark of
ours is in the log of the site that took it.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit, urlunsplit

from msgspec.structs import replace

from tui.dokku import commands
from tui.engine.concurrency import together
from tui.engine.hosts.connections import HostConnections
from tui.init_config import addresses, pages
from tui.init_config.addresses import Address
from tui.init_config.facts import AppFacts, HealthFound, HostFacts, WebAnswer, Whose
from tui.model.errors import LinkError
from tui.text.clean import decode

MARK = "rollback-init"
AT_ONCE = 8
"""apps that are asked at once"""
OTHERS = 12
"""other apps whose log is looked at, those on the same port first"""
TRIES = 3
"""requests with a mark: a log shows its last 20 lines only, and a busy site writes as many in a moment"""
Look = Callable[[str, str | None], Awaitable[WebAnswer]]
"""one GET of an address, with another Host header if one is given"""


async def of_all(links: HostConnections, name: str, facts: HostFacts, host: str | None, look: Look) -> HostFacts:
    """The same facts with what was found of each app's health. `host`: the name or address that the host is reached by.
    Raises LinkError."""
    room = asyncio.Semaphore(AT_ONCE)
    ports = {one.app: {mapping.port for mapping in one.ports} for one in facts.apps}

    async def one_app(one: AppFacts) -> AppFacts:
        async with room:
            return await _Search(links, name, look, ports).of(one, host)

    found = await together(*(one_app(one) for one in facts.apps)) if facts.apps else ()
    return replace(facts, apps=found)


class _Search:
    """The search for one app."""

    def __init__(self, links: HostConnections, name: str, look: Look, ports: dict[str, set[int]]) -> None:
        self._links = links
        self._name = name
        self._look = look
        self._ports = ports
        """app → the ports of the host that it answers on"""

    async def of(self, one: AppFacts, host: str | None) -> AppFacts:
        """The app with the best address that is its own."""
        if not one.web:
            return one
        passed: list[tuple[str, str]] = []
        for address in addresses.of_app(one.domains, one.ports, host):
            best = await self._best(address, one)
            if isinstance(best, str):
                passed.append((_named(address), best))
                continue
            page, own_check = best
            whose = await self._whose(address, page, one.app)
            if isinstance(whose, Whose):
                again = await self._look(page.url, page.host_header)
                found = HealthFound(page=page, again=again, own_check=own_check, whose=whose)
                return replace(one, health=found, passed_over=tuple(passed))
            passed.append((_named(address), f"is answered by another app: {whose}"))
        return replace(one, passed_over=tuple(passed))

    async def _best(self, address: Address, one: AppFacts) -> tuple[WebAnswer, bool] | str:
        """The best answer below an address, and whether the app's own checks name its path; else why there is none."""
        best: tuple[pages.Worth, WebAnswer, bool] | None = None
        last: WebAnswer | None = None
        for path in addresses.paths(one.check_paths):
            page = await self._look(f"{address.base}{path}", address.host_header)
            if page.status is None:
                return f"does not answer: {page.why}"
            last = last or page
            own = path in one.check_paths
            worth = pages.worth(page, own_check=own)
            if worth is pages.Worth.GOOD or (worth is pages.Worth.ILL and own):
                return page, own
            if worth is not pages.Worth.NONE and (best is None or worth > best[0]):
                best = (worth, page, own)
        if best is None:
            return f"answers HTTP {last.status if last else 'nothing'}: nothing there says whether the app is well"
        return best[1], best[2]

    async def _whose(self, address: Address, page: WebAnswer, app: str) -> Whose | str:
        """The proof that the app's own site answered; the name of another app where that one did."""
        stranger = await self._look(page.url, f"{secrets.token_hex(6)}.invalid")
        again = await self._look(page.url, page.host_header)
        if not pages.alike(page, stranger, again):
            return Whose.SITE
        others = sorted(set(self._ports) - {app}, key=lambda other: (address.port not in self._ports[other], other))
        for _ in range(TRIES):
            mark = f"{MARK}={secrets.token_hex(8)}"
            await self._look(_marked(page.url, mark), page.host_header)
            asked = (app, *others[:OTHERS])
            told = await together(*(self._logged(one, mark) for one in asked))
            taker = next((one for one, yes in zip(asked, told, strict=True) if yes), None)
            if taker is not None:
                return Whose.LOG if taker == app else taker
        return Whose.UNKNOWN

    async def _logged(self, app: str, mark: str) -> bool:
        try:
            answer = await self._links.ask(self._name, commands.access_logs(app))
        except LinkError:
            return False
        return answer.ok and mark in decode(answer.stdout)


def _named(address: Address) -> str:
    return address.base + (f" as {address.host_header}" if address.host_header else "")


def _marked(url: str, mark: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=f"{parts.query}&{mark}" if parts.query else mark))
