"""The stand-ins of vendors, for every driver's tests."""

from tests.vendors import vendors as vendors
