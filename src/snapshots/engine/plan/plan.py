"""How an input will be loaded: decided once, stored with the import, never decided again.

A resumed import takes its plan from the ledger, so that it cuts and converts the rest exactly
as it did the beginning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from snapshots import home
from snapshots._native import Converter
from snapshots.contract.contract import contract_of, parse_contract, to_schema
from snapshots.engine.limits import RejectLimit
from snapshots.engine.plan.columns import ColumnOptions, fitting, for_new_table, for_table
from snapshots.engine.plan.doubts import settle
from snapshots.engine.plan.endpoint import Endpoint
from snapshots.engine.plan.table_name import require_users, shortened, table_of
from snapshots.errors import ContractError, LedgerError, UsageError
from snapshots.formats.kernel_json import converter_spec
from snapshots.formats.names import clean
from snapshots.formats.sniff import HEAD, DialectOptions, sniff
from snapshots.model import Contract, Dialect, RowEncoding, TableName, TableShape
from snapshots.sources.remote.access import RemoteAccess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from snapshots.ledger.history import History
    from snapshots.ports import Session, Source, Target

LINEAGE = ("_import_id", "_line")


class TableGate(Protocol):
    """Says which tables are loaded into: see `engine/plan/open_tables.py`."""

    def require_takes(self, history: History, table: TableName) -> None:
        """Raises ForbiddenTable for a table that is there and not open."""

    def require_open(self, history: History, table: TableName) -> None:
        """Raises ForbiddenTable unless the table is there and open."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may ask of an import; the defaults are those of the command line."""

    table: str | None = None
    dialect: DialectOptions = field(default_factory=DialectOptions)
    contract: Path | Mapping[str, Any] | None = None
    null_values: tuple[str, ...] = ()
    budget: RejectLimit = field(default_factory=RejectLimit)
    stop_on_error: bool = False
    dry_run: bool = False
    limit: int | None = None
    workers: int | None = None
    chunk_size: int = 8 * 1024 * 1024
    lineage: bool = True
    again: bool = False
    columns_changed: Literal["fail", "add", "ignore"] = "fail"
    primary_key: tuple[str, ...] = ()
    decimals: Literal["float", "exact"] = "float"
    """Of a new table: numbers with a fraction are binary floats, or kept as they are written."""
    all_text: bool = False
    """Every column of a new table is text."""
    request: Endpoint | None = None
    """The rows are sent as this says, and not loaded."""
    reload_untouched: bool = True
    """An input whose table is gone is loaded anew, though nobody has touched it since."""
    access: RemoteAccess = field(default_factory=RemoteAccess)
    tables: TableGate | None = None
    """Only these, and new ones, are loaded into; None: any."""

    def __post_init__(self) -> None:
        for name in ("limit", "workers", "chunk_size"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise UsageError(f"{name} is {number}", hint="It is a number from 1 on.")

    @property
    def allowed(self) -> RejectLimit:
        """Rejects before the run must stop."""
        return RejectLimit(count=0, share=None) if self.stop_on_error else self.budget

    def wanted(self, place: str) -> ColumnOptions:
        """What is said of the columns of the input called `place`."""
        return ColumnOptions(
            contract=self.contract,
            null_values=self.null_values,
            primary_key=self.primary_key,
            policy=self.columns_changed,
            place=place,
            dialect=self.dialect,
            exact=self.decimals == "exact",
            all_text=self.all_text,
        )

    def given(self) -> dict[str, Any]:
        """What shapes the plan, as JSON: two imports with the same wishes have equal plans."""
        contract = self.contract
        if contract is not None:
            contract = to_schema(contract_of(contract))
        return {
            "dialect": {
                name: value
                for name, value in asdict(self.dialect).items()
                if value or (name == "delimiter" and value is not None)
            },
            "contract": contract,
            "null_values": list(self.null_values),
            "lineage": self.lineage,
            "columns_changed": self.columns_changed,
            "primary_key": list(self.primary_key),
            **({"decimals": self.decimals} if self.decimals != "float" else {}),
            **({"all_text": True} if self.all_text else {}),
            "request": None if self.request is None else self.request.given(),
        }


@dataclass(frozen=True, slots=True)
class UnansweredRows:
    """Of a delivery: which rows may have been sent without an answer that the ledger knows of."""

    rows: int = 0
    """So many at most of the first that are pending: a run may have ended before it wrote down
    what it heard of them."""
    asked: Mapping[int, str] = field(default_factory=dict)
    """Others, by the start of their chunk: `0-41,43`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides which bytes become which rows."""

    into: TableName | Endpoint
    dialect: Dialect
    contract: Contract
    """With the limits of the table; the columns in the order of the payload."""
    header: tuple[str, ...]
    encoding: RowEncoding
    lineage: bool
    chunk_size: int
    create: Contract | None = None
    """The table to create, if it was not there when the plan was made."""
    add: tuple[str, ...] = ()
    """Columns of the contract that the table lacked and that are to be added."""
    path: str | None = None
    """Of the input, from the root."""
    given: Mapping[str, Any] | None = None
    """What the user asked for."""
    loads: bool = True
    """False where nothing can be loaded, so that there is no table."""
    compressed: bool = False
    """The input is: what is read of it says nothing about how much is left."""
    triggers: tuple[str, ...] = ()
    """Of the table, by name: they may leave rows out."""
    unheard: UnansweredRows = field(default_factory=UnansweredRows)

    @property
    def table(self) -> TableName:
        """Where rows are loaded. Of an import alone."""
        if isinstance(self.into, Endpoint):
            raise LedgerError(f"this is a delivery to {self.into}, and no import")
        return self.into

    @property
    def request(self) -> Endpoint:
        """How rows are sent. Of a delivery alone."""
        if not isinstance(self.into, Endpoint):
            raise LedgerError(f"this is an import into {self.into}, and no delivery")
        return self.into

    @property
    def destination(self) -> str:
        """The table, or the URL."""
        return str(self.into)

    @property
    def from_query(self) -> bool:
        """The records were made of a query's rows: no name leads to the same ones again."""
        return self.dialect.terminator == "rs" and self.dialect.delimiter == ","

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns in the order of the payload."""
        own = tuple(column.name for column in self.contract.columns)
        return own + LINEAGE if self.lineage else own

    @property
    def _omits_nulls(self) -> bool:
        return isinstance(self.into, Endpoint) and self.into.nulls == "omit"

    def converter(self, import_id: int) -> Converter:
        """The kernel's converter. Raises ContractError if the contract cannot be carried out."""
        lineage = import_id if self.lineage else None
        try:
            return Converter(
                converter_spec(
                    self.dialect,
                    self.contract,
                    self.header,
                    self.encoding,
                    lineage,
                    omit_nulls=self._omits_nulls,
                )
            )
        except ValueError as error:
            raise ContractError(str(error), hint="Correct the contract.") from error

    def to_json(self) -> str:
        """For the ledger."""
        plan = {
            "version": 1,
            "table": None if isinstance(self.into, Endpoint) else asdict(self.into),
            "request": self.into.for_the_ledger() if isinstance(self.into, Endpoint) else None,
            "dialect": asdict(self.dialect),
            "schema": to_schema(self.contract),
            "header": self.header,
            "encoding": self.encoding,
            "lineage": self.lineage,
            "chunk_size": self.chunk_size,
            "create": None if self.create is None else to_schema(self.create),
            "add": self.add,
            "path": self.path,
            "given": self.given,
            "loads": self.loads,
            "compressed": self.compressed,
            "triggers": self.triggers,
            **({"unheard": asdict(self.unheard)} if self.unheard != UnansweredRows() else {}),
        }
        return json.dumps(plan, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """What `to_json` gave."""
        plan: dict[str, Any] = json.loads(text)
        place = "the plan in the ledger"
        create = plan["create"]
        return cls(
            into=(
                Endpoint.from_the_ledger(plan["request"])
                if plan["request"]
                else TableName(**plan["table"])
            ),
            dialect=Dialect(**plan["dialect"]),
            contract=parse_contract(plan["schema"], place),
            header=tuple(plan["header"]),
            encoding=plan["encoding"],
            lineage=plan["lineage"],
            chunk_size=plan["chunk_size"],
            create=None if create is None else parse_contract(create, place),
            add=tuple(plan["add"]),
            path=plan["path"],
            given=plan["given"],
            loads=plan["loads"],
            compressed=plan["compressed"],
            triggers=tuple(plan.get("triggers", ())),
            unheard=_unheard(plan.get("unheard", {})),
        )


def _unheard(kept: Mapping[str, Any]) -> UnansweredRows:
    asked = kept.get("asked", {})
    return UnansweredRows(kept.get("rows", 0), {int(start): rows for start, rows in asked.items()})


def packing(text: str) -> tuple[bool, str]:
    """Of a plan's JSON: whether the input is compressed, and its encoding. For often."""
    plan: dict[str, Any] = json.loads(text)
    return plan["compressed"], plan["dialect"]["encoding"]


def placed(text: str) -> tuple[TableName | None, bool]:
    """Of a plan's JSON: its table, if it has one, and whether the import makes it. For often."""
    plan: dict[str, Any] = json.loads(text)
    table = TableName(**plan["table"]) if plan["table"] and plan["loads"] else None
    return table, plan["create"] is not None


def make_plan(
    source: Source,
    target: Target,
    session: Session | None,
    options: Options,
    say: Callable[[str], None],
    remembered: Callable[[str], str | None],
) -> Plan:
    """Decides how an input will be loaded. `say` gets a sentence for everything detected.

    `session` is None where the database does not exist yet and must not be made (a dry run).
    `remembered` gives the plan of the last import into a table.
    Raises DialectError, InputError, ContractError or TargetError; nothing is written.
    """
    table = table_of(target, source.identity.name, options.table)
    wanted = options.wanted(source.identity.name)
    sniffed = sniff(source.head(HEAD), options.dialect)
    shape = None if session is None else _users_table(target, session, table)
    sniffed = settle(sniffed, fitting(shape, wanted), wanted.place)
    names = clean(sniffed.header)
    for note in (*sniffed.notes, *names.notes):
        say(note)
    if cut := shortened(source.identity.name, options.table):
        say(cut)
    triggers: tuple[str, ...] = ()
    if session is None or shape is None:
        chosen = for_new_table(source, target, sniffed, names, wanted, say)
        encoding = target.encoding if session is None else target.encoding_for(session, None)
        lineage = options.lineage
    else:
        last = remembered(str(table))
        previous = None if last is None else Plan.from_json(last).contract
        encoding = target.encoding_for(session, shape)
        guesses = target.name == "mysql"
        chosen = for_table(shape, encoding, sniffed, names, wanted, previous, guesses=guesses)
        say(f"table {table} exists: its columns are the contract")
        encoding = chosen.encoding or encoding
        there = {column.name for column in shape.columns}
        lineage = options.lineage and there.issuperset(LINEAGE)
        triggers = _triggers(target, session, table, say)
        if options.lineage and not lineage:
            say(f"table {table} has no columns {' and '.join(LINEAGE)}: its rows get no lineage")
    for note in chosen.notes:
        say(note)
    if session is not None and shape is not None:
        columns = chosen.contract.columns
        for note in target.comparison(session, table, columns, encoding).notes:
            say(note)
    return Plan(
        into=table,
        dialect=sniffed.dialect,
        contract=chosen.contract,
        header=chosen.header,
        encoding=encoding,
        lineage=lineage,
        chunk_size=options.chunk_size,
        create=chosen.create,
        add=chosen.add,
        path=path_of(source),
        given=options.given(),
        loads=shape is not None or chosen.create is not None,
        compressed=source.compressed,
        triggers=triggers,
    )


def _users_table(target: Target, session: Session, table: TableName) -> TableShape | None:
    """The table as it is. Raises UsageError where it is not for users, TargetError where what has
    its name takes no rows."""
    shape = target.inspect(session, table)
    if shape is not None:
        require_users(target, session, table)
    if shape is None or shape.view:
        target.require_loadable(session, table)
    return shape


def _triggers(
    target: Target, session: Session, table: TableName, say: Callable[[str], None]
) -> tuple[str, ...]:
    """What a table's owner has the database do with rows, said by name."""
    if triggers := target.triggers(session, table):
        say(f"table {table} has triggers: {', '.join(triggers)}")
    if rules := target.passed_by(session, table):
        say(
            f"table {table} has rules, which do not apply to rows that are loaded:"
            f" {', '.join(rules)}"
        )
    return triggers


def path_of(source: Source) -> str | None:
    """Of an input, from the root; None for a stream, and for a URL, which is its own."""
    if source.remote or source.identity.fingerprint is None:
        return None
    return home.absolute(source.identity.name)
