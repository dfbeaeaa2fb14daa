"""The runbook's own numbers: severities, the watch of 15 minutes and its 1 %, the time for each step, whom it tells.

services.yaml may have others (`config/schema`); what is made of them is in `incident/`: `watch`, `error_rates`,
`step_budgets`.
"""

from datetime import timedelta

from tui.model.value import Value


class SeveritySpec(Value):
    """One level of the runbook's table."""

    level: str
    criteria: str
    response: str
    """as the runbook words it, e.g. `< 5 minutes`"""
    respond_within: timedelta | None
    """None: next business day"""
    action: str

    @property
    def at_once(self) -> bool:
        """True where the runbook leaves no time to look into it first."""
        return self.respond_within is not None and self.respond_within <= timedelta(0)


RUNBOOK_SEVERITIES = (
    SeveritySpec(
        level="P1",
        criteria="Service down, all users affected",
        response="Immediate",
        respond_within=timedelta(0),
        action="Rollback NOW",
    ),
    SeveritySpec(
        level="P2",
        criteria="Major feature broken, >50% users affected",
        response="< 5 minutes",
        respond_within=timedelta(minutes=5),
        action="Evaluate then rollback",
    ),
    SeveritySpec(
        level="P3",
        criteria="Minor feature broken, <50% users affected",
        response="< 15 minutes",
        respond_within=timedelta(minutes=15),
        action="Evaluate fix vs rollback",
    ),
    SeveritySpec(
        level="P4",
        criteria="Cosmetic issue, no functional impact",
        response="Next business day",
        respond_within=None,
        action="Fix forward",
    ),
)
"""the runbook's table, which holds where services.yaml has none of its own"""


class WatchSpec(Value):
    """The runbook's watching times and its error rate."""

    after_rollback: timedelta = timedelta(minutes=15)
    longest: timedelta = timedelta(minutes=30)
    after_clean_deploy: timedelta = timedelta(minutes=10)
    error_rate: float = 0.01
    """as a fraction"""


class Budgets(Value):
    """The time that the runbook gives each of its steps."""

    confirm: timedelta = timedelta(seconds=30)
    roll_back: timedelta = timedelta(seconds=60)
    verify: timedelta = timedelta(seconds=30)


class Contacts(Value):
    """Whom the runbook tells."""

    slack: tuple[str, ...] = ()
    email: str | None = None
