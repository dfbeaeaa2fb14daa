"""One notification address of any kind: Slack, Discord, Teams, e-mail, Telegram and the rest, by apprise.

The address is a secret in the variable that services.yaml names, so a channel is called by that variable's name.
apprise is imported with the first message and works in a thread that ends with the process: a server that never
answers holds up neither the console nor its end. Whether it was delivered is apprise's word; why not is what it logged
meanwhile, without secrets. What no other try can mend (a wrong address, a channel that is gone) is said to be final.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from tui.drivers.vendors.base import MessageChannel, Vendor
from tui.model.errors import ConfigError
from tui.model.notice import Delivery, Message, Milestone, Receipt
from tui.text.chat import plain
from tui.text.clean import clean, clean_line
from tui.text.redact import learn_address, redact

_STATUS = re.compile(r"\berror=(\d{3})\b|\bHTTP[ /]?(\d{3})\b")
_PASSING = frozenset({408, 425, 429})
"""the only answers of 400 to 499 that another try may change"""
_NOTHING_SAID = "apprise did not say why"


class AppriseChannel(MessageChannel):
    """The channel that the variable `name` holds the address of."""

    def __init__(self, name: str, address: Callable[[], str | None]) -> None:
        """`address` reads the credential when it is needed; it may raise ConfigError."""
        self.name = name
        self._address = address

    @property
    def ready(self) -> bool:
        """True if its variable is set. A file that cannot be read counts: what is wrong is said when it is used."""
        try:
            return self._address() is not None
        except ConfigError:
            return True

    def wants(self, message: Message) -> bool:
        """Everything but the post-mortem's text, which belongs into a ticket."""
        return message.milestone is not Milestone.POSTMORTEM

    async def deliver(self, message: Message, earlier: Delivery | None) -> Receipt:
        """Send the message; returns what came of it. apprise's own time limits are a few seconds: a
        caller that waits longer gives up and leaves the thread."""
        try:
            address = self._address()
        except ConfigError as error:
            return Receipt(delivered=False, detail=clean_line(error.message, 300))
        if address is None:
            return Receipt(delivered=False, detail=f"{self.name} is not set")
        learn_address(address)
        title, body = plain(clean_line(message.title)), plain(clean(message.text))
        return await _in_a_thread(lambda: _send(address, title, body))

    async def close(self) -> None:
        """Nothing is kept open."""


VENDOR = Vendor(
    name="apprise",
    drivers=lambda given: tuple(AppriseChannel(name, partial(given.secrets.get, name)) for name in given.fleet.notify),
)


async def _in_a_thread(work: Callable[[], Receipt]) -> Receipt:
    """In a thread of its own that does not outlive the process; the loop's own threads would be waited for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Receipt] = loop.create_future()

    def finish(receipt: Receipt | None, error: Exception | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        elif receipt is not None:
            done.set_result(receipt)

    def run() -> None:
        receipt, failed = None, None
        try:
            receipt = work()
        except Exception as error:  # noqa: BLE001 - handed to the caller
            failed = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(finish, receipt, failed)

    threading.Thread(target=run, name="notify", daemon=True).start()
    return await done


def _send(address: str, title: str, body: str) -> Receipt:
    import apprise

    asset = apprise.AppriseAsset(app_id="rollback", app_desc="rollback", app_url="", async_mode=False)
    said = _Said(threading.get_ident())
    log = logging.getLogger("apprise")
    log.addHandler(said)
    try:
        service: Any = apprise.Apprise(asset=asset)
        if not service.add(address) or not len(service):
            return Receipt(delivered=False, detail=said.reason("it is no address that apprise knows"), final=True)
        # each by itself: apprise's own loop uses threads that the process would wait for when it ends
        sent = [one.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT) for one in service]
    finally:
        log.removeHandler(said)
    if all(sent):
        return Receipt(delivered=True, detail="delivered")
    status = said.status
    final = status is not None and 400 <= status < 500 and status not in _PASSING
    return Receipt(delivered=False, detail=said.reason(_NOTHING_SAID), final=final)


class _Said(logging.Handler):
    """The log of apprise in one thread."""

    def __init__(self, thread: int) -> None:
        super().__init__(logging.WARNING)
        self._thread = thread
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        if record.thread == self._thread:
            self._lines.append(clean_line(record.getMessage(), 300))

    @property
    def status(self) -> int | None:
        """The HTTP status in the last line that has one."""
        for line in reversed(self._lines):
            if (found := _STATUS.search(line)) is not None:
                return int(found[1] or found[2])
        return None

    def reason(self, otherwise: str) -> str:
        """Why it was not delivered, in one line."""
        words = redact("; ".join(dict.fromkeys(self._lines))) or otherwise
        return f"HTTP {self.status}: {words}"[:300] if self.status is not None else words[:300]
