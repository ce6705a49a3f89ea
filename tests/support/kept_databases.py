"""Databases that tests use one after the other, because to make one costs more than most tests.

A server takes a tenth of a second of its processor to make a database, the ledger in it, and to
drop it. A database that a test has done with is emptied instead. It is given to another test only
if its whole catalog is then what it is in a database that is new, or has a new ledger.
"""

import itertools
from contextlib import closing, suppress

from snapshots import locations
from snapshots.ledger import schema
from tests.support.database_servers import other_database, running_elsewhere

MOST_ROWS = 2000
"""In the ledger of a database that is used again: what it once had must not slow the next test."""


class KeptDatabases:
    """Those of one server: `kind` is "postgres" or "mysql"."""

    def __init__(self, kind, server, prefix):
        self.kind = kind
        self.server = server
        self._elsewhere = running_elsewhere(kind) is not None
        self._way = {"postgres": _Postgres, "mysql": _Mysql}[kind]
        self._names = (f"{prefix}_{number}" for number in itertools.count(1))
        self._ready = []
        self._new = set()
        self._marks = {}

    def take(self):
        """The name of a database that is empty, has an empty ledger, or does not exist."""
        if self._ready:
            return self._ready.pop()
        name = next(self._names)
        if self._elsewhere:  # a run before this one may have left it
            self.drop(name)
        return name

    def give_back(self, name):
        """Empties it for another test, or drops it."""
        if not self._new:
            self._look_at_new_ones()
        try:
            with closing(self._session(name, create=False)) as session:
                self._way.empty(session, name)
                good = self._as_new(session, name)
        except Exception:  # whatever it is that a test has left there
            good = False
        if good:
            self._ready.append(name)
        else:
            self.drop(name)

    def _as_new(self, session, name):
        mark = self._way.mark(session)
        if mark is not None and self._marks.get(name) == mark:
            return True
        self._marks[name] = mark
        return self._way.catalog(session, name) in self._new

    def drop(self, name):
        """If it exists."""
        self._marks.pop(name, None)
        with closing(self._session(None)) as session:
            session.execute(self._way.drop.format(name))

    def _session(self, name, *, create=True):
        url = self.server if name is None else other_database(self.server, name)
        return locations.target(url).connect(create=create)

    def _look_at_new_ones(self):
        name = next(self._names)
        self.drop(name)
        with closing(self._session(name)) as session:
            self._new.add(self._way.catalog(session, name))
            schema.make(locations.target(other_database(self.server, name)), session)
            self._new.add(self._way.catalog(session, name))
        assert len(self._new) == 2
        self.drop(name)


def _delete_rows(session):
    """Of all the ledger's tables but its version, which no test may have changed."""
    assert session.execute("SELECT version FROM snapshots_version") == [(schema.VERSION,)]
    rows = 0
    for table in sorted(schema.TABLES - {"snapshots_version"}):
        rows += session.change(f"DELETE FROM {table}")
    assert rows <= MOST_ROWS


class _Postgres:
    drop = "DROP DATABASE IF EXISTS {} WITH (FORCE)"

    @staticmethod
    def empty(session, _name):
        session.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        # Nobody gives locks back that are gone with their sessions; a fence may hold others.
        session.execute("SET lock_timeout = '5s'")
        session.execute(_DROP_TABLES)
        if session.execute("SELECT to_regclass('public.snapshots_imports') IS NOT NULL")[0][0]:
            _delete_rows(session)
            session.execute("SELECT setval('snapshots_imports_id', 1, false)")

    @staticmethod
    def mark(session):
        """Changes with every change of what `catalog` shows, and costs a fifth of it."""
        return session.execute(_MARK)

    @staticmethod
    def catalog(session, _name):
        [[found]] = session.execute(_CATALOG)
        return found


_MARK = "SELECT " + ", ".join(
    f"(SELECT (count(*), sum(hashtext(xmin::text)))::text FROM {catalog} WHERE {which})"
    for catalog, which in (
        *((name, "oid >= 16384") for name in (
            "pg_class", "pg_constraint", "pg_proc", "pg_type", "pg_trigger", "pg_rewrite",
            "pg_collation", "pg_cast", "pg_operator",
        )),
        *((name, "true") for name in (
            "pg_namespace", "pg_policy", "pg_extension", "pg_event_trigger", "pg_publication",
            "pg_default_acl", "pg_foreign_server", "pg_largeobject_metadata",
        )),
        ("pg_attribute", "attrelid >= 16384"), ("pg_index", "indrelid >= 16384"),
        ("pg_database", "datname = current_database()"),
        ("pg_db_role_setting",
         "setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"),
    )
)  # fmt: skip
"""A row that is altered is another version of it, by another transaction."""
_LEDGERS = ", ".join(f"'{name}'" for name in sorted(schema.TABLES))
_DROP_TABLES = f"""
DO $$ DECLARE statement text; BEGIN
FOREACH statement IN ARRAY ARRAY(
    SELECT format('DROP %s IF EXISTS public.%I CASCADE',
                  CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                  WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, relname)
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
          AND relname NOT IN ({_LEDGERS}, 'snapshots_imports_id')
    ORDER BY relkind = 'S')
LOOP EXECUTE statement; END LOOP; END $$
"""
_OWN = "oid >= 16384"
"""Made since the server was."""
_CATALOG = f"""
SELECT md5(string_agg(one, ' ' ORDER BY one COLLATE "C")) FROM (
    SELECT row(datdba, datacl, datconnlimit, datcollate, datctype, encoding)::text
    FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT row(nspname, nspowner, nspacl)::text FROM pg_namespace
    WHERE nspname !~ '^pg_t'
    UNION ALL SELECT row(relname, relnamespace::regnamespace, relkind, relowner, relacl,
                         relpersistence, relrowsecurity, relreplident, reloptions, relchecks)::text
    FROM pg_class WHERE {_OWN} AND relnamespace::regnamespace::text !~ '^pg_t'
    UNION ALL SELECT row(attrelid::regclass, attnum, attname, atttypid::regtype, atttypmod,
                         attnotnull, atthasdef, attidentity, attgenerated, attacl)::text
    FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
    WHERE pg_class.{_OWN} AND relnamespace = 'public'::regnamespace AND attnum > 0
    UNION ALL SELECT row(conname, conrelid::regclass, contype, condeferrable, convalidated)::text
    FROM pg_constraint WHERE {_OWN}
    UNION ALL SELECT row(indexrelid::regclass, indrelid::regclass, indkey, indisunique,
                         indisvalid)::text FROM pg_index WHERE indrelid::regclass::text !~ '^pg_t'
    UNION ALL SELECT row(tgname, tgrelid::regclass)::text FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT row(proname, proowner)::text FROM pg_proc WHERE {_OWN}
    UNION ALL SELECT typname::text FROM pg_type WHERE {_OWN} AND typtype <> 'c'
              AND typelem NOT IN (SELECT reltype FROM pg_class)
    UNION ALL SELECT row(rulename, ev_class::regclass)::text FROM pg_rewrite WHERE {_OWN}
    UNION ALL SELECT polname::text FROM pg_policy
    UNION ALL SELECT extname::text FROM pg_extension
    UNION ALL SELECT evtname::text FROM pg_event_trigger
    UNION ALL SELECT pubname::text FROM pg_publication
    UNION ALL SELECT row(setrole, setconfig)::text FROM pg_db_role_setting
              JOIN pg_database ON setdatabase = pg_database.oid AND datname = current_database()
    UNION ALL SELECT row(defaclrole, defaclacl)::text FROM pg_default_acl
    UNION ALL SELECT collname::text FROM pg_collation WHERE {_OWN}
    UNION ALL SELECT srvname::text FROM pg_foreign_server
    UNION ALL SELECT castsource::text FROM pg_cast WHERE {_OWN}
    UNION ALL SELECT oprname::text FROM pg_operator WHERE {_OWN}
    UNION ALL SELECT 'large objects' FROM pg_largeobject_metadata
    UNION ALL SELECT seqrelid::regclass::text || seqstart FROM pg_sequence
) AS known (one)
"""


class _Mysql:
    drop = "DROP DATABASE IF EXISTS `{}`"

    @staticmethod
    def empty(session, name):
        others = session.execute(
            "SELECT id FROM information_schema.processlist WHERE db = ? AND id <> connection_id()",
            (name,),
        )
        for [number] in others:
            with suppress(Exception):  # it has just ended
                session.execute(f"KILL {number}")
        session.execute("SET lock_wait_timeout = 5")
        session.execute("SET foreign_key_checks = 0")
        tables = session.execute(
            "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = ?",
            (name,),
        )
        there = {table for table, _ in tables}
        for table, kind in tables:
            if table not in schema.TABLES:
                what = {"VIEW": "VIEW", "SEQUENCE": "SEQUENCE"}.get(kind, "TABLE")
                quoted = table.replace("`", "``")
                session.execute(f"DROP {what} IF EXISTS `{quoted}`")
        if "snapshots_imports" in there:
            _delete_rows(session)
            session.execute("ALTER TABLE snapshots_imports AUTO_INCREMENT = 1")

    @staticmethod
    def mark(_session):
        """None: there is none."""

    @staticmethod
    def catalog(session, name):
        return str(
            [
                session.execute(f"SELECT {columns} FROM {table} WHERE {where} = ? ORDER BY {order}",
                                (name,))
                for columns, table, where, order in _SHOWN
            ]
        )  # fmt: skip


_SHOWN = (
    ("default_character_set_name, default_collation_name", "information_schema.schemata",
     "schema_name", "1"),
    ("table_name, table_type, engine, row_format, table_collation, create_options",
     "information_schema.tables", "table_schema", "1"),
    ("table_name, ordinal_position, column_name, column_type, is_nullable, column_default, extra,"
     " collation_name", "information_schema.columns", "table_schema", "1, 2"),
    ("table_name, index_name, seq_in_index, column_name, non_unique",
     "information_schema.statistics", "table_schema", "1, 2, 3"),
    ("constraint_name, table_name", "information_schema.table_constraints", "table_schema", "2, 1"),
    ("trigger_name", "information_schema.triggers", "trigger_schema", "1"),
    ("db, name, type", "mysql.proc", "db", "2"),
    ("name", "mysql.event", "db", "1"),
    ("host, user", "mysql.db", "db", "1, 2"),
    ("host, user, table_name", "mysql.tables_priv", "db", "1, 2, 3"),
)  # fmt: skip
"""What tells one database of MariaDB from another: columns, of which table, which column of it has
the database's name, and the order."""
