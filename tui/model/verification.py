"""Checks and verdicts. What could not be measured is neither good nor bad."""

from enum import StrEnum

from tui.model.value import Value


class Verdict(StrEnum):
    """The result of a check or of a whole verification."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    """it could not be measured, or the measurements disagree"""


class Check(Value):
    """One item of a verification with what was seen."""

    name: str
    verdict: Verdict
    evidence: str
