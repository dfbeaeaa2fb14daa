"""A look at whether a holder's image is there: a host deletes images that nobody runs, and says so to nobody."""

from datetime import datetime
from enum import StrEnum

from tui.model.value import Value


class ImageState(StrEnum):
    """Whether the image of a holder is on its host."""

    THERE = "there"
    GONE = "gone"
    UNKNOWN = "unknown"
    """nobody could look, or the host said something that is not known to mean either"""


class HolderLook(Value):
    """What one look found, and when."""

    holder: str
    image: ImageState
    at: datetime
    why: str = ""
    """why it is unknown, in words"""

    @property
    def gone(self) -> bool:
        """Whether the image was seen to be gone."""
        return self.image is ImageState.GONE
