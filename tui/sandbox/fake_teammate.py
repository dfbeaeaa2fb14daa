"""A colleague or CI: commands and pushes from inside the process, through the same paths as everybody else's."""

import asyncio
import io
import json
from typing import Any

from dulwich.objects import ObjectID
from dulwich.pack import write_pack_objects

from tui.sandbox.client import Client
from tui.sandbox.dispatch import run
from tui.sandbox.git_server import pkt
from tui.sandbox.host import Host
from tui.sandbox.images import Behaviour
from tui.sandbox.machine import App
from tui.sandbox.repos import ZERO, Repository, Signature
from tui.sandbox.seed import BRANCH, CHEN, STORIES, Story, app_files

MAIN = f"refs/heads/{BRANCH}"


DIED = {"exit": None, "status": "the host restarted", "output": ""}
"""what a push comes to whose host restarts under it"""


class Insider(Client):
    """A client in the same process: it never dies, and keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.out = bytearray()
        self.err = bytearray()

    def send(self, data: bytes, *, error: bool) -> None:
        """Keeps the bytes in `out` or `err`."""
        (self.err if error else self.out).extend(data)

    async def drain(self) -> None:
        """Gives way once; what was sent is taken at once."""
        await asyncio.sleep(0)

    def drop(self) -> None:
        """The same as a client that died: there is no connection to cut."""
        self.lost()

    def stall(self, silent: bool) -> None:
        """Nobody is waiting at the other end."""


class Colleague:
    """Somebody else who works on the same host; tests and drills act through it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._tasks: set[asyncio.Task[dict[str, Any]]] = set()

    async def command(self, line: str) -> dict[str, Any]:
        """Runs one command to its end: `exit` (None if it died), `stdout` and `stderr` as text."""
        client = Insider()
        client.feed_end()
        code = await run(self._host, client, line)
        return {"exit": code, "stdout": text(client.out), "stderr": text(client.err)}

    async def push(self, told: dict[str, Any]) -> dict[str, Any]:
        """Pushes a commit made up from `told`; returns at once unless `wait`. Raises ValueError, AppMissing."""
        app = self._host.machine.app(told["app"])
        branch = told.get("branch", BRANCH)
        commit = self._commit(app, branch, told)
        ref = f"refs/heads/{branch}"
        old = app.repo.ref(ref) or ZERO
        if old != ZERO and not told.get("force") and commit["parent"] != old:
            raise ValueError("rejected (fetch first)")
        task = asyncio.get_running_loop().create_task(
            self._send(app, ref, told.get("old", old), commit["id"], commit["pack"])
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        result = {"commit": commit["id"], "ref": ref}
        if told.get("wait"):
            await asyncio.wait({task})
            result |= DIED if task.cancelled() else task.result()
        return result

    def _commit(self, app: App, branch: str, told: dict[str, Any]) -> dict[str, Any]:
        """The commit's objects go into a pack, not into the app's repository: they arrive by the push."""
        Behaviour().changed(dict(told.get("behaviour", {})))  # refuses what no release could do
        parent = app.repo.branch(told.get("parent", branch)) or app.repo.branch(BRANCH)
        told_before = (story for story in STORIES if story.app == app.name)
        story = next(told_before, Story(app=app.name, check="/ping", releases=(), kept=()))
        files = app_files(story, told.get("version", "v9.9.9"))
        if told.get("behaviour"):
            files["behaviour.json"] = json.dumps(told["behaviour"]).encode()
        files |= {path: content.encode() for path, content in told.get("files", {}).items()}
        scratch = Repository()
        author = Signature(who=told.get("author", CHEN), at=int(self._host.machine.now()))
        message = told.get("message", f"Release {told.get('version', 'v9.9.9')}") + "\n"
        parents = (parent,) if parent is not None else ()
        commit = scratch.commit(files, message=message, author=author, parents=parents)
        buffer = io.BytesIO()
        ids = [ObjectID(oid) for oid in scratch.store]
        write_pack_objects(
            buffer, [(scratch.store[oid], None) for oid in ids], object_format=scratch.repo.object_format
        )
        return {"id": commit, "parent": parent, "pack": buffer.getvalue()}

    async def _send(self, app: App, ref: str, old: str, new: str, pack: bytes) -> dict[str, Any]:
        client = Insider()
        client.feed(pkt(f"{old} {new} {ref}\0report-status side-band-64k".encode()) + b"0000" + pack)
        code = await run(self._host, client, f"git-receive-pack '{app.name}'")
        status = next((push.status for push in reversed(self._host.pushes) if push.new == new), "refused")
        return {"exit": code, "status": status, "output": text(client.out)}

    async def close(self) -> None:
        """Ends the pushes that still run."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def text(data: bytearray) -> str:
    """The output as text; bytes that are no UTF-8 become U+FFFD."""
    return data.decode("utf-8", "replace")
