"""How an input will be loaded: decided once, stored with the import, never decided again.

A resumed import takes its plan from the ledger, so that it cuts and converts the rest exactly
as it did the beginning.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots import home, inner_names
from snapshots._native import Converter
from snapshots.contract.contract import parse_contract, to_schema
from snapshots.engine.plan.columns import fitting, for_new_table, for_table, infers_from_all
from snapshots.engine.plan.doubts import settle
from snapshots.engine.plan.endpoint import Endpoint
from snapshots.engine.plan.history_table import seen_by
from snapshots.engine.plan.key import KeyFinder, with_key
from snapshots.engine.plan.publish import way_to_publish
from snapshots.engine.plan.reading import reading
from snapshots.engine.plan.table_name import shortened, table_of
from snapshots.engine.plan.users_table import triggers_of, users_table
from snapshots.engine.plan.version_date import date_of, shown
from snapshots.errors import ContractError, LedgerError
from snapshots.formats.formats import detected
from snapshots.formats.kernel_json import converter_spec, dialect_json
from snapshots.formats.names import clean
from snapshots.ledger.schema import STAGE_PREFIX, UNDO_PREFIX
from snapshots.model import Contract, Dialect, FormatName, TableName
from snapshots.notes import DetailNote, few
from snapshots.plain import plain
from snapshots.row_encoding import ENCODINGS, RowEncoding

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.defaults import Duplicates, Mode, Publish
    from snapshots.engine.plan.options import Options
    from snapshots.ports import Session, Source, Target
    from snapshots.table_facts import TableDescription

LINEAGE = ("_import_id", "_line")
STAGE_LINEAGE = ("snapshots_import_id", "snapshots_line")
"""Lineage in the stage of a table that has none."""


class UnansweredRows(Struct, frozen=True):
    """The rows of a delivery that may have been sent without a known answer."""

    rows: int = 0
    """At most so many of the first pending rows: a run may have ended before it noted answers."""
    asked: Mapping[int, str] = field(default_factory=dict)
    """Other rows, by the first byte of their chunk, such as `0-41,43`."""


class Plan(Struct, frozen=True):
    """Everything that decides which bytes become which rows."""

    into: TableName | Endpoint
    dialect: Dialect
    contract: Contract
    """The columns in the order in which rows are written, with the limits of the table."""
    header: tuple[str, ...]
    encoding: RowEncoding
    lineage: bool
    chunk_size: int
    create: Contract | None = None
    """The table to create, if it was not there when the plan was made."""
    add: tuple[str, ...] = ()
    """Columns of the contract that the table lacked and that are to be added."""
    path: str | None = None
    """The input's path from the root; None: it has none."""
    given: Mapping[str, Any] | None = None
    """The options that the user gave: see `Options.given`."""
    loads: bool = True
    """False if nothing can be loaded, so that there is no table."""
    compressed: bool = False
    """Whether the input is: how much was read then says nothing about how much is left."""
    triggers: tuple[str, ...] = ()
    """The names of the table's triggers, which may leave rows out."""
    unheard: UnansweredRows = field(default_factory=UnansweredRows)
    mode: Mode = "append"
    stage: str = ""
    """The end of the stage's name, in which rows wait to be published; empty: they do not."""
    as_of: str | None = None
    """The date of the input's version, as the ledger writes times; None: that of the import."""
    out_of_order: bool = False
    """Whether a version of a history table may be older than the newest one."""
    key: tuple[str, ...] = ()
    """The columns by which a record finds its row of the table; empty: rows are not looked for."""
    publish: Publish = "copy"
    """copy: the stage's rows go into the table. auto, rename: the stage is a copy of the table, and
    takes its name; with auto only if nobody's snapshot is in the way."""
    format: FormatName = "csv"
    """How the input's bytes are laid out as records."""
    keep_undo: int = 0
    """How many imports into the table keep what they have changed or deleted."""

    @property
    def versioned(self) -> bool:
        """Whether the input is a version of the table, with a date."""
        return self.mode != "append"

    @property
    def replaces(self) -> bool:
        """Whether the rows take the place of all those in the table."""
        return self.mode == "replace"

    @property
    def duplicates(self) -> Duplicates:
        """Which of the records of one key are loaded."""
        choice: Duplicates = (self.given or {}).get("duplicates", "reject")
        return choice

    @property
    def deletes(self) -> bool:
        """Whether rows go, or end, whose keys the input lacks."""
        return self.mode in {"replace", "mirror", "history"}

    @property
    def table(self) -> TableName:
        """The table that rows are loaded into. Raises LedgerError for a delivery."""
        if isinstance(self.into, Endpoint):
            raise LedgerError(f"this is a delivery to {self.into}, not an import")
        return self.into

    @property
    def request(self) -> Endpoint:
        """How rows are sent. Raises LedgerError for an import."""
        if not isinstance(self.into, Endpoint):
            raise LedgerError(f"this is an import into {self.into}, not a delivery")
        return self.into

    @property
    def destination(self) -> str:
        """The name of the table, or the URL."""
        return str(self.into)

    @property
    def from_query(self) -> bool:
        """Whether a query gave the records: nobody can read the same ones again."""
        if self.format != "csv":
            return self.format == "query"
        # Older plans do not name the format.
        return self.dialect.terminator == "rs" and self.dialect.delimiter == ","

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns in the order of the payload."""
        own = tuple(column.name for column in self.contract.columns)
        return own + LINEAGE if self.lineage else own

    @property
    def stage_lineage(self) -> tuple[str, str]:
        """The names of the columns of lineage in the stage, which always has them."""
        return LINEAGE if self.lineage else STAGE_LINEAGE

    def stage_table(self, import_id: int) -> TableName:
        """The stage of an import by this plan.

        Its name has a random part: two ledgers of one database may have an import of one number.
        """
        return TableName(f"{STAGE_PREFIX}{import_id}_{self.stage}", self.table.schema)

    @property
    def keeps_undo(self) -> bool:
        """Whether publishing keeps the rows that it changes or deletes. Without lineage nobody
        could tell later which rows are those that it has published."""
        return self.versioned and self.keep_undo > 0 and self.lineage and bool(self.stage)

    def undo_table(self, import_id: int) -> TableName:
        """The undo table of an import by this plan."""
        return TableName(f"{UNDO_PREFIX}{import_id}_{self.stage}", self.table.schema)

    def loads_into(self, import_id: int) -> tuple[TableName, tuple[str, ...]]:
        """The table that chunks are loaded into, and its columns in the order of the payload."""
        if not self.stage:
            return self.table, self.columns
        own = tuple(column.name for column in self.contract.columns)
        return self.stage_table(import_id), own + self.stage_lineage

    @property
    def _omits_nulls(self) -> bool:
        return isinstance(self.into, Endpoint) and self.into.nulls == "omit"

    def converter(self, import_id: int) -> Converter:
        """The kernel's converter. Raises ContractError if it cannot apply the contract."""
        lineage = import_id if self.lineage or self.stage else None
        try:
            return Converter(
                converter_spec(
                    self.dialect,
                    self.contract,
                    self.header,
                    self.encoding.name,
                    lineage,
                    omit_nulls=self._omits_nulls,
                )
            )
        except ValueError as error:
            raise ContractError(str(error), hint="Correct the contract.") from error

    def require_convertible(self) -> None:
        """Raises ContractError if the kernel cannot apply the contract. Quick for a plan like one
        before."""
        shape = (self.dialect, self.contract, self.header, self.encoding.name, self.lineage)
        if self._omits_nulls or shape not in _convertible:
            self.converter(0)
            if len(_convertible) >= _SHAPES:
                _convertible.clear()
            _convertible.add(shape)

    def to_json(self) -> str:
        """The plan as the ledger keeps it."""
        plan = {
            "version": 1,
            "table": (
                None
                if isinstance(self.into, Endpoint)
                else {"name": self.into.name, "schema": self.into.schema}
            ),
            "request": self.into.for_the_ledger() if isinstance(self.into, Endpoint) else None,
            "dialect": _fields_of(self.dialect),
            "schema": _schema_of(self.contract),
            "header": self.header,
            "encoding": self.encoding.name,
            "lineage": self.lineage,
            "chunk_size": self.chunk_size,
            "create": None if self.create is None else to_schema(self.create),
            "add": self.add,
            "path": self.path,
            "given": self.given,
            "loads": self.loads,
            "compressed": self.compressed,
            "triggers": self.triggers,
            **({"unheard": plain(self.unheard)} if self.unheard != UnansweredRows() else {}),
            **({"mode": self.mode} if self.mode != "append" else {}),
            **({"stage": self.stage} if self.stage else {}),
            **({"as_of": self.as_of} if self.as_of else {}),
            **({"out_of_order": True} if self.out_of_order else {}),
            **({"key": self.key} if self.key else {}),
            **({"publish": self.publish} if self.publish != "copy" else {}),
            **({"format": self.format} if self.format != "csv" else {}),
            **({"keep_undo": self.keep_undo} if self.keep_undo else {}),
        }
        return json.dumps(plan, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Reads what `to_json` gave."""
        plan: dict[str, Any] = json.loads(text)
        create = plan["create"]
        return cls(
            into=(
                Endpoint.from_the_ledger(plan["request"])
                if plan["request"]
                else TableName(**plan["table"])
            ),
            dialect=Dialect(**plan["dialect"]),
            contract=_contract_of(json.dumps(plan["schema"])),
            header=tuple(plan["header"]),
            encoding=ENCODINGS[plan["encoding"]],
            lineage=plan["lineage"],
            chunk_size=plan["chunk_size"],
            create=None if create is None else _contract_of(json.dumps(create)),
            add=tuple(plan["add"]),
            path=plan["path"],
            given=plan["given"],
            loads=plan["loads"],
            compressed=plan["compressed"],
            triggers=tuple(plan.get("triggers", ())),
            unheard=_unheard(plan.get("unheard", {})),
            mode=plan.get("mode", "append"),
            stage=plan.get("stage", ""),
            as_of=plan.get("as_of"),
            out_of_order=plan.get("out_of_order", False),
            key=tuple(plan.get("key", ())),
            publish=plan.get("publish", "copy"),
            format=plan.get("format", "csv"),
            keep_undo=plan.get("keep_undo", 0),
        )


_SHAPES = 64
"""Of inputs, whose plans are kept in mind in parts."""
_convertible: set[tuple[object, ...]] = set()
_schema_of = lru_cache(maxsize=_SHAPES)(to_schema)
_fields_of = lru_cache(maxsize=_SHAPES)(lambda dialect: json.loads(dialect_json(dialect)))


def _contract_in(text: str) -> Contract:
    """The contract of a plan's JSON."""
    return _contract_of(json.dumps(json.loads(text)["schema"]))


@lru_cache(maxsize=_SHAPES)
def _contract_of(schema: str) -> Contract:
    """The contract of a plan: the same one for many files of a folder."""
    return parse_contract(json.loads(schema), "the plan in the ledger")


def _unheard(kept: Mapping[str, Any]) -> UnansweredRows:
    asked = kept.get("asked", {})
    return UnansweredRows(kept.get("rows", 0), {int(start): rows for start, rows in asked.items()})


def packing(text: str) -> tuple[bool, str]:
    """Whether the input of a plan's JSON is compressed, and its encoding. Quick."""
    plan: dict[str, Any] = json.loads(text)
    return plan["compressed"], plan["dialect"]["encoding"]


def appends(text: str) -> bool:
    """Whether the rows of a plan's JSON are added to those that the table has. Quick."""
    return bool(json.loads(text).get("mode", "append") == "append")


def keeps_history(text: str) -> bool:
    """Whether the input of a plan's JSON is a version of a table with history. Quick."""
    return bool(json.loads(text).get("mode") == "history")


def sent_by_key(text: str) -> bool:
    """Whether the rows of a plan's JSON are sent by a key, as far as they have changed. Quick."""
    return bool((json.loads(text)["request"] or {}).get("key"))


def new_stage() -> str:
    """The end of a stage's name, which no other import has."""
    return os.urandom(4).hex()


def placed(text: str) -> tuple[TableName | None, bool]:
    """The table of a plan's JSON, if it has one, and whether the import creates it. Quick."""
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
    described_by: Callable[[Target, Session, TableName], TableDescription | None] = users_table,
) -> Plan:
    """Decides how an input will be loaded, and writes nothing. `say` gets a sentence per find.

    `session` is None if the database does not exist and must not be created (a dry run).
    `remembered` gives the plan of the last import into a table, `described_by` the table as it is.

    Raises DialectError, InputError, ContractError or TargetError.
    """
    table = table_of(target, source.identity.name, options.table)
    wanted = options.wanted(source.identity.name).of(source)
    described = None if session is None else described_by(target, session, table)
    shape = None if described is None else described.shape
    shape = seen_by(target, session, table, shape, options.mode, remembered)
    with_types = shape is None and infers_from_all(source, wanted)
    sniffed = detected(source, options.dialect, wanted.declared(), with_types=with_types)
    sniffed = settle(sniffed, fitting(shape, wanted), wanted.place)
    names = clean(sniffed.header)
    for note in (*sniffed.notes, *few(names.notes, "columns are renamed")):
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
        previous = None if last is None else _contract_in(last)
        encoding = target.encoding_for(session, shape)
        # Modes by key take it for the key of the rows, whatever the table's own is.
        kept = replace(wanted, primary_key=()) if options.by_key else wanted
        chosen = for_table(source, target, shape, encoding, sniffed, names, kept, previous, say)
        say(DetailNote(f"table {table} exists: its columns are the contract"))
        encoding = chosen.encoding or encoding
        there = {column.name for column in shape.columns}
        lineage = options.lineage and there.issuperset(LINEAGE)
        triggers = () if described is None else triggers_of(described, table, say)
        if options.lineage and not lineage:
            say(f"table {table} has no columns {' and '.join(LINEAGE)}: its rows get no lineage")
    say(reading(sniffed, chosen.contract))
    for note in few(chosen.notes, "columns that differ"):
        say(note)
    loads = shape is not None or chosen.create is not None
    finder = KeyFinder(wanted, options, target, session)
    key = finder.key(shape, chosen.contract) if loads else ()
    contract = with_key(chosen.contract, key)
    as_of = date_of(source.identity.name, options.as_of) if options.versioned else None
    if as_of is not None:
        say(f"it is the version of {shown(as_of)}")
    if session is not None and shape is not None:
        for note in target.comparison(session, table, contract.columns, encoding).notes:
            say(note)
    exists = shape is not None and not chosen.add
    return Plan(
        into=table,
        dialect=sniffed.dialect,
        contract=contract,
        header=chosen.header,
        encoding=encoding,
        lineage=lineage,
        chunk_size=options.chunk_bytes(target),
        create=chosen.create,
        add=chosen.add,
        path=path_of(source),
        given=options.given(),
        loads=loads,
        format=source.format,
        compressed=source.compressed,
        triggers=triggers,
        mode=options.mode,
        stage=new_stage() if options.staged else "",
        as_of=as_of,
        out_of_order=options.out_of_order,
        key=key,
        publish=way_to_publish(
            target, session, table, options, say, exists=exists, lineage=lineage
        ),
        keep_undo=options.keep_undo if options.versioned else 0,
    )


def path_of(source: Source) -> str | None:
    """An input's path from the root; None for a stream or a URL."""
    if source.remote or source.identity.fingerprint is None:
        return None
    file, inner = inner_names.split(source.identity.name)
    return inner_names.joined(home.absolute(file), inner) if inner else home.absolute(file)
