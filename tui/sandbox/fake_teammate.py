"""A colleague or CI: commands and pushes from inside the process, through the same paths as everybody else's."""

import asyncio
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Coroutine
from typing import Any

from dulwich.objects import ObjectID
from dulwich.pack import write_pack_objects

from tui.sandbox.buildkit import content_of
from tui.sandbox.client import Client
from tui.sandbox.dispatch import run
from tui.sandbox.git_server import pkt
from tui.sandbox.host import SandboxHost
from tui.sandbox.image_config import ImageConfig
from tui.sandbox.image_registry import ADDRESS
from tui.sandbox.images import Behaviour
from tui.sandbox.machine import App
from tui.sandbox.repos import ZERO, Repository, Signature
from tui.sandbox.stories import BRANCH, BUILDERS, CHEN, STORIES, Story, app_files

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

    def __init__(self, host: SandboxHost) -> None:
        self._host = host
        self._tasks: set[asyncio.Task[dict[str, Any]]] = set()

    async def command(self, line: str, data: bytes = b"", slow: float = 1.0) -> dict[str, Any]:
        """Runs one command to its end: `exit` (None if it died), `stdout` and `stderr` as text."""
        client = Insider()
        client.feed(data)
        client.feed_end()
        code = await run(self._host, client, line, slow=slow)
        return {"exit": code, "stdout": text(client.out), "stderr": text(client.err)}

    async def bring(self, told: dict[str, Any]) -> dict[str, Any]:
        """Makes an app and its first release, at once, by the same commands as anybody's. Raises ValueError for a
        builder that is not known, and for a deploy that failed.
        """
        name, builder = str(told["name"]), str(told.get("builder", "dockerfile"))
        if builder not in BUILDERS:
            raise ValueError(f"builder is one of {', '.join(BUILDERS)}")
        self._host.stories[name] = Story(
            app=name,
            check=told.get("check", "/health"),
            releases=(),
            kept=(),
            worker=bool(told.get("worker", False)),
            migrates=bool(told.get("release_task", False)),
            prepares=bool(told.get("predeploy", False)),
            builder=builder,
        )
        pairs = " ".join(f"{key}={value}" for key, value in told.get("config", {}).items())
        lines = [f"apps:create {name}", f"config:set --no-restart {name} {pairs}" if pairs else ""]
        lines.append(f"ps:scale --skip-deploy {name} web=1 worker=1" if told.get("worker") else "")
        if told.get("scheduler"):
            lines.append(f"scheduler:set {name} selected {told['scheduler']}")
            lines += [f"registry:set {name} server {ADDRESS}", f"registry:set {name} push-on-release true"]
        for line in (*lines, *told.get("commands", [])):
            done = await self.command(line, slow=0.0) if line else {"exit": 0}
            if done["exit"] != 0:
                raise ValueError(f"{line}: {done['stderr']}")
        deploy = {"app": name, "version": told.get("version", "v1.0.0"), "behaviour": told.get("behaviour", {})}
        done = await self.push({**deploy, "wait": True, "at_once": True})
        if done["exit"] != 0 or done["status"] != "ok":
            raise ValueError(f"{name} was not deployed: {done['output']}")
        return {"commit": done["commit"], "url": f"http://127.0.0.1:{self._host.machine.app(name).port}"}

    async def push(self, told: dict[str, Any]) -> dict[str, Any]:
        """Pushes a commit made up from `told`; returns at once unless `wait`. Raises ValueError, AppMissing."""
        app = self._host.machine.app(told["app"])
        if self._story(app).builder in ("image", "archive"):
            return await self._without_git(app, told)
        branch = told.get("branch", BRANCH)
        commit = self._commit(app, branch, told)
        ref = f"refs/heads/{branch}"
        old = app.repo.ref(ref) or ZERO
        if old != ZERO and not told.get("force") and commit["parent"] != old:
            raise ValueError("rejected (fetch first)")
        slow = 0.0 if told.get("at_once") else 1.0
        sending = self._send(app, ref, told.get("old", old), commit["id"], commit["pack"], slow)
        return await self._maybe_waiting(sending, {"commit": commit["id"], "ref": ref}, told)

    async def _maybe_waiting(
        self, sending: Coroutine[Any, Any, dict[str, Any]], result: dict[str, Any], told: dict[str, Any]
    ) -> dict[str, Any]:
        task = asyncio.get_running_loop().create_task(sending)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if told.get("wait"):
            await asyncio.wait({task})
            result |= DIED if task.cancelled() else task.result()
        return result

    def _story(self, app: App) -> Story:
        """The content that the app's releases are built from: the team's own, one made on request, or a plain one."""
        told_before = (story for story in STORIES if story.app == app.name)
        made = self._host.stories.get(app.name)
        return made or next(told_before, Story(app=app.name, check="/ping", releases=(), kept=()))

    def _files(self, app: App, told: dict[str, Any]) -> dict[str, bytes]:
        Behaviour().changed(dict(told.get("behaviour", {})))  # refuses what no release could do
        files = app_files(self._story(app), told.get("version", "v9.9.9"))
        if told.get("behaviour"):
            files["behaviour.json"] = json.dumps(told["behaviour"]).encode()
        return files | {path: content.encode() for path, content in told.get("files", {}).items()}

    async def _without_git(self, app: App, told: dict[str, Any]) -> dict[str, Any]:
        """A release by an image that the team built and tagged on the host, or by a tar."""
        files = self._files(app, told)
        kind = told.get("archive_type", "tar")
        tar = tar_of(files)
        line = f"git:from-archive {'' if kind == 'tar' else f'--archive-type {kind} '}{app.name} --"
        data = gzip.compress(tar) if kind == "tar.gz" else tar
        if self._story(app).builder == "image":
            name = told.get("image", f"team/{app.name}:{told.get('version', 'v9.9.9')}")
            machine = self._host.machine
            content = content_of(files, hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest())
            config = ImageConfig(files={f"/app/{path}": data for path, data in files.items()})
            machine.images.build(name, content, {}, "", machine.now(), config)
            line, data = f"git:from-image {app.name} {name}", b""

        async def sent() -> dict[str, Any]:
            done = await self.command(line, data, slow=0.0 if told.get("at_once") else 1.0)
            output = done["stdout"] + done["stderr"]
            return {"exit": done["exit"], "status": "ok" if done["exit"] == 0 else "failed", "output": output}

        result = await self._maybe_waiting(sent(), {}, told)
        return result | {"commit": app.repo.head()}

    def _commit(self, app: App, branch: str, told: dict[str, Any]) -> dict[str, Any]:
        """The commit's objects go into a pack, not into the app's repository: they arrive by the push."""
        files = self._files(app, told)
        parent = app.repo.branch(told.get("parent", branch)) or app.repo.branch(BRANCH)
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

    async def _send(self, app: App, ref: str, old: str, new: str, pack: bytes, slow: float) -> dict[str, Any]:
        client = Insider()
        client.feed(pkt(f"{old} {new} {ref}\0report-status side-band-64k".encode()) + b"0000" + pack)
        code = await run(self._host, client, f"git-receive-pack '{app.name}'", slow=slow)
        status = next((push.status for push in reversed(self._host.pushes) if push.new == new), "refused")
        return {"exit": code, "status": status, "output": text(client.out)}

    async def close(self) -> None:
        """Ends the pushes that still run."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def tar_of(files: dict[str, bytes]) -> bytes:
    """The files as an uncompressed tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def text(data: bytearray) -> str:
    """The output as text; bytes that are no UTF-8 become U+FFFD."""
    return data.decode("utf-8", "replace")
