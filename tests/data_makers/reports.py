"""Tables as offices publish them: titles above, notes below, signs for what is not known."""

from tests.data_makers.dice import Dice

MONTHS = "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec"
SEASONS = "J-D,D-N,DJF,MAM,JJA,SON"


def levels() -> str:
    """A lake's level: CR ends the lines, and asterisks stand before and after what was measured."""
    dice = Dice(11)
    commas = "," * 18
    lines = [
        f"Level of an invented lake (cm): difference by month 1880 to 2012.{commas}",
        f"Differences in cm     base period: 1951-1980{commas}",
        commas,
        f"Year,{MONTHS},{SEASONS}",
    ]
    for year in range(1880, 2013):
        mean = (year - 1950) // 3 + dice.between(-12, 12)
        months = [str(mean + dice.between(-15, 15)) for _ in range(12)]
        seasons = [str(mean + dice.between(-6, 6)) for _ in range(6)]
        if year == 1880:
            seasons[1:3] = "****", "*****"
        if year == 2012:
            months[5:] = ["*****"] * 7
            seasons = ["****", "****", seasons[2], seasons[3], "*****", "*****"]
        lines.append(",".join((str(year), *months, *seasons)))
    return "\r".join(lines)


HALVES = ("Incomes:", "Expenses:")
INCOMES = ("Taxes on houses", "Own means", "From reserves", "From the state", "Sum")
EXPENSES = {
    "Council": ("Councils", "Offices"),
    "People": ("Registers", "Work", "Care", "Schools", "Arts", "Leisure", "Heritage"),
    "Buildings": ("Safety", "Planning", "Housing", "Air and soil", "Waste"),
    "Outdoors": ("Sewers", "Parks", "Roads", "Water", "Sum"),
}
VALLEYS = (
    "Ahr", "Dosse", "Elz", "Fils", "Glan", "Isar", "Jagst", "Kocher", "Lahn", "Mosel", "Nahe",
    "Oker",
)  # fmt: skip


def valleys() -> str:
    """Budgets by valley: six lines of titles, labels over two of twenty columns, and no header."""
    dice = Dice(13)

    def row(*fields: str) -> str:
        return ",".join((*fields, *[""] * (20 - len(fields))))

    lines = [
        row("", "", '"Figures by valley"', "", "", "", "2012"),
        ",".join(("", "", '"coins for each head (rounded, without towns)"', *[""] * 16, '"heads"')),
        row(),
        row("", "", *['"valley"'] * 12),
        row("", "", *(f'"{letter}"' for letter in "ABCDEFGHIJKL")),
        row("", "", *(f'"{name}"' for name in VALLEYS)),
        row('"NR."', '"Item"'),
    ]

    def add(label: str = "", values: tuple[str, ...] = ()) -> None:
        quoted = f'"{label}"' if label else ""
        lines.append(row(str(len(lines) - 7), quoted, *values))

    def numbers(first: int, last: int) -> tuple[str, ...]:
        return tuple(str(dice.between(first, last)) for _ in VALLEYS)

    add(HALVES[0])
    for label in INCOMES:
        add(label, numbers(900, 1400) if label == "Sum" else numbers(-9, 240))
    add()
    add(HALVES[1])
    for group, labels in EXPENSES.items():
        add(group)
        for label in labels:
            # A blank between thousands, after the sign or instead of it.
            if label == "Sum":
                add(label, tuple(f"-1 {dice.between(100, 400)}" for _ in VALLEYS))
            else:
                add(label, numbers(-330, 17))
    add()
    add("Sum", tuple(dice.pick(('" 0"', "- 1", '" 1"', "- 2")) for _ in VALLEYS))
    add()
    add(
        "Heads",
        tuple(f'"{dice.between(200, 990)},{dice.between(100, 999)}"' for _ in VALLEYS),
    )
    add("Villages", numbers(6, 70))
    return "".join(f"{line}\n" for line in lines)


GUILDS = {
    "Gärten": ("Gemüsegärtner", "Rosenzüchter", "Baumschulen", "Kräutergärtner", "Staudengärtner"),
    "Holz": ("Böttcher", "Drechsler", "Flößer", "Möbeltischler", "Stellmacher", "Zimmerleute"),
    "Metall": ("Glockengießer", "Hufschmiede", "Kupferschmiede", "Schlosser", "Spengler"),
    "Stein": ("Fliesenleger", "Maurer", "Pflasterer", "Steinmetze"),
    "Stoff und Leder": ("Färber", "Gerber", "Hutmacher", "Kürschner", "Sattler", "Tuchmacher"),
    "Speisen": ("Bäcker", "Brauer", "Käser", "Metzger", "Müller", "Ölmüller"),
}
YEARS = (1985, 1993, 2000, 2005, 2006, 2007, 2008, 2009, 2010)
HEADING = 11
"""Lines before the years."""
NOTES = f"""\

{"*" * 100}
Fußnoten
{"*" * 100}

"1.";"Bis einschließlich 1992 wurde nur im Süden gezählt."
"2.";"Gezählt wurde jeweils am 31.12. des Jahres."

{"*" * 100}
Die Tabelle ist erfunden.
{"*" * 100}

Quelle(n):
"Zunftbücher, erfunden"

{"*" * 100}
Erläuterungen
{"*" * 100}

Zugehörigkeit:
  Meisterinnen und Meister:;Ab 1999 werden auch die gezählt, die ihr Gewerbe nicht mehr ausüben.
  Gesellinnen und Gesellen:;Ab 1994 werden die gezählt, die bei einer Werkstatt geführt werden.
"""


def guilds() -> str:
    """Masters by guild and year: what it is about above, no-break spaces within, notes below."""
    dice = Dice(17)
    lines = [
        "",
        "",
        "Meisterinnen und Meister mit Berechtigung zum Führen einer Werkstatt (Anzahl)." + " " * 90,
        "*" * 100,
        " " * 100,
        "Die Tabelle bezieht sich auf:",
        "Region:;Überall",
        "Geschlecht:;Beide Geschlechter",
        "Zugehörigkeit:;Meisterinnen und Meister insgesamt",
        '""',
        ';"";;;;;;;;;',
        ";" + "".join(f'"{year}";' for year in YEARS),
    ]
    blank = "\N{NO-BREAK SPACE} " * 6
    for group, trades in GUILDS.items():
        lines.append(f'"   {group} ...";' + f'"{blank}";' * 9)
        for trade in trades:
            first = dice.between(5, 900)
            counts = [first + 40 * n + dice.between(0, 60) for n in range(8)]
            said = [f"{n // 1000}.{n % 1000:03}" if n > 999 else str(n) for n in counts]
            # Not counted in 1985; some trades not for years after.
            for year in range(dice.pick((0, 0, 0, 2))):
                said[year] = ""
            lines.append(f'"      {trade}";".";' + "".join(f'"{count}";' for count in said))
    return "".join(f"{line}\n" for line in lines) + NOTES


def files() -> dict[str, bytes]:
    return {
        "lake-levels.cr.csv": levels().encode(),
        "valleys.titles.csv": valleys().encode(),
        "guilds.heading-and-notes.csv": guilds().encode(),
    }
