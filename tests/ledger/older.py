"""A database as an older snapshots left it, and the inputs that it had loaded."""

from pathlib import Path

from snapshots import locations

FOLDER = Path(__file__).parent
VERSIONS = (1, 2, 3)
INPUTS = {
    "people.csv": "id,name\n1,Ann\n2,Bob\n3,Cy,more\n\n4,Dan\n",
    "numbers.csv": "n,text\n" + "".join(f"{n},row {n}\n" for n in range(1, 401)),
    "cities.csv": "id,city\n" + "".join(f"{n},city {n}\n" for n in range(1, 401)),
    "bad.csv": "a,b\n" + "".join("x,1,2\n" if n % 2 else f"{n},1\n" for n in range(1, 21)),
}


def ledger_of_version_1(database, folder):
    """Makes it; the inputs lie in the folder."""
    ledger_of_version(1, database, folder)


def ledger_of_version(number, database, folder):
    """Makes it; the inputs lie in the folder."""
    for name, text in INPUTS.items():
        (folder / name).write_text(text)
    target = locations.target(database)
    script = (FOLDER / f"version_{number}" / f"{target.name}.sql").read_text("utf-8")
    script = script.replace("@FOLDER@", str(folder))
    lines = (line for line in script.splitlines() if not line.startswith("--"))
    session = target.connect()
    try:
        # No value of it ends a line with a semicolon.
        for statement in "\n".join(lines).split(";\n"):
            if statement.strip():
                session.execute(statement.strip().removesuffix(";"))
    finally:
        session.close()


def columns(database, table):
    """The names of a table's columns."""
    target = locations.target(database)
    session = target.connect(create=False)
    try:
        shape = target.inspect(session, target.table_name(table))
        return {column.name for column in shape.columns}
    finally:
        session.close()


def execute(database, sql, *params):
    """One statement; its rows."""
    session = locations.target(database).connect(create=False)
    try:
        return session.execute(sql, params)
    finally:
        session.close()
