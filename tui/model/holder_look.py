"""A look at whether a holder's image is there: a host deletes images that nobody runs, and says so to nobody."""

from datetime import datetime
from enum import StrEnum

from tui.model.value import Value


class ImageState(StrEnum):
    """The state of a holder's image on its host."""

    THERE = "there"
    GONE = "gone"
    UNKNOWN = "unknown"
    """nobody could look, or the host said something that is not known to mean either"""


class HolderLook(Value):
    """The result of one look, and its time."""

    holder: str
    image: ImageState
    at: datetime
    why: str = ""
    """why it is unknown, in words"""

    @property
    def gone(self) -> bool:
        """True if the image was seen to be gone."""
        return self.image is ImageState.GONE
