"""The real git and the real OpenSSH client at a sandbox, with nothing of this machine's own configuration."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    exit: int
    out: bytes
    err: str


class GitClient:
    """``git`` in a folder of its own; ``remote("app")`` is an URL of the sandbox."""

    def __init__(self, about: Mapping[str, Any], folder: Path) -> None:
        self.about = about
        self.folder = folder
        self.port = int(about["ssh"].rpartition(":")[2])
        folder.mkdir(exist_ok=True)

    @property
    def ssh_options(self) -> tuple[str, ...]:
        return (
            *("-F", "none", "-i", self.about["identity_file"], "-p", str(self.port)),
            *("-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"),
            *("-o", f"UserKnownHostsFile={self.about['known_hosts']}", "-o", "StrictHostKeyChecking=yes"),
        )

    def remote(self, app: str) -> str:
        return f"dokku@127.0.0.1:{app}"

    @property
    def environment(self) -> dict[str, str]:
        who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in WHO.items()}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSH_COMMAND": shlex.join(("ssh", *self.ssh_options)),
            **who,
        }

    async def start(self, *argv: str, cwd: Path | None = None) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd or self.folder,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def killed_at(self, said: bytes, *argv: str, cwd: Path | None = None) -> None:
        """Starts a command and kills it, with the ssh it has started, as soon as it has said this."""
        process = await self.start(*argv, cwd=cwd)
        assert process.stdout is not None and process.stderr is not None
        # A push speaks on stderr, everything else on stdout.
        stream = process.stderr if argv[0] == "git" else process.stdout
        seen = b""
        while said not in seen:
            chunk = await stream.read(4096)
            assert chunk, seen
            seen += chunk
        os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()

    async def run(self, *argv: str, cwd: Path | None = None) -> Ran:
        process = await self.start(*argv, cwd=cwd)
        out, err = await process.communicate()
        assert process.returncode is not None
        return Ran(exit=process.returncode, out=out, err=err.decode())

    async def git(self, *words: str, cwd: Path | None = None) -> Ran:
        return await self.run("git", *words, cwd=cwd)

    async def text(self, *words: str, cwd: Path | None = None) -> str:
        """What git prints; it has to succeed."""
        ran = await self.git(*words, cwd=cwd)
        assert ran.exit == 0, ran.err
        return ran.out.decode().rstrip("\n")

    async def ssh(self, *words: str) -> Ran:
        return await self.run("ssh", *self.ssh_options, "dokku@127.0.0.1", *words)

    async def clone(self, app: str) -> Path:
        folder = self.folder / app
        assert (await self.git("clone", "--quiet", "--branch", "main", self.remote(app), app)).exit == 0
        return folder

    async def commit(self, clone: Path, files: Mapping[str, str], message: str = "Release") -> str:
        """Commits these files, removing nothing; the new commit's id."""
        for path, content in files.items():
            target = clone / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content)
        await self.text("add", "--all", cwd=clone)
        await self.text("commit", "--quiet", "--message", message, cwd=clone)
        return await self.text("rev-parse", "HEAD", cwd=clone)


WHO = {"NAME": "Dana Team", "EMAIL": "dana@example.com"}
