"""Every error this package raises on purpose.

One base class. An error says what happened (`message`), where (`place`), what to do
(`hint`) and whether trying again may help (`retryable`). Adapters translate the errors
of drivers and of the operating system into these once, at their edge; doors translate
these once, to an exit code and a JSON object.
"""

from __future__ import annotations

from typing import ClassVar


def sentence(text: str) -> str:
    """The text with a capital at its beginning and a full stop at its end.

    >>> sentence("there is no such file")
    'There is no such file.'
    """
    if not text:
        return text
    first, _, _ = text.partition(" ")
    begin = text[0].upper() if first.isalpha() and first != "snapshots" else text[0]
    # A command is for copying.
    command = text.rpartition(": ")[2].startswith(("snapshots ", "... |"))
    return begin + text[1:] + ("" if command or text[-1] in ".!?:" else ".")


class SnapshotsError(Exception):
    """The base of all errors of this package; picklable."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        place: str = "",
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = sentence(message)
        self.hint = sentence(hint)
        self.place = place
        self.retryable = retryable

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.hint, self.place, self.retryable))

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.message}"

    def for_the_ledger(self) -> str:
        """What is kept of it. The hint is not, unless it is half of the answer."""
        return str(self)


def _rebuild(
    kind: type[SnapshotsError], message: str, hint: str, place: str, retryable: bool
) -> SnapshotsError:
    return kind(message, hint=hint, place=place, retryable=retryable)


class UsageError(SnapshotsError):
    """An option or an argument does not make sense."""

    exit_code = 2
    code = "usage"


class ProjectError(SnapshotsError):
    """A project folder is not complete, or its settings are wrong."""

    exit_code = 6
    code = "project"


class InputError(SnapshotsError):
    """The input cannot be read, or is not what it was."""

    code = "input"


class InputChanged(InputError):
    """The input's bytes are not those the import was begun with."""

    code = "input_changed"


class DialectError(InputError):
    """How the input is written (encoding, delimiter, header) cannot be known."""

    code = "dialect"

    def for_the_ledger(self) -> str:
        """With the options that end the doubt."""
        return " ".join(filter(None, (str(self), self.hint)))


class ContractError(SnapshotsError):
    """The contract is not valid, or the input's columns are not the table's."""

    code = "contract"


class ColumnsChanged(ContractError):
    """The input has columns that the table lacks, or lacks some that the table has."""

    code = "columns_changed"


class TargetError(SnapshotsError):
    """The target refused something that is not a row."""

    code = "target"


class RefusedRows(TargetError):
    """The target refused at least one of the rows it was just given.

    Not retryable as it stands: the rows must be given in smaller numbers until the
    culprits are alone.
    """

    code = "refused_by_target"
    key: str | None = None
    """The foreign key that has no parent for a row, by its name; empty where the database does
    not name it, None where it is another reason."""


class RefusedAndEnded(RefusedRows):
    """The target refused a row, and in doing so ended the transaction: all of it is undone.

    No savepoint helps here. The transaction must be begun anew, without that row.
    """

    taken: int | None = None
    """Rows of that load that the target had taken before; None where it cannot be known."""


class CannotConnect(TargetError):
    """No session with the target: no server, wrong password, bad settings."""

    exit_code = 6
    code = "cannot_connect"


class NoDatabase(CannotConnect):
    """The server is there, or the folder of the file; the database is not."""

    code = "no_database"


class ConnectionLost(TargetError):
    """The session with the target ended in the middle of something."""

    exit_code = 6
    code = "connection_lost"


class Undeliverable(TargetError):
    """An API has not said within its time what becomes of a record."""

    exit_code = 6
    code = "undeliverable"


class LedgerError(SnapshotsError):
    """The ledger cannot be read, or says something that forbids going on."""

    code = "ledger"


class LedgerDamaged(LedgerError):
    """Rows of the ledger itself are lost: what an import has loaded cannot be told."""

    code = "ledger_damaged"


class UnaccountedRows(LedgerError):
    """The table holds rows under the number of an import that its ledger does not account for."""

    code = "unaccounted_rows"


class ImportBusy(LedgerError):
    """Another live process is working on this import."""

    code = "import_busy"


class AlreadyCommitted(LedgerError):
    """The chunk is accounted for: another transaction claimed it before, and committed."""

    code = "already_committed"


class LostLease(LedgerError):
    """Another process has taken this import over; this one must not write."""

    code = "lost_lease"


class AlreadyImported(LedgerError):
    """The input's bytes are loaded, or being loaded, by another import."""

    exit_code = 5
    code = "already_imported"


class NoSuchImport(LedgerError):
    """The ledger has no import of this number."""

    code = "no_such_import"


class QueueFull(LedgerError):
    """As many imports wait as may wait; later there will be room."""

    code = "queue_full"


class WorkerLost(LedgerError):
    """Workers have died of an import, one after the other, and none had committed a chunk of it."""

    code = "worker_lost"


class KeyReused(LedgerError):
    """The key of a request was given before, with another request."""

    code = "key_reused"


class Forbids(LedgerError):
    """The state of the import does not allow what is asked of it."""

    code = "conflict"


class NoSuchFile(InputError):
    """The service has no uploaded file of this name."""

    code = "no_such_file"


class NoSuchTable(TargetError):
    """The database has no table of this name."""

    code = "no_such_table"


class ForbiddenTable(SnapshotsError):
    """The table is not one of those that clients of the service may read and load into."""

    code = "forbidden_table"


class TooSlow(TargetError):
    """The database has not answered a question of a client within its time."""

    code = "too_slow"


class DiskFull(SnapshotsError):
    """Less of a disk is free than must stay so."""

    code = "disk_full"


class OverBudget(SnapshotsError):
    """More records were rejected than the import allows."""

    exit_code = 4
    code = "over_budget"


class AccountingMismatch(SnapshotsError):
    """records != loaded + rejected + skipped. A defect, never data."""

    exit_code = 7
    code = "accounting_mismatch"


class Defect(SnapshotsError):
    """The kernel gave up where it never should."""

    code = "defect"


class OutOfMemory(SnapshotsError):
    """The system gives no memory, or no thread."""

    code = "out_of_memory"


def out_of_memory(message: str = "there is not enough memory") -> OutOfMemory:
    """For Python's MemoryError, which says nothing."""
    hint = "free some, or load with --workers 1 and a smaller --chunk-size"
    return OutOfMemory(message, hint=hint)


class Stopped(SnapshotsError):
    """The user, or the system, asked the work to stop."""

    exit_code = 130
    code = "stopped"
