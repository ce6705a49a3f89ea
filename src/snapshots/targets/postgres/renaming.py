"""Replaces a table of PostgreSQL by a copy that takes its name.

The copy has indexes, constraints and sequences under other names until it takes theirs, in the
transaction that renames the tables.
"""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from snapshots.errors import TableInUse, TargetError
from snapshots.model import TableName
from snapshots.targets.postgres import table_copy
from snapshots.targets.postgres.quoting import qualified, quote

if TYPE_CHECKING:
    from snapshots.ports import Session, Value

_SECONDS = 1
"""How long others may have to queue behind the renaming."""
_OPTIONS = "SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = to_regclass(?)"
_INDEXES = """
SELECT x.relnamespace::regnamespace::text, x.relname, i.indisunique,
       substr(pg_get_indexdef(x.oid), strpos(pg_get_indexdef(x.oid), ' USING ')),
       k.conname, pg_get_constraintdef(k.oid), obj_description(x.oid, 'pg_class'),
       obj_description(k.oid, 'pg_constraint')
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
LEFT JOIN pg_constraint k ON k.conindid = x.oid AND k.conrelid = i.indrelid
                         AND k.contype IN ('p', 'u', 'x')
WHERE i.indrelid = to_regclass(?) ORDER BY x.oid
"""
_SEQUENCES = """
SELECT s.relnamespace::regnamespace::text, s.relname, a.attname, d.deptype = 'i'
FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.refobjid = to_regclass(?) AND d.deptype IN ('a', 'i')
"""
_DEFAULTS = """
SELECT attname FROM pg_attribute
WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped AND atthasdef
  AND attgenerated = ''
"""
_GRANTS = """
SELECT a.privilege_type, g.rolname, a.is_grantable, NULL FROM pg_class c
CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
WHERE c.oid = to_regclass(?) AND a.grantee <> c.relowner
UNION ALL
SELECT a.privilege_type, g.rolname, a.is_grantable, t.attname FROM pg_attribute t
CROSS JOIN LATERAL aclexplode(t.attacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
WHERE t.attrelid = to_regclass(?) AND NOT t.attisdropped
"""
_TARGETS = """
SELECT attname, attstattarget FROM pg_attribute
WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped AND attstattarget >= 0
"""
_IDENTITIES = """
SELECT s.relnamespace::regnamespace::text, s.relname, format_type(q.seqtypid, NULL)
FROM pg_attribute a
JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass(?)
                AND d.refobjsubid = a.attnum AND d.classid = 'pg_class'::regclass
                AND d.deptype = 'i'
JOIN pg_class s ON s.oid = d.objid
JOIN pg_attribute o ON o.attrelid = to_regclass(?) AND o.attname = a.attname
JOIN pg_depend e ON e.refclassid = 'pg_class'::regclass AND e.refobjid = o.attrelid
                AND e.refobjsubid = o.attnum AND e.classid = 'pg_class'::regclass
                AND e.deptype = 'i'
JOIN pg_sequence q ON q.seqrelid = e.objid
WHERE a.attrelid = d.refobjid
"""
"""The sequences of the first table's identities, with the types of the second one's."""
_HIGHER = """
SELECT (n.last_value - o.last_value) * sign(q.seqincrement) > 0
       OR n.last_value = o.last_value AND n.is_called
FROM {old} o, {new} n, pg_sequence q WHERE q.seqrelid = to_regclass(?)
"""
_COMMENT = "SELECT obj_description(to_regclass(?), 'pg_class')"
_REPEATABLE = "SET LOCAL synchronous_commit TO off"
"""For what is done again after a crash: only later commits need to wait for the disk."""
_SAMPLE = 10
"""The most entries of a histogram; 300 rows are read for each."""
_COARSE = """
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
       set_config('default_statistics_target',
                  LEAST(?, current_setting('default_statistics_target')::int)::text, true)
FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped
"""
_SNAPSHOTS = """
SELECT pid || ' ' || backend_xmin FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
  AND backend_type = 'client backend'
"""


class PostgresRenaming:
    """The part of a `ports.Target` that publishes by renaming."""

    def rename_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:
        return table_copy.obstacles(session, table)

    def create_clone(self, session: Session, clone: TableName, table: TableName) -> None:
        with session.transaction():
            session.execute(_REPEATABLE)
            _create(session, clone, table)
            for old, new in _identities(session, table, clone):
                session.execute(f"SELECT setval({_literal(new)}, last_value, is_called) FROM {old}")

    def clone_difference(self, session: Session, table: TableName, clone: TableName) -> str:
        with session.transaction():
            session.execute(_REPEATABLE)
            _dress(session, table, clone)
        why = table_copy.difference(session, table, clone)
        if not why:
            _analyze(session, clone)
        return why

    def open_snapshots(self, session: Session) -> frozenset[str] | None:
        return frozenset(str(one) for (one,) in session.execute(_SNAPSHOTS))

    def exchange(
        self, session: Session, table: TableName, clone: TableName, former: TableName
    ) -> None:
        session.execute(f"SET LOCAL lock_timeout = '{_SECONDS}s'")
        try:
            session.execute(f"LOCK TABLE {qualified(table)} IN ACCESS EXCLUSIVE MODE")
        except TargetError as error:
            if not error.retryable:
                raise
            raise TableInUse(
                f"somebody is using table {table}: it cannot be replaced yet", retryable=True
            ) from error
        session.execute("SET LOCAL lock_timeout TO DEFAULT")
        why = table_copy.obstacles(session, table)
        if why or table_copy.difference(session, table, clone):
            raise TargetError(
                f"table {table} was altered: {', '.join(why)}".rstrip(": "), retryable=True
            )
        indexes = _matched_indexes(session, table, clone)
        _move_sequences(session, table, clone)
        session.execute(f"ALTER TABLE {qualified(table)} RENAME TO {quote(former.name)}")
        session.execute(f"ALTER TABLE {qualified(clone)} RENAME TO {quote(table.name)}")
        for number, (schema, name, new) in enumerate(indexes):
            away = quote(f"{former.name}_{number}")
            session.execute(f"ALTER INDEX {schema}.{quote(name)} RENAME TO {away}")
            session.execute(f"ALTER INDEX {schema}.{quote(new)} RENAME TO {quote(name)}")
        kept = TableName(former.name, table.schema)
        for (column,) in _rows(session, _DEFAULTS, (qualified(kept),)):
            # The former table must not hold on to what its defaults use, such as a sequence.
            session.execute(
                f"ALTER TABLE {qualified(kept)} ALTER COLUMN {quote(str(column))} DROP DEFAULT"
            )


def _create(session: Session, clone: TableName, table: TableName) -> None:
    """Creates a copy of a table with its indexes, which have other names."""
    ((options,),) = _rows(session, _OPTIONS, (qualified(table),))
    session.execute(
        f"CREATE TABLE {qualified(clone)}"
        f" (LIKE {qualified(table)} INCLUDING ALL EXCLUDING INDEXES EXCLUDING STATISTICS)"
        + (f" WITH ({options})" if options else "")
    )
    for number, row in enumerate(_rows(session, _INDEXES, (qualified(table),))):
        _, _, unique, definition, constraint, constrains, _, _ = row
        name = quote(f"{clone.name}_{number}")
        if constraint is not None:
            session.execute(f"ALTER TABLE {qualified(clone)} ADD CONSTRAINT {name} {constrains}")
        else:
            kind = "UNIQUE INDEX" if unique else "INDEX"
            session.execute(f"CREATE {kind} {name} ON {qualified(clone)}{definition}")


def _dress(session: Session, table: TableName, clone: TableName) -> None:
    """Gives a copy the grants and comments of its table."""
    ((comment,),) = _rows(session, _COMMENT, (qualified(table),))
    if comment is not None:
        session.execute(f"COMMENT ON TABLE {qualified(clone)} IS {_literal(str(comment))}")
    for column, most in _rows(session, _TARGETS, (qualified(table),)):
        session.execute(
            f"ALTER TABLE {qualified(clone)} ALTER COLUMN {quote(column)} SET STATISTICS {most}"
        )
    for schema, name, kind in _rows(session, _IDENTITIES, (qualified(clone), qualified(table))):
        session.execute(f"ALTER SEQUENCE {schema}.{quote(name)} AS {kind}")
    grants = _rows(session, _GRANTS, (qualified(table), qualified(table)))
    for privilege, role, grantable, column in grants:
        of = "" if column is None else f" ({quote(str(column))})"
        to = "PUBLIC" if role is None else quote(str(role))
        more = " WITH GRANT OPTION" if grantable else ""
        session.execute(f"GRANT {privilege}{of} ON {qualified(clone)} TO {to}{more}")
    for old, new in _pairs(session, table, clone):
        schema, name = new[0], quote(str(new[1]))
        if old[6] is not None:
            session.execute(f"COMMENT ON INDEX {schema}.{name} IS {_literal(str(old[6]))}")
        if old[7] is not None:
            session.execute(
                f"COMMENT ON CONSTRAINT {name} ON {qualified(clone)} IS {_literal(str(old[7]))}"
            )


def _analyze(session: Session, clone: TableName) -> None:
    """Has queries of the table planned well from the first one on: a copy has no statistics, and
    the server makes them up to a minute later.

    A tenth of the usual sample is read. As columns are named, the server does not take the changes
    for analyzed: its own ANALYZE follows.
    """
    try:
        with session.transaction():
            session.execute(_REPEATABLE)
            ((columns, _),) = _rows(session, _COARSE, (_SAMPLE, qualified(clone)))
            session.execute(f"ANALYZE {qualified(clone)} ({columns})")
    except TargetError as error:
        # The rows are right without, for instance where a function of an index fails.
        if error.retryable:
            raise


def _pairs(
    session: Session, table: TableName, clone: TableName
) -> list[tuple[tuple[object, ...], tuple[object, ...]]]:
    """The indexes of a table, each with that of its copy: those of one definition are alike."""
    ours, theirs = (
        sorted(_rows(session, _INDEXES, (qualified(one),)), key=lambda row: repr(row[2:4]))
        for one in (table, clone)
    )
    return list(zip(ours, theirs, strict=False))


def _matched_indexes(
    session: Session, table: TableName, clone: TableName
) -> list[tuple[str, str, str]]:
    """For each index its schema, as SQL, its name, and the name of the copy's."""
    return [(str(old[0]), str(old[1]), str(new[1])) for old, new in _pairs(session, table, clone)]


def _move_sequences(session: Session, table: TableName, clone: TableName) -> None:
    """Makes the copy go on counting where its table has stopped."""
    counters = dict(_identities(session, table, clone))
    for schema, name, column, identity in _rows(session, _SEQUENCES, (qualified(table),)):
        old = f"{schema}.{quote(str(name))}"
        if not identity:
            session.execute(
                f"ALTER SEQUENCE {old} OWNED BY {qualified(clone)}.{quote(str(column))}"
            )
            continue
        new, away = counters[old], f"{clone.name}_{column}"[:50]
        # Rows of both have taken numbers since the copy was made: the higher one counts.
        ((higher,),) = _rows(session, _HIGHER.format(old=old, new=new), (new,))
        session.execute(f"ALTER SEQUENCE {old} RENAME TO {quote(away)}")
        session.execute(f"ALTER SEQUENCE {new} RENAME TO {quote(str(name))}")
        if not higher:
            session.execute(
                f"SELECT setval({_literal(old)}, last_value, is_called) FROM {schema}.{quote(away)}"
            )


def _identities(session: Session, table: TableName, clone: TableName) -> list[tuple[str, str]]:
    """The sequences of a table's identities, as SQL, each with that of its copy."""
    ours, theirs = (
        {
            str(column): f"{schema}.{quote(str(name))}"
            for schema, name, column, identity in _rows(session, _SEQUENCES, (qualified(one),))
            if identity
        }
        for one in (table, clone)
    )
    return [(name, theirs[column]) for column, name in ours.items()]


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f" E'{escaped}'"


def _rows(session: Session, sql: str, params: tuple[Value, ...] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query of the catalogue."""
    return cast("list[tuple[Any, ...]]", session.execute(sql, params))
