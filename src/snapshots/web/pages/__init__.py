"""The dashboard: what the service knows, as pages for people."""

from snapshots.web.pages.error_pages import install
from snapshots.web.pages.routes import routes

__all__ = ["install", "routes"]
