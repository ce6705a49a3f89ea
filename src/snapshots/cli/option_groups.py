"""The headings under which help and the reference show the options of a command.

`docs/reference/cli.md` has the same headings; a test compares them.
"""

DESTINATION = "Destination"
REQUESTS = "Requests"
FOLDER = "Folder"
COLUMNS = "Columns and values"
FILE_FORMAT = "How the file is written"
LIMITS = "Limits and speed"
ACCESS = "Access"
OUTPUT = "Output"
TELEMETRY = "Logs and metrics"
GENERAL = "General"
OPTIONS = "Options"
"""Of an option that names no group: most options of a command that has few."""

ORDER = (
    FOLDER, DESTINATION, OPTIONS, REQUESTS, COLUMNS, FILE_FORMAT, ACCESS, LIMITS, OUTPUT,
    TELEMETRY, GENERAL,
)  # fmt: skip
"""What a user decides first comes first."""
