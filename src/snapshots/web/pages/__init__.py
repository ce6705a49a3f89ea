"""The dashboard: pages that show people what the service knows."""

from snapshots.web.pages.error_pages import install
from snapshots.web.pages.routes import routes

__all__ = ["install", "routes"]
