"""Tables that are not in UTF-8: Big5, Latin-1, UTF-16."""

import codecs

from tests.data_makers.dice import Dice

ROWS_OF_SIGHTS = 120
PLACES = (
    "北港",
    "南灣",
    "東山",
    "西湖",
    "石橋",
    "竹林",
    "白沙",
    "青嶺",
    "長堤",
    "新埔",
    "大坪",
    "松園",
)
KINDS = (
    "公園",
    "老街",
    "海灘",
    "博物館",
    "瀑布",
    "燈塔",
    "夜市",
    "漁港",
    "步道",
    "古厝",
    "溫泉",
    "吊橋",
)
SENTENCES = (
    "這裡是居民假日常去的地方，春天開滿了花。",
    "清晨的霧散去以後，可以看見遠方的山與海。",
    "旁邊的小店賣自己做的豆花與茶，價錢便宜。",
    "古老的石牆由工匠一塊一塊砌成，保存完整。",
    "傍晚有許多人來散步、騎車、看夕陽。",
    "秋天的候鳥在水邊停留，請不要靠近牠們。",
    "從車站走路大約十分鐘，沿途有清楚的指標。",
    "展覽說明了這個村子一百年來的生活與變化。",
)
SIGHTS = (
    "id", "編號", "名稱", "說明", "開放時間", "管理單位代碼", "X坐標", "Y坐標", "分類代碼", "Changetime",
    "地址", "電話", "停車資訊", "停車場X坐標", "停車場Y坐標", "票價", "注意事項", "關鍵字",
)  # fmt: skip


def sights() -> str:
    """In Chinese: CRLF, and within quotes LF."""
    dice = Dice(19)
    lines = [",".join(SIGHTS)]
    for number in range(1, ROWS_OF_SIGHTS + 1):
        place, kind = dice.pick(PLACES), dice.pick(KINDS)
        hours = f"一~日{dice.between(6, 10):02}:00~{dice.between(16, 22)}:00"
        fields = [
            f"v_{number}",
            f"M1_{number:06}",
            f"{place}{kind}",
            f"{place}{kind}位於{dice.pick(PLACES)}村。"
            + "".join(dice.pick(SENTENCES) for _ in range(dice.between(2, 5))),
            f'"{hours}\n"' if dice.roll() < 0.5 else hours,
            "M1",
            f"120.{dice.between(100000, 999999)}",
            f"23.{dice.between(100000, 999999)}",
            str(dice.between(1, 14)),
            "2013/05/04 12:00:00",
            f"{dice.pick(PLACES)}村{dice.between(1, 200)}號",
            f"000-{dice.between(1000000, 9999999)}",
            "設有小型停車場" if dice.roll() < 0.4 else "",
            *[""] * 3,
            "海邊風大，請注意安全" if dice.roll() < 0.3 else "",
            kind if dice.roll() < 0.3 else "",
        ]
        lines.append(",".join(fields))
    return "".join(f"{line}\r\n" for line in lines)


AREAS = {
    "Gobierno": ("Legislación", "Justicia", "Coordinación", "Relaciones Públicas", "Policía"),
    "Desarrollo Social": ("Educación", "Salud", "Protección", "Vivienda", "Jubilación", "Agua"),
    "Desarrollo Económico": ("Energía", "Comunicaciones", "Turismo", "Ciencia y Tecnología"),
}
PARTS = ("Administración", "Supervisión", "Formación", "Pequeñas Obras", "Otros")


def spending() -> str:
    """In Spanish: thousands between commas, a CR within quotes, and no line end at the end."""
    dice = Dice(23)

    def amount() -> str:
        whole, tenth = dice.between(20, 90_000), dice.below(10)
        return f'"{whole:,}.{tenth}0"' if whole > 999 else f"{whole}.{tenth}"

    lines = ["A_ID,B_ID,C_ID,A,B,C,Gasto total 2012,Descripción"]
    for first, (area, tasks) in enumerate(AREAS.items(), 1):
        lines.append(
            f"{first},,,{area},,,{amount()},"
            f'" Comprende las acciones de {area.lower()}, según el catálogo inventado."'
        )
        for second, task in enumerate(tasks):
            lines.append(f",{second},,,{task},,{amount()},Incluye lo que atañe a {task.lower()}.")
            for third, part in enumerate(PARTS, 1):
                end = '\r"' if (second, third) == (1, 1) else '"'
                about = f'"{part} de {task.lower()}, así como las obras que la acompañan.{end}'
                lines.append(f",,{third},,,{part},{amount()},{about}")
    lines += [",,,,,,,", "Fuente: números inventados; véase la clasificación al final ,,,,,,,"]
    return "\r\n".join(lines)


FIELDS = ("Tiefsee", "Gletscher", "Vögel", "Moore", "Küsten", "Höhlen", "Böden", "Wälder", "Flüsse")
WAYS = ("Grundfinanzierung", "Förderung", "Großgeräte", "Tagungen", "Übersichten", "Sonstiges")


def plan() -> str:
    """In German: most fields are empty, the last column has no name and nothing in it."""
    dice = Dice(29)
    lines = ["LP,Bezeichnung,Titel/Kapitel,"]
    for letter in "ABCDEFGH":
        lines.append(f"{letter},Vorhaben {letter}; überwiegend ländlich; mit Zuschüssen,,")
        for number in range(1, 9):
            subject = f"{dice.pick(FIELDS)} und {dice.pick(FIELDS)}"
            lines.append(f"{letter}{number},{subject},,")
            for way, name in enumerate(WAYS):
                about = f"{subject} - {name}"
                label = f'"{about} (PB, RE)"' if dice.roll() < 0.1 else about
                title = str(dice.between(300_100_000, 300_999_999)) if dice.roll() < 0.4 else ""
                lines.append(f"{letter}{number}{way}00,{label},{title},")
                if title:
                    lines.append(f",,{dice.between(300_100_000, 300_999_999)},")
    lines.append('Z,"Überhang, nicht verteilt",,')
    return "\r\n".join(lines)


ADMISSIONS = (
    "Library_code", "Library_name", "Library_kind", "Period", "Readers", "Readers_below_18",
    "Guests", "New_readers", "Books", "Maps", "Books_and_maps", "Books_lent", "Maps_lent",
    "Readers_male_31st_March", "Readers_31st_March", "Reminders", "Second_reminders", "Lost", "Paid",
)  # fmt: skip
ROWS_OF_LIBRARIES = 327
TOWNS = ("Alder", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Juniper", "Larch", "Maple", "Rowan")


def libraries() -> str:
    """19 columns of which one is padded with blanks; thousands between commas, within quotes."""
    dice = Dice(31)
    lines = [",".join(ADMISSIONS)]
    for number in range(ROWS_OF_LIBRARIES):
        kind = dice.pick(("Public", "School"))
        counts = [dice.between(0, 40) * dice.pick((1, 1, 3, 90)) for _ in range(15)]
        said = [f'"{count:,}"' if count > 999 else str(count) for count in counts]
        name = f"{dice.pick(TOWNS)} {dice.pick(TOWNS)}"
        lines.append(",".join((f"L{number:03}", name, f"{kind:<24}", "2010-11", *said)))
    return "".join(f"{line}\r\n" for line in lines)


def files() -> dict[str, bytes]:
    return {
        "sights.big5.csv": sights().encode("big5"),
        "spending.latin-1.csv": spending().encode("latin-1"),
        "plan.latin-1.csv": plan().encode("latin-1"),
        "libraries.utf-16le.csv": codecs.BOM_UTF16_LE + libraries().encode("utf-16-le"),
    }
