"""Films that nobody has made: a list of them, and what became of it on its way into an export.

The export is the list four times over. On the way it lost the encoding of some names, gained a
semicolon here and lost one there, and has lines with a year alone and lines with nothing.
"""

from tests.data_makers.dice import Dice

FILMS = 1659
LOST = {4: 34, 5: 9, 6: 11}
"""In how many rows a letter of the actor, the actress, the director is no letter any more."""
KEPT = 14
"""Rows with such a letter that came through."""
TWICE, TIMES = 11, 4
HEADLESS = 400
"""Lines of the older export, which has no header."""
HEADER = "Year;Length;Title;Subject;Actor;Actress;Director;Popularity;Awards;*Image"
TYPES = "INT;INT;STRING;CAT;CAT;CAT;CAT;INT;BOOL;STRING"
SUBJECTS = ("Drama", "Comedy", "Action", "Horror", "Mystery", "Western", "Music", "War", "Crime")
IMAGES = ("reel.png", "stage.png", "lamp.png", "curtain.png", "ticket.jpg", "poster.jpeg")
LAST = (
    "Abel", "Berg", "Carver", "Dorn", "Ewing", "Falk", "Garrick", "Hale", "Ibsen", "Jordan",
    "Kessel", "Lowry", "Marsh", "Norden", "Oakes", "Petrov", "Quist", "Rowan", "Stein", "Tarrant",
    "Usher", "Vance", "Whitlow", "Yates", "Zeller", "Brandt", "Castle", "Delmar", "Fenn", "Grove",
)  # fmt: skip
MEN = ("Adam", "Ben", "Carl", "David", "Emil", "Frank", "Georg", "Hugh", "Ivan", "Jan", "Karl D.")
WOMEN = ("Anna", "Beth", "Clara", "Dora", "Edith", "Flora", "Greta", "Helen", "Ines", "Julia")
ACCENTED = (
    "García, José", "Peña, Ramón", "Sjöberg, Pär", "Lefèvre, Hélène", "Gonçalves, João",
    "Müller, Jörg", "Muñoz, Inés", "Ångström, Bør", "Brontë, Zoë", "Forêt, Rémy",
)  # fmt: skip
FIRST_WORDS = ("Silent", "Crooked", "Last", "Winter", "Broken", "Golden", "Hidden", "Long", "Wild")
NOUNS = (
    "Harbour", "Orchard", "Letter", "Bridge", "Station", "River", "Mirror", "Garden", "Island",
    "Stranger", "Signal", "Window", "Road", "Lantern", "Summer", "Voyage", "Promise", "Tower",
)  # fmt: skip


def films() -> list[list[str]]:
    """The list, as it was."""
    dice = Dice(3)
    found = [film(dice, number) for number in range(FILMS)]
    for number, (field, _) in accents().items():
        found[number][field] = ACCENTED[number % len(ACCENTED)]
    return found


def accents() -> dict[int, tuple[int, bool]]:
    """Rows with letters that are not ASCII's: in which field, and whether the export lost them."""
    fields = [(field, True) for field, rows in LOST.items() for _ in range(rows)]
    fields += [(4, False)] * KEPT
    return {12 + 23 * number: fields[number * 5 % len(fields)] for number in range(len(fields))}


def film(dice: Dice, number: int) -> list[str]:
    return [
        str(dice.between(1920, 2019)),
        "" if dice.roll() < 0.04 else str(dice.between(60, 190)),
        title(dice, number),
        "" if dice.roll() < 0.002 else dice.pick(SUBJECTS),
        "" if dice.roll() < 0.005 else f"{dice.pick(LAST)}, {dice.pick(MEN)}",
        "" if dice.roll() < 0.23 else f"{dice.pick(LAST)}, {dice.pick(WOMEN)}",
        "" if dice.roll() < 0.16 else f"{dice.pick(LAST)}, {dice.pick(MEN)}",
        "" if dice.roll() < 0.004 else str(dice.between(0, 88)),
        "Yes" if dice.roll() < 0.1 else "No",
        "" if dice.roll() < 0.001 else dice.pick(IMAGES),
    ]


def title(dice: Dice, number: int) -> str:
    """None is there twice: its number is among its words."""
    name = f"{dice.pick(FIRST_WORDS)} {dice.pick(NOUNS)} {number + 1}"
    roll = dice.roll()
    if roll < 0.25:
        return f"{name}, The"
    if roll < 0.3:
        return f"{name}: A {dice.pick(NOUNS)} & a {dice.pick(NOUNS)}"
    return f'"{name}"' if roll < 0.34 else name


def exported() -> list[list[str]]:
    """The lines of the export, copy by copy, without its header."""
    once = films()
    for number, (field, lost) in accents().items():
        if lost:
            first = next(i for i, letter in enumerate(once[number][field]) if not letter.isascii())
            name = once[number][field]
            once[number][field] = f"{name[:first]}\N{REPLACEMENT CHARACTER}{name[first + 1 :]}"
    lines = [";".join(fields) for fields in once]
    for number in (105, 611):
        year, length, title, rest = lines[number].split(";", 3)
        lines[number] = f"{year};{length};{title}; The;{rest}"
    lines[1003] = lines[1003].rpartition(";")[0]
    lines[1305] = f"{lines[1305][:4]};"
    for number in range(TWICE):
        lines.insert(150 + 120 * number, lines[151 + 120 * number])
    lines.insert(77, "")
    copies = [list(lines) for _ in range(TIMES)]
    copies[2][500] = ""
    return copies


def files() -> dict[str, bytes]:
    rows = [HEADER, TYPES, *map(";".join, films())]
    listed = "".join(f"{row}\n" for row in rows)
    copies = exported()
    header = HEADER.lower().replace("*", "")
    return {
        "film.csv": listed.encode("latin-1"),
        "film.commas-unquoted.csv": "".join(
            f"{row}\n".replace(";", ",").replace('"', "") for row in rows[:1102]
        ).encode("latin-1"),
        "movies.csv": "".join(
            f"{line}\n" for line in (header, *(line for copy in copies for line in copy))
        ).encode(),
        "movies_2021-02.no-header.csv": "".join(
            f"{line}\n" for line in copies[0][:HEADLESS]
        ).encode(),
    }
