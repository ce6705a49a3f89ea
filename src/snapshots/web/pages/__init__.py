"""The dashboard: pages that show people what the service knows."""

from snapshots.web.pages.routes import routes

__all__ = ["routes"]
