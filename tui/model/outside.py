"""The names under which a ticket's settings were known before; whoever makes a tracker by hand may use them."""

from enum import StrEnum

from tui.model.value import Value


class TicketKind(StrEnum):
    """Who keeps the tickets."""

    GITHUB = "github"
    LINEAR = "linear"


class _TicketSpec(Value):
    kind: TicketKind
    where: str
    labels: tuple[str, ...] = ()
    url: str = ""
    token_env: str = ""


TicketSpec = _TicketSpec
