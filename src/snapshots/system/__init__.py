"""What each operating system does in its own way: `unix.py` and `windows.py` have the same names.

No other module may use what only Unix has: tests/repository/test_platforms.py sees to it.
"""

import sys

if sys.platform == "win32":
    from snapshots.system.windows import *  # noqa: F403
else:
    from snapshots.system.unix import *  # noqa: F403
