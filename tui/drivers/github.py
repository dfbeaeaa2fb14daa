"""The name under which `vendors.github` was known before."""

from tui.drivers.vendors.github import GitHubIssues as GitHubIssues
