"""Everything that is raised on purpose, in one tree.

ConsoleError
├── ConfigError        services.yaml or an argument is wrong; nothing was touched
├── LinkError          the host could not be spoken to; nothing was sent
│   ├── Unreachable    no connection within the limit
│   ├── HostKeyRefused the host's key is unknown or has changed
│   ├── AuthRefused    the host does not accept our key
│   └── LinkLost       the link ended, or fell silent, in the middle of a question
├── UnexpectedReply    the host answered a question in a way that cannot be used
├── Unfinished         a change failed half-way, and what was begun could not be undone
├── JournalError       the record on this machine cannot be read or written
├── Refused            we declined before anything was changed
│   ├── AlreadyThere   what was asked for is already so
│   ├── TakenByOther   somebody else has the incident
│   └── Undone         a change failed half-way, and what was begun was taken back
└── InvalidTransition  a front end sent a command that the incident's state does not allow: a bug of this program

Expected remote results are values (`outcome`, `verification`), never exceptions.
"""


class ConsoleError(Exception):
    """Base: `message` says what is wrong, `fix` what to do now (may be empty)."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class ConfigError(ConsoleError):
    """services.yaml or an argument cannot be used."""


class LinkError(ConsoleError):
    """The host could not be spoken to and nothing was sent."""


class Unreachable(LinkError):
    """No connection within the time limit, or none at all."""


class HostKeyRefused(LinkError):
    """The host's key is unknown or changed. `fingerprint` is what the host showed, e.g. `SHA256:…`."""

    def __init__(self, message: str, fix: str = "", *, fingerprint: str = "", changed: bool = False) -> None:
        super().__init__(message, fix)
        self.fingerprint = fingerprint
        self.changed = changed


class AuthRefused(LinkError):
    """The host does not accept any key we could offer."""


class LinkLost(LinkError):
    """The link ended, or fell silent, in the middle of a question. Nothing that changes the host was sent with it."""


class UnexpectedReply(ConsoleError):
    """The host answered in a way that cannot be used. `unsure`: nobody knows whether the command took effect."""

    def __init__(self, message: str, fix: str = "", *, unsure: bool = False) -> None:
        super().__init__(message, fix)
        self.unsure = unsure


class JournalError(ConsoleError):
    """The journal cannot be opened, read or written; without it nothing that changes a host may run."""


class Refused(ConsoleError):
    """We declined before anything was changed on a host."""


class AlreadyThere(Refused):
    """The wanted state is there already."""


class TakenByOther(Refused):
    """Somebody else has the incident."""


class Undone(Refused):
    """Something was begun on a host, and all of it was taken back: it is as before."""


class Unfinished(ConsoleError):
    """Something was changed on a host, and not all of it could be taken back: `fix` puts it in order."""


class InvalidTransition(ConsoleError):
    """The incident's state does not allow this command."""
