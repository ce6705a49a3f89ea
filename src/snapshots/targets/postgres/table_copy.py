"""What of a PostgreSQL table can be carried over to an empty copy that takes its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.postgres.quoting import qualified

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session

_OBSTACLES = """
WITH c AS (SELECT * FROM pg_class WHERE oid = to_regclass(?)),
told AS (
  SELECT CASE WHEN relkind <> 'r' THEN 'it is no ordinary table' END AS why FROM c
  UNION ALL SELECT 'it belongs to another user' FROM c
  WHERE relowner <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
  UNION ALL SELECT 'it is not logged, or temporary' FROM c WHERE relpersistence <> 'p'
  UNION ALL SELECT 'it has a tablespace of its own' FROM c WHERE reltablespace <> 0
  UNION ALL SELECT 'it has row-level security' FROM c WHERE relrowsecurity OR relforcerowsecurity
  UNION ALL SELECT 'it is part of another table' FROM c
  WHERE relispartition OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)
  UNION ALL SELECT 'it has a type of its own' FROM c WHERE reloftype <> 0
  UNION ALL SELECT 'event trigger ' || evtname || ' is for ALTER TABLE' FROM pg_event_trigger
  WHERE evtenabled NOT IN ('D', 'R') AND 'ALTER TABLE' = ANY (evttags)
  UNION ALL SELECT 'its replica identity is not the default' FROM c WHERE relreplident <> 'd'
  UNION ALL SELECT 'it has options for long values' FROM c
  WHERE EXISTS (SELECT FROM pg_class t WHERE t.oid = c.reltoastrelid AND t.reloptions IS NOT NULL)
  UNION ALL SELECT 'it has a security label' FROM c
  WHERE EXISTS (SELECT FROM pg_seclabel WHERE classoid = 'pg_class'::regclass AND objoid = c.oid)
  UNION ALL SELECT 'it belongs to an extension' FROM c
  WHERE EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid
                AND deptype = 'e')
  UNION ALL SELECT 'publication ' || pubname || ' has it' FROM c, pg_publication_tables p
  WHERE p.schemaname = c.relnamespace::regnamespace::name AND p.tablename = c.relname
  UNION ALL SELECT 'its sequence ' || s.oid::regclass || ' has grants or a comment'
  FROM c JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
                         AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
  WHERE s.relacl IS NOT NULL OR s.relowner <> c.relowner
     OR obj_description(s.oid, 'pg_class') IS NOT NULL
  UNION ALL SELECT pg_describe_object(d.classid, d.objid, 0) || ' depends on it'
  FROM c JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
  WHERE NOT (
    d.classid = 'pg_class'::regclass
    AND EXISTS (SELECT FROM pg_class x WHERE x.oid = d.objid AND x.relkind IN ('i', 't', 'S'))
    OR d.classid = 'pg_attrdef'::regclass
    OR d.classid = 'pg_type'::regclass
    OR d.classid = 'pg_constraint'::regclass AND EXISTS (
      SELECT FROM pg_constraint f WHERE f.oid = d.objid AND f.conrelid = c.oid AND f.contype <> 'f')
  )
  UNION ALL SELECT pg_describe_object(d.classid, d.objid, 0) || ' uses its row type'
  FROM c JOIN pg_type t ON t.oid = c.reltype
  JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray)
  WHERE NOT (d.classid = 'pg_type'::regclass AND d.objid IN (t.oid, t.typarray))
)
SELECT DISTINCT why FROM told WHERE why IS NOT NULL ORDER BY why
"""
_DESCRIBED = """
WITH c AS (SELECT * FROM pg_class WHERE oid = to_regclass(?))
SELECT 'table', to_jsonb(c) - '{oid,relname,reltype,relfilenode,relpages,reltuples,relallvisible,
       relallfrozen,reltoastrelid,relfrozenxid,relminmxid,relnatts,relhassubclass,relhasindex,
       relhasrules,relhastriggers}'
       ::text[] || jsonb_build_object('comment', obj_description(c.oid, 'pg_class')) FROM c
UNION ALL
SELECT 'column', to_jsonb(a) - '{attrelid,attnum,attcacheoff,atthasmissing,attmissingval}'::text[]
       || jsonb_build_object(
            'place', row_number() OVER (ORDER BY a.attnum),
            'default', (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
                        WHERE adrelid = a.attrelid AND adnum = a.attnum),
            'comment', col_description(a.attrelid, a.attnum),
            'sequence', (SELECT to_jsonb(s) - 'seqrelid' FROM pg_depend d
                         JOIN pg_sequence s ON s.seqrelid = d.objid
                         WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'i'
                           AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum))
FROM c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', to_jsonb(k)
       - '{oid,conrelid,conindid,conbin,conkey,contypid,conparentid}'::text[]
       - CASE WHEN k.contype IN ('p', 'u', 'x') THEN 'conname' ELSE '' END
       || jsonb_build_object('definition', pg_get_constraintdef(k.oid),
                             'comment', obj_description(k.oid, 'pg_constraint'))
FROM c JOIN pg_constraint k ON k.conrelid = c.oid
UNION ALL
SELECT 'index', to_jsonb(i)
       - '{indexrelid,indrelid,indkey,indexprs,indpred,indcheckxmin}'::text[]
       || jsonb_build_object(
            'definition', substr(pg_get_indexdef(i.indexrelid),
                                 strpos(pg_get_indexdef(i.indexrelid), ' USING ')),
            'options', x.reloptions, 'tablespace', x.reltablespace,
            'comment', obj_description(x.oid, 'pg_class'),
            'targets', (SELECT jsonb_agg(attstattarget ORDER BY attnum) FROM pg_attribute
                        WHERE attrelid = x.oid))
FROM c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
"""
_KINDS = ("table", "column", "constraint", "index")


def obstacles(session: Session, table: TableName) -> tuple[str, ...]:
    """Why a table cannot be replaced by a copy of it that takes its name; empty if it can.

    Whatever depends on the table, and is not a part of it, would keep the former one.
    """
    return tuple(str(why) for (why,) in session.execute(_OBSTACLES, (qualified(table),)))


def difference(session: Session, table: TableName, copy: TableName) -> str:
    """In what a copy differs from its table, but for the names of indexes; empty if in nothing."""
    ours, theirs = (_described(session, one) for one in (table, copy))
    for kind in _KINDS:
        if sorted(ours.get(kind, [])) != sorted(theirs.get(kind, [])):
            return f"a {kind} cannot be carried over exactly"
    return ""


def _described(session: Session, table: TableName) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    statement = f"SELECT kind, described::text FROM ({_DESCRIBED}) AS d(kind, described)"
    for kind, text in session.execute(statement, (qualified(table),)):
        found.setdefault(str(kind), []).append(str(text))
    return found
