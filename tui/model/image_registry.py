"""An image registry's word. What could not be asked is a value, with the reason."""

from tui.model.value import Value


class Tags(Value):
    """The tags of a repository, in the registry's order; with `trouble` they are not all, or none."""

    names: tuple[str, ...] = ()
    trouble: str = ""


class Digest(Value):
    """The image that a tag names at this moment."""

    value: str | None = None
    """`sha256:` and 64 hex digits"""
    trouble: str = ""
