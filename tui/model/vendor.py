"""The part of services.yaml about a vendor: a tool around the hosts that counts errors, keeps tickets or is told.

A vendor's file describes its section; the loader reads sections without knowing any vendor. Secrets are never part of
it: a key that ends in `_env` names the environment variable that holds one, or, with `_FILE` after its name, the file
that does.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from tui.model.value import Value

CREDENTIAL = "_env"
"""how the keys end that name a credential"""


class VendorSettings(Value):
    """One vendor's settings, a field for each key of its section.

    A field is `Annotated` with its reader (text in, value out, ValueError with the valid form) and, for the page of the
    operators, with what it means; without them any text will do. A tuple is a list of such values. A field without a
    default has to be written. `msgspec.field(name=…)` gives the key another name than the field.
    """

    @property
    def contact(self) -> str:
        """Words for people on how those who are on call are reached; empty: this vendor has none."""
        return ""

    @property
    def credentials(self) -> tuple[str, ...]:
        """Names of the variables that hold the credentials of this vendor."""
        return tuple(getattr(self, key.field) for key in keys(type(self)) if key.name.endswith(CREDENTIAL))


S = TypeVar("S", bound=VendorSettings)


class Key(NamedTuple):
    """One key of a section and how it is read."""

    name: str
    """as services.yaml writes it"""
    field: str
    """the name of its field in the settings"""
    reader: Callable[[str], Any]
    many: bool
    """it is a list of such values"""
    required: bool
    default: Any
    words: str
    """what it means, for operators"""


def keys(settings: type[VendorSettings]) -> tuple[Key, ...]:
    """The keys of a section, in the order of its settings' fields."""
    return tuple(_key(field) for field in msgspec.structs.fields(settings))


def _key(field: msgspec.structs.FieldInfo) -> Key:
    kind, reader, words = field.type, str, ""
    if get_origin(kind) is Annotated:
        kind, reader, *more = get_args(kind)
        words = "".join(more)
    return Key(
        name=field.encode_name,
        field=field.name,
        reader=reader,
        many=get_origin(kind) is tuple,
        required=field.required,
        default=None if field.required else field.default,
        words=words,
    )


class SectionPlace(StrEnum):
    """The place of a section in services.yaml."""

    SERVICE = "services.NAME."
    """each service has its own"""
    CONTACTS = "contacts."
    TOP = ""


class Section(NamedTuple):
    """A part of services.yaml that one vendor reads. Several vendors may share one: `choice` then tells whose it is."""

    place: SectionPlace
    name: str
    settings: type[VendorSettings]
    choice: str = ""
    """the key that only this vendor's section has, of which there must be exactly one; empty: nobody shares it"""
    hint: str = ""
    """what is written under that key, for the problem where it is missing"""

    @property
    def path(self) -> str:
        """Its full name, e.g. `services.NAME.sentry`."""
        return f"{self.place}{self.name}"

    @property
    def credentials(self) -> tuple[str, ...]:
        """Names of the variables that hold the credentials where services.yaml names no others."""
        return tuple(key.default for key in keys(self.settings) if key.name.endswith(CREDENTIAL))


def of_kind(kind: type[S], among: tuple[VendorSettings, ...]) -> S | None:
    """The settings of one vendor; None where its section is not written."""
    return next((one for one in among if isinstance(one, kind)), None)
