"""The form that resumes an import with more rejects allowed."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from snapshots.errors import UsageError
from snapshots.web.api.request_bodies import Resume


class ResumeForm(BaseModel):
    """The form as it was sent. An empty field leaves the limit as it is."""

    max_rejects: str = ""

    def limit(self) -> str | None:
        """The new limit, such as `500` or `5%`. Raises UsageError."""
        text = self.max_rejects.strip()
        try:
            return Resume(max_rejects=text or None).max_rejects
        except ValidationError:
            raise UsageError(
                f"{text!r} is not a valid reject limit",
                hint="enter a number or a share: 500, or 5%",
            ) from None
