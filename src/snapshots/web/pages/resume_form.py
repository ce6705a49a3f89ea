"""The forms that resume an import with other limits."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from snapshots.errors import UsageError
from snapshots.web.api.request_bodies import Resume


class ResumeForm(BaseModel):
    """The form as it was sent. An empty field leaves the limit as it is."""

    max_rejects: str = ""
    allow_empty: bool = False
    max_deletes: str = ""
    allow_cascade: bool = False
    publish: str = ""

    def wanted(self) -> Resume:
        """The new limits, such as `500` or `5%`. Raises UsageError."""
        text = self.max_rejects.strip()
        try:
            return Resume(
                max_rejects=text or None,
                allow_empty=self.allow_empty or None,
                max_deletes=self.max_deletes.strip() or None,
                allow_cascade=self.allow_cascade or None,
                publish="copy" if self.publish == "copy" else None,
            )
        except ValidationError:
            raise UsageError(
                f"{text!r} is not a valid reject limit",
                hint="enter a number or a share: 500, or 5%",
            ) from None
