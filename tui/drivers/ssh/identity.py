"""The keys that a login is tried with, in the order in which OpenSSH tries them, and each passphrase asked for once.

Of the files that services.yaml or ~/.ssh/config names the public half is enough: the agent may hold the rest. First
come certificates, then the agent's keys that are named, its others (unless only named ones may be used), then the
files. So an agent with twenty keys does not use up the tries that a server allows. A key that was unlocked stays
unlocked until its file says something else; so does the answer that nobody can unlock it, lest a console that polls
asks a person for ever. For a key of ~/.ssh/config it is asked for only once the server has said that it takes that key.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tui import regular_file
from tui.drivers.ssh import key_files
from tui.drivers.ssh.settings import Settings
from tui.model.errors import AuthRefused
from tui.text.clean import clean_line, decode

TRIES = 3
"""times that a passphrase is asked for, as ssh does"""
AGENT_LIMIT = 10.0
"""seconds for the agent to list its keys"""
AGENT_REFUSED = (
    "unlock the agent (1Password, gpg-agent, a security key) and confirm there, then try again; `ssh-add -T KEY.pub` "
    "tells whether it signs"
)
SECURITY_KEY = ("sk-", "webauthn-")


class PassedOver(NamedTuple):
    """A file that no login is tried with."""

    why: str
    fix: str = ""
    unsigned: bool = False
    """the host takes the key; the agent that holds it did not sign"""


class Offer(NamedTuple):
    """The keys that a login is tried with."""

    keys: list[Any]
    """asyncssh's key pairs"""
    agent: Any
    """the agent's connection, to be closed once we are in; None where there is none"""
    passed_over: list[PassedOver]
    """files that are not tried; it grows while the login goes on"""


class PassphraseWanted(Exception):
    """The server takes a key that is locked. It is asked for without a connection that waits, which is then opened
    anew."""

    def __init__(self, path: str, raw: bytes) -> None:
        super().__init__(f"{path} needs a passphrase")
        self.path, self.raw = path, raw


class _Named(NamedTuple):
    """A file that is named for a key."""

    path: str
    public: Any
    """its public half; None where only the private one knows it"""
    raw: bytes | None
    """the private half as it is on file"""
    certificate: Any = None
    """where that is what the file holds"""
    exposed: tuple[str, str] | None = None
    """why ssh ignores the private half, and the fix: others can read it"""


class Identities:
    """The keys of one process. `ask` shows its argument to a person and returns what they typed."""

    def __init__(self, ask: Callable[[str], str] | None = None) -> None:
        self._ask = ask
        self._unlocked: dict[tuple[str, bytes], Any] = {}
        """by path and what the file said: a key that was replaced is another one"""
        self._refused: dict[tuple[str, bytes], AuthRefused] = {}
        self._turn = asyncio.Lock()

    async def offer(self, asyncssh: Any, settings: Settings, *, required: bool = False) -> Offer:
        """The keys for one login. `required`: a file that cannot be used is an error, since services.yaml names it.

        Raises AuthRefused.
        """
        named: list[_Named] = []
        passed_over: list[PassedOver] = []
        for path in settings.identity_files:
            try:
                named.append(await asyncio.to_thread(_named, asyncssh, path))
            except FileNotFoundError:
                if required:
                    raise AuthRefused(f"{path}: No such file or directory", _ANOTHER) from None
            except (OSError, ValueError) as error:
                words = f"{path}: {clean_line(getattr(error, 'strerror', None) or str(error), 200)}"
                if required:
                    raise AuthRefused(words, _ANOTHER) from error
                passed_over.append(PassedOver(words))
        agent, held = await _agent(asyncssh, settings.agent)
        gone = no_agent(settings.agent) if settings.agent and agent is None else None
        try:
            keys = await self._ordered(asyncssh, settings, named, held, passed_over, required)
        except BaseException as error:
            if agent is not None:
                agent.close()
            if gone is not None and isinstance(error, AuthRefused) and "ssh-add" in error.fix:
                raise AuthRefused(f"{error.message}; {gone.why}", f"{gone.fix}; there: {error.fix}") from error
            raise
        if gone is not None and not required:
            passed_over.append(gone)
        return Offer(keys, agent, passed_over)

    async def _ordered(
        self,
        asyncssh: Any,
        settings: Settings,
        named: list[_Named],
        held: list[Any],
        lost: list[PassedOver],
        required: bool,
    ) -> list[Any]:
        certificates = [
            found
            for path in (*settings.certificate_files, *(f"{one.path}-cert.pub" for one in named))
            if (found := await asyncio.to_thread(_certificate, asyncssh, path)) is not None
        ]
        certificates += [one.certificate for one in named if one.certificate is not None]
        for pair in held:
            _note_refusals(pair, lost)
        by_agent = {pair.public_data: pair for pair in held}
        first: list[Any] = []
        last: list[Any] = []
        for one in named:
            pair = by_agent.pop(one.public.public_data, None) if one.public is not None else None
            make: Callable[[], Any] | None
            if pair is not None:
                first.append(pair)
                make = _again(asyncssh, pair, lost)
            else:
                make = await self._of_file(asyncssh, one, lost, required)
                if make is not None:
                    last.append(make())
            for certificate in certificates if make is not None else ():
                made = make() if make is not None else None
                if made is not None and certificate.key.public_data == made.key_public_data:
                    made.set_certificate(certificate)
                    first.insert(0, made)
        others = [] if settings.identities_only else [pair for pair in held if pair.public_data in by_agent]
        return [*first, *others, *last]

    async def _of_file(
        self, asyncssh: Any, one: _Named, lost: list[PassedOver], required: bool
    ) -> Callable[[], Any] | None:
        """The maker of a file's key pair; None where it cannot be used here, with a word in `lost`."""
        if one.raw is None:
            kind = "certificate" if one.certificate is not None else "public key"
            why = f"{one.path} is a {kind}, and no agent holds its other half"
            if required:
                raise AuthRefused(why, f"ssh-add the private key, or name its file ({_agent_word()})")
            lost.append(PassedOver(why))
            return None
        unusable = one.exposed
        if one.public is not None and one.public.get_algorithm().startswith(SECURITY_KEY):
            why = f"{one.path} is a security key, which only ssh and an agent can use"
            unusable = (why, "ssh-add it, or set `transport: openssh` for this host in services.yaml")
        if unusable is not None:
            if required:
                raise AuthRefused(*unusable)
            lost.append(PassedOver(*unusable))
            return None
        raw: bytes = one.raw
        try:
            key: Any = self._unlocked.get((one.path, raw)) or await asyncio.to_thread(
                _import, asyncssh, raw, one.path, None
            )
        except _Locked:
            if not required and one.public is not None:
                return lambda: _locked_pair(asyncssh, one.public, lambda: self._now(one.path, raw, lost))
            if not required and self._ask is None:
                lost.append(_nobody(one.path))
                return None
            key = await self.unlock(asyncssh, one.path, raw)
        except AuthRefused as error:
            if required:
                raise
            lost.append(PassedOver(error.message, error.fix if error.fix != _ANOTHER else ""))
            return None
        self._unlocked[one.path, raw] = key
        return lambda: _pair(asyncssh, key)

    def _now(self, path: str, raw: bytes, lost: list[PassedOver]) -> Any:
        """The key, if it is open. Raises PassphraseWanted, and ValueError where nobody can be asked."""
        if (path, raw) in self._unlocked:
            return self._unlocked[path, raw]
        if self._ask is None or (path, raw) in self._refused:
            lost.append(_nobody(path))
            raise ValueError("the key is locked")
        raise PassphraseWanted(path, raw)

    async def unlock(self, asyncssh: Any, path: str, raw: bytes) -> Any:
        """The key, opened with what a person types, once for each state of its file. Raises AuthRefused."""
        async with self._turn:  # two connections that need one key need one answer
            if (path, raw) in self._refused:
                raise self._refused[path, raw]
            if (path, raw) not in self._unlocked:
                self._unlocked[path, raw] = await self._unlock(asyncssh, raw, path)
            return self._unlocked[path, raw]

    async def _unlock(self, asyncssh: Any, raw: bytes, path: str) -> Any:
        if self._ask is None:
            raise AuthRefused(f"{path} needs a passphrase and nobody can be asked", "ssh-add it first")
        loop = asyncio.get_running_loop()
        for _ in range(TRIES):
            typed = await loop.run_in_executor(None, self._ask, f"passphrase of {path}: ")
            try:
                return await asyncio.to_thread(_import, asyncssh, raw, path, typed)
            except _Locked:
                continue
        self._refused[path, raw] = AuthRefused(f"{path}: wrong passphrase", "start again, or ssh-add it first")
        raise self._refused[path, raw]


_AGENT_GONE = (
    "start again in a shell in which `ssh-add -l` answers; IdentityAgent of ~/.ssh/config may name a link that each "
    "login renews"
)
_ANOTHER = "name another identity_file in services.yaml"


def _nobody(path: str) -> PassedOver:
    return PassedOver(f"{path} needs a passphrase and nobody can be asked (ssh-add it first)")


class _Locked(Exception):
    """The key needs another passphrase."""


def _named(asyncssh: Any, path: str) -> _Named:
    """The halves of a key that are on file. Raises OSError, FileNotFoundError for neither; ValueError."""
    whole = os.path.expanduser(path)  # noqa: PTH111 - ~nobody is left as it is, where Path raises
    raw = public = None
    private = whole
    with contextlib.suppress(FileNotFoundError):  # its public half alone will do: an agent may hold the other
        raw = regular_file.read(Path(whole), key_files.LARGEST)
    for beside in (f"{whole}.pub", whole):
        with contextlib.suppress(OSError, ValueError, UnicodeDecodeError):  # the other place may have it
            public = asyncssh.import_public_key(regular_file.read(Path(beside), key_files.LARGEST))
            break
    certificate = _certificate(asyncssh, whole) if raw is not None and public is None else None
    if certificate is not None:
        public = certificate.key
    if raw is not None and b"PRIVATE KEY" not in raw and public is not None:
        raw = None  # the file that is named is the public half
        with contextlib.suppress(OSError):  # its public half alone will do
            private = whole.removesuffix(".pub").removesuffix("-cert")
            raw = regular_file.read(Path(private), key_files.LARGEST) if private != whole else None
    if raw is None and public is None:
        raise FileNotFoundError(whole)
    # what the file is comes first: no mode makes another program's key one of SSH
    exposed = key_files.exposed(Path(private)) if raw is not None and key_files.wrong(raw) is None else None
    return _Named(path, public, raw, certificate, exposed)


def _certificate(asyncssh: Any, path: str) -> Any:
    """A certificate; None where there is none that can be read."""
    try:
        return asyncssh.import_certificate(regular_file.read(Path(path).expanduser(), key_files.LARGEST))
    except (OSError, ValueError, RuntimeError):
        return None


def _import(asyncssh: Any, raw: bytes, path: str, passphrase: str | None) -> Any:
    """The key. Raises _Locked, and AuthRefused for what is none."""
    try:
        return asyncssh.import_private_key(raw, passphrase)
    except asyncssh.KeyEncryptionError as error:
        if passphrase is not None:
            raise _Locked from error
        raise AuthRefused(f"{path} cannot be decrypted: {clean_line(str(error))}") from error
    except (asyncssh.KeyImportError, ValueError) as error:
        if passphrase is not None or "passphrase" in str(error).lower():
            raise _Locked from error
        why, fix = key_files.wrong(raw) or (f"no usable key: {clean_line(str(error))}", _ANOTHER)
        raise AuthRefused(f"{path} is {why}", key_files.for_file(fix, path)) from error


def _pair(asyncssh: Any, key: Any) -> Any:
    (pair,) = asyncssh.load_keypairs([key])
    return pair


def _again(asyncssh: Any, pair: Any, lost: list[PassedOver]) -> Callable[[], Any]:
    """The maker of another pair of the same key of the agent, to carry a certificate."""

    def made() -> Any:
        one = type(pair)(pair._agent, pair.key_algorithm, pair.key_public_data, pair.get_comment_bytes() or b"")
        _note_refusals(one, lost)
        return one

    return made


def _note_refusals(pair: Any, lost: list[PassedOver]) -> None:
    """Have a key of the agent say in `lost` that the agent has not signed with it, refused or not yet: a refusal makes
    the next key be tried."""
    sign = pair.sign_async
    name = clean_line(decode(pair.get_comment_bytes() or b""), 80) or pair.get_algorithm()
    unsigned = PassedOver(f"the agent did not sign with {name}", AGENT_REFUSED, unsigned=True)

    async def signed(data: bytes) -> bytes:
        lost.append(unsigned)
        try:
            made = bytes(await sign(data))
        except OSError as error:
            raise ValueError("the agent went away") from error
        lost.remove(unsigned)
        return made

    pair.sign_async = signed


def _locked_pair(asyncssh: Any, public: Any, key: Callable[[], Any]) -> Any:
    """A pair whose private half is opened when the server has said that it takes the key."""

    class Locked(asyncssh.SSHKeyPair):  # type: ignore[misc, name-defined, unused-ignore]
        """Signs once it is unlocked."""

        async def sign_async(self, data: bytes) -> bytes:
            """The signature. Raises ValueError where nobody can unlock it: then the next key is tried."""
            return bytes(key().sign(data, self.sig_algorithm))

    kind, signs = public.algorithm, public.sig_algorithms
    return Locked(kind, kind, signs, signs, public.public_data, public.get_comment_bytes())


async def _agent(asyncssh: Any, path: str | None) -> tuple[Any, list[Any]]:
    """The agent's connection and its keys; None and no keys where there is none, or it does not answer."""
    if not path:
        return None, []
    agent = None
    try:
        async with asyncio.timeout(AGENT_LIMIT):
            agent = await asyncssh.connect_agent(path)
            return agent, list(await agent.get_keys())
    except (OSError, ValueError, asyncssh.Error):
        if agent is not None:
            agent.close()
        return None, []


def no_agent(path: str) -> PassedOver:
    """The word on an agent that does not answer. This process never hears of another one: it may have begun in a login
    that is over, as one in tmux outlives it."""
    return PassedOver(f"no agent answers at {clean_line(path, 100)}", _AGENT_GONE)


def _agent_word() -> str:
    return "SSH_AUTH_SOCK names an agent" if os.environ.get("SSH_AUTH_SOCK") else "SSH_AUTH_SOCK names no agent"
