"""The client's side of the sandbox's tests: real SSH, real HTTP, and a push by hand, so that it can be wrong."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncssh
import httpx
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tree
from dulwich.pack import write_pack_objects

ZERO = "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    exit: int | None
    out: str
    err: str


@dataclass(slots=True, kw_only=True)
class Pushed:
    """What came back from a push: the whole progress of band 2, and the report's lines."""

    commit: str
    progress: str = ""
    report: list[str] = field(default_factory=list)
    exit: int | None = None


class Guest:
    """Somebody at a sandbox whose start-up line is ``about``."""

    def __init__(self, about: Mapping[str, Any], http: httpx.AsyncClient) -> None:
        self.about = about
        self.http = http
        self.port = int(about["ssh"].rpartition(":")[2])
        self.connections: list[asyncssh.SSHClientConnection] = []

    async def connect(self) -> asyncssh.SSHClientConnection:
        connection = await asyncssh.connect(
            "127.0.0.1",
            self.port,
            username="dokku",
            client_keys=[self.about["identity_file"]],
            known_hosts=self.about["known_hosts"],
            config=[],
            agent_path=None,
        )
        self.connections.append(connection)
        return connection

    async def connection(self) -> asyncssh.SSHClientConnection:
        for connection in self.connections:
            if not connection.is_closed():
                return connection
        return await self.connect()

    async def run(self, command: str, data: bytes = b"") -> Result:
        done = await (await self.connection()).run(command, input=data, encoding=None)
        assert isinstance(done.stdout, bytes) and isinstance(done.stderr, bytes)
        return Result(exit=done.exit_status, out=done.stdout.decode(), err=done.stderr.decode())

    async def ok(self, command: str) -> str:
        done = await self.run(command)
        assert done.exit == 0, done
        return done.out

    # --- behind the stage

    async def control(self, path: str, **told: object) -> Any:
        answer = await self.http.post(f"{self.about['control']}{path}", json=told)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def state(self) -> Any:
        return (await self.http.get(f"{self.about['control']}/state")).json()

    async def app(self, name: str = "scenextras") -> Any:
        return (await self.state())["apps"][name]

    async def until(self, app: str = "scenextras", **wanted: object) -> Any:
        """Waits until the app's state has these values; the test's own time limit is the limit."""
        while True:
            found = (await self.state())["apps"].get(app, {})
            if all(found.get(key) == value for key, value in wanted.items()):
                return found
            await asyncio.sleep(0.02)

    async def get(self, service: str, path: str = "/") -> httpx.Response:
        return await self.http.get(f"{self.about['urls'][service]}{path}")

    # --- git

    async def refs(self, app: str = "scenextras") -> dict[str, str]:
        connection = await self.connection()
        async with connection.create_process(f"git-upload-pack '{app}'", encoding=None) as process:
            refs = await read_refs(process.stdout)
            process.stdin.write(b"0000")
            await process.wait()
        return refs

    async def push(
        self,
        app: str,
        files: Mapping[str, str],
        branch: str = "main",
        *,
        old: str | None = None,
        parent: str | None = None,
        connection: asyncssh.SSHClientConnection | None = None,
    ) -> Pushed:
        """Pushes one commit with these files; ``old`` is the id claimed for the ref, the advertised one by default."""
        link = connection or await self.connection()
        async with link.create_process(f"git-receive-pack '{app}'", encoding=None) as process:
            refs = await read_refs(process.stdout)
            ref = f"refs/heads/{branch}"
            tip = refs.get(ref, ZERO)
            first = parent if parent is not None else (tip if tip != ZERO else None)
            commit, pack = make_commit(files, first)
            pushed = Pushed(commit=commit)
            line = f"{old or tip} {commit} {ref}\0report-status side-band-64k".encode()
            process.stdin.write(pkt(line) + b"0000" + pack)
            report = bytearray()
            while (payload := await read_pkt(process.stdout)) is not None:
                if payload[0] == 2:
                    pushed.progress += payload[1:].decode()
                else:
                    report += payload[1:]
            pushed.report = report_lines(bytes(report))
            done = await process.wait()
            pushed.exit = done.exit_status
        return pushed


def make_commit(files: Mapping[str, str], parent: str | None) -> tuple[str, bytes]:
    """A commit with these files and its pack; the parent need not be in it."""
    objects: list[ShaFile] = []
    commit = Commit()
    commit.tree = make_tree(files, objects)
    commit.parents = [ObjectID(parent.encode())] if parent else []
    commit.author = commit.committer = b"Test <test@example.com>"
    commit.author_time = commit.commit_time = 1_795_000_000
    commit.author_timezone = commit.commit_timezone = 0
    commit.message = b"pushed by a test\n"
    objects.append(commit)
    buffer = io.BytesIO()
    write_pack_objects(buffer, [(found, None) for found in objects], object_format=commit.object_format)
    return commit.id.decode(), buffer.getvalue()


def make_tree(files: Mapping[str, str], objects: list[ShaFile]) -> ObjectID:
    tree = Tree()
    folders: dict[str, dict[str, str]] = {}
    for path, content in files.items():
        folder, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(folder, {})[rest] = content
            continue
        blob = Blob.from_string(content.encode())
        objects.append(blob)
        tree.add(path.encode(), 0o100644, blob.id)
    for folder, inside in folders.items():
        tree.add(folder.encode(), 0o040000, make_tree(inside, objects))
    objects.append(tree)
    return tree.id


def pkt(payload: bytes) -> bytes:
    return b"%04x" % (len(payload) + 4) + payload


async def read_pkt(reader: asyncssh.SSHReader[bytes]) -> bytes | None:
    size = int(await reader.readexactly(4), 16)
    return None if size == 0 else await reader.readexactly(size - 4)


async def read_refs(reader: asyncssh.SSHReader[bytes]) -> dict[str, str]:
    refs: dict[str, str] = {}
    while (line := await read_pkt(reader)) is not None:
        value, _, name = line.partition(b"\0")[0].rstrip(b"\n").decode().partition(" ")
        if value != ZERO:
            refs[name] = value
    return refs


def report_lines(data: bytes) -> list[str]:
    lines: list[str] = []
    while data:
        size = int(data[:4], 16)
        lines.append(data[4:size].decode().rstrip("\n"))
        data = data[max(size, 4) :]
    return [line for line in lines if line]


@asynccontextmanager
async def visiting(about: Mapping[str, Any]) -> AsyncIterator[Guest]:
    async with httpx.AsyncClient(timeout=20, verify=False) as http:
        guest = Guest(about, http)
        try:
            yield guest
        finally:
            for connection in guest.connections:
                connection.abort()
            await asyncio.gather(*(connection.wait_closed() for connection in guest.connections))


# --- what is pushed


def source(version: str, check: str = "/healthcheck/ready", **behaviour: object) -> dict[str, str]:
    """An app's own release."""
    checks = [{"type": "startup", "name": "ready", "path": check, "attempts": 3, "timeout": 5}]
    files = {
        "Dockerfile": "FROM python:3.12-slim\nCOPY server /app/server\n",
        "Procfile": "web: /app/server\n",
        "VERSION": f"{version}\n",
        "app.json": json.dumps({"healthchecks": {"web": checks}}),
        "server": version,
    }
    if behaviour:
        files["behaviour.json"] = json.dumps(behaviour)
    return files


def go_back(holder: str, attempt: str = "inc.1", **more: str) -> dict[str, str]:
    """The tree of a commit that goes back to a kept release."""
    return {
        "Dockerfile": (
            f'FROM dokku/{holder}:latest\nLABEL com.dokku.docker-image-labeler/alternate-tags=""\n'
            f'LABEL rollback.attempt="{attempt}"\n'
        ),
        "Procfile": "web: /app/server\n",
        "app.json": source("x")["app.json"],
        **more,
    }


def keeping(app: str, number: int = 9) -> dict[str, str]:
    """The tree of a commit that fills a holder."""
    return {
        "Dockerfile": f'FROM dokku/{app}:latest\nLABEL com.dokku.docker-image-labeler/alternate-tags=""\n',
        ".rollback/Procfile": "web: /app/server\n",
        ".rollback/release.json": f'{{"release":{number}}}\n',
    }
