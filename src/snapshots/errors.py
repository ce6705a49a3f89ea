"""All errors that this package raises on purpose.

They have one base class. An error says what happened (`message`), where (`place`) and what to do
(`hint`), and whether trying again may help (`retryable`). Adapters translate the errors of drivers
and of the operating system into these. The command line and REST translate these into an exit code,
a status and a JSON object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMMANDS = ("snapshots ", "... |", "mkdir ", "pip ", "cd ")
"""How the commands begin that a hint names."""


def sentence(text: str) -> str:
    """Returns the text with a capital at its beginning and a full stop at its end.

    >>> sentence("there is no such file")
    'There is no such file.'
    >>> sentence("create it: mkdir -p data")
    'Create it: mkdir -p data'
    """
    if not text:
        return text
    first, _, _ = text.partition(" ")
    begin = text[0].upper() if first.isalpha() and first != "snapshots" else text[0]
    # A command is for copying.
    command = text.rpartition(": ")[2].startswith(_COMMANDS)
    return begin + text[1:] + ("" if command or text[-1] in ".!?:" else ".")


class SnapshotsError(Exception):
    """The base of all errors of this package. They can be pickled.

    `code` names the kind in JSON, and `exit_code` is that of the command line.

    >>> error = SnapshotsError("there is no such file", place="a.csv", hint="check its name")
    >>> str(error), error.hint, error.exit_code
    ('a.csv: There is no such file.', 'Check its name.', 1)
    """

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
        """Returns the text that the ledger keeps. It leaves the hint out, unless the hint is half
        of the answer."""
        return str(self)


def _rebuild(
    kind: type[SnapshotsError], message: str, hint: str, place: str, retryable: bool
) -> SnapshotsError:
    return kind(message, hint=hint, place=place, retryable=retryable)


class UsageError(SnapshotsError):
    """An option or an argument makes no sense."""

    exit_code = 2
    code = "usage"


class ProjectError(SnapshotsError):
    """A project folder is incomplete, or its settings are wrong."""

    exit_code = 6
    code = "project"


class InputError(SnapshotsError):
    """The input cannot be read, or has changed."""

    code = "input"


class InputChanged(InputError):
    """The bytes of the input are not those that the import began with."""

    code = "input_changed"


class InputGrown(InputError):
    """The input begins with what was loaded before, and is to be refused then."""

    code = "input_grown"


class GrownInsideRecord(InputError):
    """The input begins with what was loaded before, and that may have ended within a record."""

    code = "grown_inside_record"


class DialectError(InputError):
    """It cannot be known how the input is written: its encoding, delimiter or header."""

    code = "dialect"

    def for_the_ledger(self) -> str:
        """Returns the message with the hint, which names the options that end the doubt."""
        return " ".join(filter(None, (str(self), self.hint)))


class ContractError(SnapshotsError):
    """The contract is not valid, or the columns of the input do not fit the table."""

    code = "contract"


class ColumnsChanged(ContractError):
    """The input has columns that the table lacks, or lacks some that the table has."""

    code = "columns_changed"


class TargetError(SnapshotsError):
    """The target refused something, and not because of a row."""

    code = "target"


class RefusedRows(TargetError):
    """The target refused at least one of the rows that it was just given.

    Trying the same again does not help: the rows must be given in smaller numbers until the
    culprits are alone.
    """

    code = "refused_by_target"
    key: str | None = None
    """The name of the foreign key that lacks a parent. Empty if the database does not name it; None
    for any other reason."""
    lines: Mapping[int, str] | None = None
    """The lines of rows that the target refuses whichever others it takes, and why; None if it does
    not tell. There may be more refused rows."""


class RefusedAndEnded(RefusedRows):
    """The target refused a row and ended the transaction, so that all of it is undone.

    No savepoint helps here. The transaction must begin again, without that row.
    """

    taken: int | None = None
    """How many rows of that load the target had accepted before; None if that is unknown."""


class CannotConnect(TargetError):
    """No session with the target can be opened: no server, a wrong password or bad settings."""

    exit_code = 6
    code = "cannot_connect"


class NoDatabase(CannotConnect):
    """The server, or the folder of the file, is there, but the database is not."""

    code = "no_database"


class ConnectionLost(TargetError):
    """The session with the target ended in the middle of its work."""

    exit_code = 6
    code = "connection_lost"


class Undeliverable(TargetError):
    """An API has not said in time what became of a record."""

    exit_code = 6
    code = "undeliverable"


class LedgerError(SnapshotsError):
    """The ledger cannot be read, or its content forbids going on."""

    code = "ledger"


class LedgerDamaged(LedgerError):
    """The ledger has lost rows, so that it does not tell what an import has loaded."""

    code = "ledger_damaged"


class UnaccountedRows(LedgerError):
    """The table holds rows under the number of an import that its ledger does not account for."""

    code = "unaccounted_rows"


class PartGone(LedgerError):
    """An import that another one continues does not stand any more."""

    code = "part_gone"


class ImportBusy(LedgerError):
    """Another live process is working on this import."""

    code = "import_busy"


class AppendAtWork(ImportBusy):
    """An import is appending to a table whose rows another one is about to replace."""


class TableInUse(TargetError):
    """A table cannot be renamed at this moment, because somebody reads or writes it."""

    code = "table_in_use"


class AlreadyCommitted(LedgerError):
    """Another transaction has claimed and committed the chunk already."""

    code = "already_committed"


class LostLease(LedgerError):
    """Another process has taken this import over, and this one must not write any more."""

    code = "lost_lease"


class AlreadyImported(LedgerError):
    """The input's bytes are loaded, or being loaded, by another import."""

    exit_code = 5
    code = "already_imported"


class AlreadyUndone(LedgerError):
    """The import was undone before: nothing is left to do."""

    exit_code = 5
    code = "already_undone"


class NoSuchImport(LedgerError):
    """The ledger has no import of this number."""

    code = "no_such_import"


class QueueFull(LedgerError):
    """The queue is full. There is space again when imports have ended."""

    code = "queue_full"


class WorkerLost(LedgerError):
    """Several workers in a row have died of an import, and none committed a chunk of it."""

    code = "worker_lost"


class TaskLost(SnapshotsError):
    """The process or the host of a task of a cluster is gone, again and again."""

    code = "task_lost"


class ClusterGone(SnapshotsError):
    """The cluster cannot be reached, or not any more."""

    exit_code = 6
    code = "cluster_gone"

    def __init__(
        self, message: str, *, hint: str = "", place: str = "", retryable: bool = True
    ) -> None:
        onward = "Start the cluster again, or load without --cluster."
        super().__init__(message, hint=hint or onward, place=place, retryable=retryable)


class KeyReused(LedgerError):
    """The key of a request was given before, with another request."""

    code = "key_reused"


class Forbids(LedgerError):
    """The state of the import does not allow what is asked."""

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
    """The database has not answered a client's question in time."""

    code = "too_slow"


class DiskFull(SnapshotsError):
    """The disk has less free space than must stay free."""

    code = "disk_full"


class OverBudget(SnapshotsError):
    """More records were rejected than the import allows."""

    exit_code = 4
    code = "over_budget"


class GuardRefusal(SnapshotsError):
    """What an import would do to its table looks like a mistake: nothing was published."""

    exit_code = 4
    option: ClassVar[str]
    """With it the import goes on all the same."""


class EmptyInput(GuardRefusal):
    """An input without a row would leave its table empty."""

    code = "empty_input"
    option = "--allow-empty"


class TooManyDeletes(GuardRefusal):
    """A table would lose more rows than `max_deletes` allows."""

    code = "too_many_deletes"
    option = "--max-deletes 100%"


class WouldCascade(GuardRefusal):
    """Rows of other tables would be deleted or changed with rows that an import deletes."""

    code = "would_cascade"
    option = "--allow-cascade"


class CannotRename(GuardRefusal):
    """The rows cannot be published by renaming, as the user wants it: nothing was published."""

    code = "cannot_rename"
    option = "--publish copy"


class OlderVersion(SnapshotsError):
    """A newer version of the table is published: an older one does not replace it."""

    code = "older_version"


class AccountingMismatch(SnapshotsError):
    """The counts do not balance: records != loaded + rejected + skipped. A defect, never data."""

    exit_code = 7
    code = "accounting_mismatch"


class Defect(SnapshotsError):
    """The kernel failed where it never should."""

    code = "defect"


class OutOfMemory(SnapshotsError):
    """The system gives no memory, or no further thread."""

    code = "out_of_memory"


def out_of_memory(message: str = "there is not enough memory") -> OutOfMemory:
    """Returns the error for Python's MemoryError, which has no text."""
    hint = "free some memory, or load with --workers 1 and a smaller --chunk-size"
    return OutOfMemory(message, hint=hint)


class Stopped(SnapshotsError):
    """The user or the system asked the work to stop."""

    exit_code = 130
    code = "stopped"
