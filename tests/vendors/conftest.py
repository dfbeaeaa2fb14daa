"""The stand-ins, for their own tests."""

from tests.vendors import vendors as vendors
