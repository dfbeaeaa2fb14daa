"""The deploy lock: a file that is shown, and a flock(2) that counts.

A deploy looks only at the flock, so `apps:lock`, which merely creates the file, blocks nothing. Measured: a
killed client leaves the file behind on 0.38.27, and on both versions when its command ran with a terminal. A build that
fails leaves it on 0.38.27 as well (recorded of a push, of an archive and after ps:stop); a failed check does not.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from tui.sandbox.build_records import died_building
from tui.sandbox.client import ClientGone, CommandRefused, bang
from tui.sandbox.deploy_lines import CommandFailed
from tui.sandbox.host import Call
from tui.sandbox.machine import App


def refuse_if_locked(app: App) -> None:
    """Raises Refused(1) with Dokku's words while a deploy of the app holds its flock."""
    if app.lock_held:
        raise CommandRefused(
            1,
            bang(f"{app.name} currently has a deploy lock in place. Exiting..."),
            bang("Run 'apps:unlock' to release the existing deploy lock"),
        )


@contextmanager
def deploy_lock(call: Call, app: App) -> Iterator[None]:
    """Raises Refused while another deploy of the app runs."""
    refuse_if_locked(app)
    app.lock_file = app.lock_held = True
    stale = False
    try:
        yield
    except ClientGone:
        stale = call.client.tty or not call.host.machine.old
        raise
    except CommandFailed:
        stale = died_building(call)
        raise
    except asyncio.CancelledError:
        stale = call.powerless
        raise
    finally:
        app.lock_held = False
        app.lock_file = stale
