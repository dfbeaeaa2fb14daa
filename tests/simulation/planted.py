"""Bugs put in on purpose, to know that they would be found."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

Plant = Callable[[], AbstractContextManager[Any]]
nothing: Plant = nullcontext
PLANTED: dict[str, Plant] = {}
