"""A plan that an agent proposed: it does nothing until a person confirms it, once, within ten minutes."""

import re
from datetime import datetime, timedelta
from enum import StrEnum

from tui.model.plan import Plan
from tui.model.value import Value

VALID_FOR = timedelta(minutes=10)
ID = re.compile(r"plan-[0-9a-f]{8}")


class Proposal(Value):
    """The plan that was proposed."""

    id: str
    """`plan-` and eight hex digits"""
    plan: Plan
    made_at: datetime
    file: str
    """the services file that it was planned with"""
    address: str
    """where that file said the host is"""
    reason: str = ""
    """the agent's own words; made harmless"""


class ProposalWord(StrEnum):
    """One moment in the life of a proposal: who did what to it, and when."""

    REFUSED = "refused"
    CONFIRMED = "confirmed"


class ProposalEntry(Value):
    """One entry of what became of it."""

    at: datetime
    word: ProposalWord
    by: str
    why: str = ""
