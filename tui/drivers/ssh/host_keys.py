"""Which keys a host may show: those on file, or the one whose fingerprint a person accepted. Nothing else ever.

Where a key is on file, every other one is *changed*, of the same kind or not: a host keeps its keys. Where the file
knows only the bare name, and the host is on another port, another key is unknown: nobody said that it is the same host.
What ~/.ssh/config says of StrictHostKeyChecking switches nothing off; a refusal says so.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui.drivers.ssh import known_hosts, quick_acks
from tui.drivers.ssh.settings import Settings
from tui.model.destination import is_loopback
from tui.model.errors import HostKeyRefused
from tui.text.clean import clean_line


class KeysOnFile:
    """The keys on file for one host, and those that may be added."""

    def __init__(self, asyncssh: Any, settings: Settings, who: str, accept: str | None) -> None:
        """`who`: the host in words for people. Raises HostKeyRefused for a file that cannot be read."""
        self.who = who
        self._settings = settings
        self._accept = accept
        self._asyncssh = asyncssh
        self._names = known_hosts.names(settings.host, settings.port, settings.host_key_alias)
        try:
            files = (*settings.user_known_hosts, *settings.global_known_hosts)
            known = known_hosts.look_up(files, self._names, named=settings.known_hosts_named)
        except OSError as error:
            words = f"{error.filename}: {clean_line(error.strerror or str(error.args[0]))}"
            raise HostKeyRefused(words, "correct the file") from error
        self.known = known
        self.keys, self.authorities, self.revoked = (
            [key for word in words if (key := _imported(asyncssh, word)) is not None]
            for words in (known.keys, known.authorities, known.revoked)
        )

    @property
    def everybody(self) -> bool:
        """True if any key will do: this machine itself, where the configuration says so."""
        return self._settings.trust_this_machine and is_loopback(self._settings.host)

    @property
    def algorithms(self) -> list[str]:
        """The kinds of keys that the host is asked to show, the best first: certificates of a known authority, then
        keys of known kinds.

        Others come last and not never, because the fingerprint of an unknown key is to be shown.
        """
        usable = {one.decode() for one in self._asyncssh.public_key.get_public_key_algs()}
        usable |= {one.decode() for one in self._asyncssh.public_key.get_certificate_algs()}
        written = dict(self._settings.algorithms).get("hostkeyalgorithms")
        if written is not None:
            return [one for one in written if one in usable and (self.authorities or "-cert-" not in one)]
        certificates = self._asyncssh.public_key.get_default_certificate_algs() if self.authorities else []
        kinds = [name for key in self.keys for name in key.sig_algorithms]
        every = [*certificates, *kinds, *self._asyncssh.public_key.get_default_public_key_algs()]
        return [one for one in dict.fromkeys(name.decode() for name in every) if one != "ssh-rsa"]

    def takes(self, key: Any) -> bool:
        """True if a key that is not on file is accepted. Raises HostKeyRefused where it cannot be remembered."""
        if self.everybody:
            return True
        if self.changed or self._accept != key.get_fingerprint():
            return False
        self._remember(key)
        return True

    @property
    def changed(self) -> bool:
        """True if keys are on file, and any other one is therefore another host's."""
        return self.known.by_port and bool(self.keys)

    def _remember(self, key: Any) -> None:
        file = next((one for one in self._settings.user_known_hosts if str(one) not in known_hosts.NONE), None)
        if file is None:
            return  # nothing is to be remembered: so says UserKnownHostsFile
        written = " ".join(key.export_public_key().decode().split()[:2])
        line = known_hosts.line(self._names[0], written, hashed=self._settings.hash_known_hosts)
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with file.open("a+b") as out:
                if out.tell():
                    out.seek(-1, 2)
                    line = line if out.read(1) == b"\n" else f"\n{line}"
                out.write(line.encode())
        except OSError as error:
            raise HostKeyRefused(f"{file}: {error.strerror or error}", "correct the file") from error

    def refusal(self, key: Any, said: str) -> HostKeyRefused:
        """The error for people. `key`: what the host showed, if it got so far; `said`: the library's reason."""
        where = self.files
        if key is None:
            fix = "ask whoever runs the host; its certificate, or the line @cert-authority, may have to be renewed"
            if "revoked" in said:
                fix = f"somebody may be listening: ask whoever runs the host; the line @revoked is in {where}"
            return HostKeyRefused(f"{self.who} is not trusted: {said}", fix, changed="revoked" in said)
        fingerprint = key.get_fingerprint()
        if key in self.revoked:
            words = f"{self.who} shows a revoked key ({where}): {fingerprint}"
            fix = "somebody may be listening: ask whoever runs the host"
            return HostKeyRefused(words, fix, fingerprint=fingerprint, changed=True)
        if self.changed:
            kinds = {one.get_algorithm() for one in self.keys} - {key.get_algorithm()}
            note = f", where only {' and '.join(sorted(kinds))} is known" if len(kinds) == len(self.keys) else ""
            return HostKeyRefused(
                f"{self.who} shows another key than the one on file ({where}{note}): {fingerprint}",
                "somebody may be listening: ask whoever runs the host before you remove the old key "
                f"(ssh-keygen -R '{self._names[0]}')",
                fingerprint=fingerprint,
                changed=True,
            )
        note = ", and no certificate of the authority on file" if self.authorities else ""
        if self._settings.accept_new:
            note += " (StrictHostKeyChecking of ~/.ssh/config is not followed here)"
        return HostKeyRefused(
            f"{self.who} shows an unknown key{note}: {fingerprint}",
            f"compare it with the host's, then: --accept-host-key {fingerprint}",
            fingerprint=fingerprint,
        )

    @property
    def files(self) -> str:
        """The files that were looked into, as far as they are there."""
        every = (*self._settings.user_known_hosts, *self._settings.global_known_hosts)
        return ", ".join(str(one) for one in every if Path(one).exists()) or str(next(iter(every), "no file"))


def guard(asyncssh: Any, on_file: KeysOnFile, ended: Callable[[Any, Exception | None], None]) -> Any:
    """A client factory that decides about the server's key and hears of the connection's end."""

    class Guard(asyncssh.SSHClient):  # type: ignore[misc, name-defined, unused-ignore]
        """Strict: known or explicitly accepted."""

        shown: Any = None
        problem: HostKeyRefused | None = None
        connection: Any = None

        def connection_made(self, conn: Any) -> None:
            Guard.connection = conn
            quick_acks.begin(conn)

        def connection_lost(self, exc: Exception | None) -> None:
            ended(Guard.connection, exc)

        def validate_host_public_key(self, host: str, addr: str, port: int, key: Any) -> bool:
            """Asked only about keys that the files do not trust."""
            Guard.shown = key
            try:
                return on_file.takes(key)
            except HostKeyRefused as error:
                Guard.problem = error
                return False

        @classmethod
        def refusal(cls, said: str) -> HostKeyRefused:
            """The error for people."""
            return cls.problem or on_file.refusal(cls.shown, clean_line(said, 200))

    return Guard


def _imported(asyncssh: Any, word: str) -> Any:
    """A key; None for one that cannot be read, as OpenSSH passes over it."""
    try:
        return asyncssh.import_public_key(word)
    except (ValueError, UnicodeEncodeError):
        return None
