"""The name under which `access_log.read` was known before."""

from tui.dokku.access_log import read as read
