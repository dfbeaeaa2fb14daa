"""git's reading services: git-upload-pack through dulwich's own server, git-upload-archive by hand (dulwich's
knows no paths).
"""

import asyncio
import gzip
import io
import tarfile
from collections.abc import Iterable
from typing import cast

from dulwich.protocol import CAPABILITY_FILTER, Protocol
from dulwich.server import BackendRepo, DictBackend, UploadPackHandler

from tui.sandbox.client import CommandRefused
from tui.sandbox.dispatch import command
from tui.sandbox.git_server import FLUSH, app_of, on_band, pkt, read_pkt
from tui.sandbox.host import Call
from tui.sandbox.machine import App
from tui.sandbox.repos import BadRef, read_files

PIECE = 1 << 15
"""bytes of a pack's many packets that are sent in one"""


def repository_of(call: Call) -> App:
    """The app whose repository the call names. Raises Refused(128) with git's words if there is none."""
    name = app_of(call)
    app = call.host.machine.apps.get(name)
    if app is None:
        raise CommandRefused(128, f"fatal: '/home/dokku/{name}' does not appear to be a git repository")
    return app


class GitReading(UploadPackHandler):
    """Without partial clones: the recorded hosts ignore filters, and so a client gets everything."""

    def capabilities(self) -> list[bytes]:
        """The capabilities that dulwich offers, without filters."""
        return [name for name in super().capabilities() if name != CAPABILITY_FILTER]

    @classmethod
    def required_capabilities(cls) -> tuple[bytes, ...]:
        """None: git's own server serves clients that can do nothing at all."""
        return ()

    def set_client_capabilities(self, caps: Iterable[bytes]) -> None:
        """Takes the client's capabilities without a filter, which git asks for even where none is offered."""
        super().set_client_capabilities([name for name in caps if not name.startswith(CAPABILITY_FILTER)])


@command("git-upload-pack")
async def upload_pack(call: Call) -> int:
    """Serves a fetch or clone. Exit 128 if the client leaves in the middle."""
    app = repository_of(call)
    loop = asyncio.get_running_loop()

    said = bytearray()

    def read(count: int) -> bytes:
        send()
        return asyncio.run_coroutine_threadsafe(call.client.read_exactly(count), loop).result()

    def write(data: bytes) -> int:
        said.extend(data)
        if data[4:5] != b"\x01" or len(said) >= PIECE:  # on band 1 travels the pack
            send()
        return len(data)

    def send() -> None:
        data = bytes(said)
        said.clear()
        try:
            asyncio.run_coroutine_threadsafe(sent(data), loop).result()
        except BrokenPipeError:
            raise EOFError from None  # the client has read enough and hung up

    async def sent(data: bytes) -> None:
        call.write(data)
        await call.client.drain()

    def serve() -> None:
        # dulwich serves its own MemoryRepo; only the signature of one method it does not use here differs.
        served = {"/": cast("BackendRepo", app.repo.repo)}
        backend = DictBackend(served)
        GitReading(backend, ["/"], Protocol(read, write)).handle()
        send()

    try:
        await asyncio.to_thread(serve)
    except EOFError:
        return 128
    return 0


@command("git-upload-archive")
async def upload_archive(call: Call) -> int:
    """`git archive --remote`: arguments are options, one ref, and paths that must all exist."""
    app = repository_of(call)
    arguments: list[str] = []
    try:
        while (line := await read_pkt(call)) is not None:
            arguments.append(line.rstrip(b"\n").decode().removeprefix("argument "))
    except EOFError:
        return 128
    call.write(pkt(b"ACK\n") + FLUSH)
    prefix = next((word.partition("=")[2] for word in arguments if word.startswith("--prefix=")), "")
    plain = [word for word in arguments if not word.startswith("--")]
    try:
        data = archive(app, plain[0] if plain else "HEAD", plain[1:], prefix)
    except LookupError as missing:
        call.write(on_band(2, f"fatal: {missing.args[0]}\n".encode()))
        call.write(on_band(3, b"git upload-archive: archiver died with error") + FLUSH)
        return 1
    if arguments.count("--format=tar.gz") or arguments.count("--format=tgz"):
        data = gzip.compress(data)
    call.write(on_band(1, data) + FLUSH)
    return 0


def full_names(ref: str) -> tuple[str, ...]:
    """The refs that a short name may mean, in the order in which git tries them here."""
    return (f"refs/heads/{ref}", f"refs/tags/{ref}", ref)


def archive(app: App, ref: str, paths: list[str], prefix: str) -> bytes:
    """A tar of the paths. Raises LookupError with git's words for a ref or path that is not there."""
    try:
        # Names only: git gives no archive of a bare commit id to a remote.
        named = ref if ref == "HEAD" else next(name for name in full_names(ref) if app.repo.ref(name))
        commit = app.repo.resolve(named)
    except (StopIteration, BadRef):
        raise LookupError(f"no such ref: {ref}") from None
    files = read_files(app.repo.store, commit)
    for path in paths:
        if not any(name == path or name.startswith(f"{path.rstrip('/')}/") for name in files):
            raise LookupError(f"pathspec '{path}' did not match any files")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        folders: set[str] = set()
        for name, data in files.items():
            if paths and not any(name == path or name.startswith(f"{path.rstrip('/')}/") for path in paths):
                continue
            folder = name.rpartition("/")[0]
            if folder and folder not in folders:
                folders.add(folder)
                entry = tarfile.TarInfo(f"{prefix}{folder}/")
                entry.type, entry.mode = tarfile.DIRTYPE, 0o775
                tar.addfile(entry)
            entry = tarfile.TarInfo(prefix + name)
            entry.size, entry.mode, entry.mtime = len(data), 0o664, app.created_at
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
