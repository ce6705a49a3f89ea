"""Inputs of the kinds that a detector gets wrong, five of each and more, and how each is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """An input, and its reading; `doubt`: a word of the question that is asked instead."""

    text: str
    header: str = ""
    """The names, with a bar between them."""
    delimiter: str | None = None
    quote: str = '"'
    """Empty: there is none."""
    terminator: str = "lf"
    preamble: int = 0
    after: int = 0
    ragged: str = "reject"
    named: bool = True
    doubt: str = ""


def _lines(count: int, pattern: str) -> str:
    return "".join(
        pattern.format(i=i, j=i * 7 % 10, w=["pen", "ink", "nib", "cap"][i % 4])
        for i in range(1, count + 1)
    )


TIES = [
    Kind(
        "a.jpg\t51,47,45\t87,88,86\nb.jpg\t37,25,24\t87,59,47\n",
        "column_1|column_2|column_3",
        "\t",
        named=False,
    ),
    Kind('x,"a;b;c"\n', "x|a;b;c", ","),
    Kind('1,"a;b"\n2,"c;d"\n3,"e;f"\n', "column_1|column_2", ",", named=False),
    Kind("1,5;2,5\n3,5;4,5\n5,5;6,5\n", "column_1|column_2", ";", named=False),
    Kind("x|1,2|3\ny|4,5|6\nz|7,8|9\n", "column_1|column_2|column_3", "|", named=False),
    Kind("red;a,b\nblue;c,d\n", doubt="--delimiter ';'"),
    Kind("pen;a|b\nink;c|d\nnib;e|f\n", doubt="--delimiter '|'"),
    Kind("name,x;y\nbob,z;w\n", doubt="--delimiter ','"),
    Kind("Ann, Oslo\t5\nBob, Rome\t6\n", "column_1|column_2", "\t", named=False),
    Kind("10:15,1.5\n11:20,2.5\n12:25,3.5\n", "column_1|column_2", ",", named=False),
    Kind("2024-01-01 10:00;a,b\n2024-01-02 11:00;c,d\n", "column_1|column_2", ";", named=False),
]

CR_AND_LF = [
    Kind('id;name\r1;pen\r2;"one\ntwo\nthree\nfour"\r3;ink\r', "id|name", ";", terminator="cr"),
    Kind("id;name\r1;pen\r2;one\ntwo\nthree\nfour\r3;ink\r", "id|name", ";", terminator="cr"),
    Kind('id,t\r1,"a\nb"\r2,"c\nd\ne"\r', "id|t", ",", terminator="cr"),
    Kind('id\tt\tn\r1\t"a\n\nb"\t5\r2\t"c\n\n\nd"\t6\r', "id|t|n", "\t", terminator="cr"),
    Kind('id,t\n1,"a\rb\rc"\n2,"d\re"\n', "id|t", ","),
    Kind("id,t\r\n1,a\r\n2,b\rc\r\n", "id|t", ","),
]

PREAMBLES = [
    Kind(
        "# made by T\n# version 3\n# do not change\n#\nid,name,qty\n1,pen,3\n2,ink,4\n",
        "id|name|qty",
        ",",
        preamble=4,
    ),
    Kind(
        "# a, b and c\n# d\nid,name,qty\n1,pen,3\n2,ink,4\n3,nib,5\n",
        "id|name|qty",
        ",",
        preamble=2,
    ),
    Kind(
        "#fileformat=X\n#date=2024\n#id\tname\tn\n1\tpen\t3\n2\tink\t4\n",
        "#id|name|n",
        "\t",
        preamble=2,
    ),
    Kind("% comment\n% another\nx;y\n1;2\n3;4\n", "x|y", ";", preamble=2),
    Kind(
        "Konto:;DE12\n\nTag;Betrag;Text\n2024-01-01;5;Miete\n2024-01-02;6;Gehalt\n",
        "Tag|Betrag|Text",
        ";",
        preamble=2,
    ),
    Kind(
        "Account:,123\nFrom:,2024-01-01\nTo:,2024-01-31\nDate,Amount,Text,Balance\n2024-01-01,5,x,5\n2024-01-02,6,y,11\n",
        "Date|Amount|Text|Balance",
        ",",
        preamble=3,
    ),
    Kind("Report of sales\nid,name\n1,pen\n2,ink\n3,nib\n", "id|name", ",", preamble=1),
    Kind(
        "Exported at 10:00\nby Ann\n\nday\tcount\tnote\n2024-01-01\t5\tx\n2024-01-02\t6\ty\n",
        "day|count|note",
        "\t",
        preamble=3,
    ),
    Kind(
        "Station;Graz\nHeight;340\n\nday;rain\n2024-01-01;5,5\n2024-01-02;6,5\n2024-01-03;7,5\n",
        "day|rain",
        ";",
        preamble=3,
    ),
    Kind(
        '"Report"\n"2024"\n\n"id","name","n"\n"1","pen","5"\n"2","ink","6"\n',
        "id|name|n",
        ",",
        preamble=3,
    ),
]

OTHER_DELIMITERS = [
    Kind("id name qty\n1 pen 3\n2 ink 4\n3 nib 5\n", "id|name|qty", " "),
    Kind("x y\n1.5 2.5\n3.5 4.5\n", "x|y", " "),
    Kind("1 pen 3.5\n2 ink 4.5\n3 nib 5.5\n", "column_1|column_2|column_3", " ", named=False),
    Kind("id#name#n\n1#pen#5\n2#ink#6\n", "id|name|n", "#"),
    Kind(
        "1#pen#Oslo, 5\n2#ink#Rome, 6\n3#nib#Bonn, 7\n",
        "column_1|column_2|column_3",
        "#",
        named=False,
    ),
    Kind("name:age:town\nAnn:31:Oslo\nBob:32:Rome\n", "name|age|town", ":"),
    Kind(
        "root:x:0:0:root:/root\nbin:x:1:1:bin:/bin\nsys:x:2:2:sys:/dev\n",
        "column_1|column_2|column_3|column_4|column_5|column_6",
        ":",
        named=False,
    ),
    Kind("id^name\n1^pen\n2^ink\n", "id|name", "^"),
    Kind("a^b^c\nx,y^z^1\nu,v^w^2\n", "a|b|c", "^"),
    Kind("id~name~price\n1~pen~2.5\n2~ink~3.5\n", "id|name|price", "~"),
    Kind("id||name||n\n1||pen||5\n2||ink||6\n", "id|name|n", "||"),
    Kind("id||name||n\n1||||5\n2||ink||\n", "id|name|n", "||"),
    Kind("id~|~name~|~n\n1~|~pen~|~5\n2~|~ink~|~6\n", "id|name|n", "~|~"),
    Kind("id::name\n1::pen\n2::ink\n", "id|name", "::"),
    Kind("id|~|name\n1|~|pen, red\n2|~|ink\n", "id|name", "|~|"),
    Kind("a||b|c\n1||2|3\n4||5|6\n", "a||b|c", "|")
    if False
    else Kind("a|x|b\n1||2\n4||5\n", "a|x|b", "|"),
    Kind("1\x01pen\x015\n2\x01ink\x01\\N\n", "column_1|column_2|column_3", "\x01", named=False),
    Kind("id\x01name\n1\x01a,b\n2\x01c,d\n", "id|name", "\x01"),
    Kind("id\x1fname\x1e1\x1fpen\x1e2\x1fink\x1e", "id|name", "\x1f", terminator="rs"),
    Kind("id\x1fname\n1\x1fpen\n2\x1fink\n", "id|name", "\x1f"),
    Kind("a b c\nred green blue\nx y z\nu v w\n", doubt="space"),
]

SINGLE_QUOTES = [
    Kind(
        "1,'Ann','it's here, now'\n2,'Bob','plain'\n3,'Cy','that's it'\n4,'Di','x'\n",
        delimiter=",",
        quote="'",
        header="column_1|column_2|column_3",
        named=False,
    ),
    Kind("id,'name'\n1,'Smith, Ann'\n2,'Ray, Bob'\n3,'D'Angelo, Cy'\n", "id|name", ",", quote="'"),
    Kind("'a';'b'\n'1';'x;y'\n'2';'z'\n", "a|b", ";", quote="'"),
    Kind("id, name\n1, 'Smith, Ann'\n2, 'Ray, Bob'\n3, 'Fox, Cy'\n", "id|name", ",", quote="'"),
    Kind("id\tname\n1\t'tab'\n2\t'x'\n3\t'y'\n", "id|name", "\t", quote="'"),
    Kind("id,name\n1,'tis\n2,rock 'n' roll\n3,x\n", "id|name", ","),
    Kind("id,size\n1,5'\n2,6'\n3,7'\n", "id|size", ","),
]

SECOND_ROWS = [
    Kind("id,name,qty\nno.,text,pieces\n1,pen,3\n2,ink,4\n", "id|name|qty", ",", after=1),
    Kind(
        "STATION,DATE,TMAX\n,YYYYMMDD,degC\nU1,20240101,12.5\nU2,20240102,-9999\n",
        "STATION|DATE|TMAX",
        ",",
        after=1,
    ),
    Kind("t;v\n[s];[m/s]\n0;1,5\n1;2,5\n2;3,5\n", "t|v", ";", after=1),
    Kind("time,depth\n,m\n2024-01-01,5\n2024-01-02,6\n", "time|depth", ",", after=1),
    Kind("id,name,n\n---,----,--\n1,pen,5\n2,ink,6\n", "id|name|n", ",", after=1),
    Kind("id|name\n--|----\n1|pen\n2|ink\n", "id|name", "|", after=1),
    Kind("id\tname\tn\n==\t====\t==\n1\tpen\t5\n2\tink\t6\n", "id|name|n", "\t", after=1),
    Kind("year;title\nINT;STRING\n1977;Star Wars\n1979;Alien\n", "year|title", ";", after=1),
    Kind("Q1,Q2,Q3\nHow old,How far,Why\n31,5,x\n32,6,y\n33,7,z\n", "Q1|Q2|Q3", ",", after=1),
    # Values all the same.
    Kind("id,price\nA1,unknown\nA2,5\nA3,7\n", "id|price", ","),
    Kind("id,a,b\nx,n/a,n/a\ny,5,6\nz,7,8\n", "id|a|b", ","),
    Kind("id,a,b\nx,missing,missing\ny,5,6\nz,7,8\n", "id|a|b", ","),
    Kind("name,mark\nAnn,-\nBob,5\nCy,6\n", "name|mark", ","),
    # What loggers write below the units: how values were made.
    Kind(
        "t,n,temp\nTS,RN,Deg C\n,,Avg\n2024-01-01,1,5.5\n2024-01-02,2,6.5\n",
        "t|n|temp",
        ",",
        after=2,
    ),
    Kind(
        "day;t;rh\n;degC;%\n;Avg;Max\n2024-01-01;5;60\n2024-01-02;6;61\n", "day|t|rh", ";", after=2
    ),
    Kind(
        "t\tn\twind\nTS\tRN\tm/s\n\t\tWVc\n2024-01-01\t1\t5\n2024-01-02\t2\t6\n",
        "t|n|wind",
        "\t",
        after=2,
    ),
    Kind("t,v,w\n,Smp,Tot\n10:00,5,1\n11:00,6,2\n", "t|v|w", ",", after=1),
    Kind("t,v\n,mean\n10:00,5\n11:00,6\n", "t|v", ",", after=1),
]

MARKED_UNITS = [
    Kind("#YY,MM,WSPD\n#yr,mo,m/s\n2023,1,5.5\n2023,2,6.5\n", "#YY|MM|WSPD", ",", after=1),
    Kind("#t\tv\n#s\tkm\n0\t5\n1\t6\n2\t7\n", "#t|v", "\t", after=1),
    Kind("% x;y;z\n% mm;mm;kg\n1;2;3\n4;5;6\n", "% x|y|z", ";", after=1),
    Kind("#buoy;t\n#id;hPa\n41;5.5\n42;6.5\n", "#buoy|t", ";", after=1),
    Kind("#by T, today\n#x,y\n1,2\n3,4\n", doubt="--skip-rows 1"),
    # People and their values.
    Kind("player,score,best\nMax,,Mean\nTom,5,7\nUli,6,8\n", "player|score|best", ","),
]

PAIRS_OF_VALUES = [
    Kind(
        "Kunde;4711\nStand;01.05.2023\nFiliale;Bonn\nArtikel;Menge\nA;5\nB;6\nC;7\n",
        doubt="--skip-rows 3",
    ),
    Kind("run,12\nday,2023-01-01\nsensor,value\na,5.5\nb,6.5\nc,7.5\n", doubt="--skip-rows 2"),
    Kind("batch\t7\nbegun\t10:15\nprobe\tmass\na\t5\nb\t6\nc\t7\n", doubt="--skip-rows 2"),
    # A text among numbers may be one that is missing: no question is asked.
    Kind("id,n\na,1\nb,offline\nc,broken\nd,4\ne,5\nf,6\n", "id|n", ","),
    Kind("key,value\ntimeout,30\nname,prod\nport,80\nmax,90\nmin,95\n", "key|value", ","),
]

MORE_REMARKS = [
    Kind("# made by T\n# version 3\na,b\n1,2\n# a pause, here\n3,4\n", doubt="--comment '#'"),
    Kind("# log, v1\nt;v\n10:00;1\n11:00;2\n#12:00;3\n", doubt="--skip-rows 1"),
    Kind("# made by T\n# version 3\nt\tv\n10:00\t1\n11:00\t2\n# end\tok\n", doubt="--comment '#'"),
    Kind("# made by T\n# version 3\na|b|c\n1|2|x\n# end|of|it\n3|4|y\n", doubt="--skip-rows 2"),
    # Marks that belong to the values.
    Kind("# made by T\n# version 3\ntag,n\n#one,1\n#two,2\n#three,3\n", "tag|n", ",", preamble=2),
    Kind("tag,n\n#one,1\ntwo,2\nthree,3\n", "tag|n", ","),
    Kind("# made by T\n# version 3\nn,tag\n1,#one\n2,two\n3,three\n", "n|tag", ",", preamble=2),
]

ENDS = [
    Kind(
        "id,name,town\n1,Ann,Oslo,\n2,Bob,Rome,\n3,Cy,Bonn,\n", "id|name|town", ",", ragged="trim"
    ),
    Kind("id,name,town,\n1,Ann,Oslo\n2,Bob,Rome\n3,Cy,Bonn\n", "id|name|town", ",", ragged="trim"),
    Kind("id;name;\n1;Ann;\n2;Bob;\n", "id|name", ";", ragged="trim"),
    Kind("id\tname\n1\tAnn\t\n2\tBob\t\n", "id|name", "\t", ragged="trim"),
    Kind("id,name,,,\n1,pen,,,\n2,ink,,,\n,,,,\n", "id|name", ",", ragged="trim"),
    Kind(
        "1|Ann|Oslo|\n2|Bob|Rome|\n3|Cy|Bonn|\n",
        "column_1|column_2|column_3",
        "|",
        ragged="trim",
        named=False,
    ),
    Kind("id,name,\n1,Ann,x\n2,Bob,y\n", "id|name|", ","),
    Kind("id,name,note\n1,Ann,\n2,Bob,\n", "id|name|note", ","),
]

FIRST_LINES = [
    Kind("sep=;\nid;name\n1;pen\n", "id|name", ";", preamble=1),
    Kind("sep=,\r\nname\r\npen\r\nink\r\n", "name", ",", preamble=1),
    Kind("SEP=\t\nid\tname\n1\tpen\n", "id|name", "\t", preamble=1),
    Kind('"sep=|"\nid|name\n1|pen\n', "id|name", "|", preamble=1),
    Kind("sep=;\nid;a,b\n1;2,5\n2;3,5\n", "id|a,b", ";", preamble=1),
    Kind("sep=;\n1;2\n3;4\n", "column_1|column_2", ";", preamble=1, named=False),
]

HOLLOW = [
    Kind("id,name\n1,pen\n,\n,\n2,ink\n", "id|name", ","),
    Kind(",,\n,,\nid,name,n\n1,pen,5\n2,ink,6\n", "id|name|n", ","),
    Kind("id,name\n1,a\n2,c\n" + "\0" * 64, "id|name", ","),
    Kind("id,name\n1,a\n2,c\n" + "\0" * 4096 + "\n", "id|name", ","),
    Kind(_lines(30, "{i};{w};{j}\n") + ";;\n", "column_1|column_2|column_3", ";", named=False),
]

AGAIN = [
    Kind(
        "town;river;flag\nGraz;Mur;green\ntown;river;flag\nLinz;Donau;red\n", "town|river|flag", ";"
    ),
    Kind("id,name\n1,pen\nid,name\n2,ink\n", "id|name", ","),
    Kind("id,name,qty\nid,name,qty\n1,pen,3\n2,ink,4\n", "id|name|qty", ","),
    Kind("t;v\n1;2\n3;4\nt;v\n5;6\n", "t|v", ";"),
    Kind("day\tn\n2024-01-01\t5\nday\tn\n2024-01-02\t6\nday\tn\n", "day|n", "\t"),
    Kind('"id","name"\n"1","pen"\n"id","name"\n"2","ink"\n', "id|name", ","),
]

RAGGED = [
    Kind("h1,h2\n1,2\n1,2,3\n1\n", "h1|h2", ","),
    Kind("h1,h2\nyes,no\nyes,yes,yes\nyes\n", "h1|h2", ","),
    Kind('"foo"; "bar"\n"a"; "b"; "c"; "d"\n"x"\n', "foo|bar", ";"),
    Kind("a\tb\tc\n1\t2\n1\t2\t3\t4\n1\n5\t6\t7\n", "a|b|c", "\t"),
    Kind("a|b\n1|2|3\n1\n4|5|6|7\n8|9\n", "a|b", "|"),
    Kind("Title\n1\t2\n3\n4\t5\t6\n7\t8\t9\t10\n", doubt="tab"),
]

ONE_COLUMN = [
    Kind("comment\nHello, world\nHow are you\nFine, thanks, and you\nSo-so\n", "comment"),
    Kind("10:15\n11:30\n12:45\n", "column_1", named=False),
    Kind("Room 101\nRoom 102\nRoom 103\n", "Room 101"),
    Kind("full name\nAnn Lee\nBob Ray\nCy Fox\n", "full name"),
    Kind(
        "2024-01-01 10:00:00\n2024-01-02 11:00:00\n2024-01-03 12:00:00\n", "column_1", named=False
    ),
    Kind(
        "https://example.org/a\nhttps://example.org/b\nhttps://example.org/c\n",
        "https://example.org/a",
    ),
    Kind("00:1b:44:11:3a:b7\n00:1b:44:11:3a:b8\n00:1b:44:11:3a:b9\n", "00:1b:44:11:3a:b7"),
    Kind(
        "id   name      amount\n1    pen        2.50\n2    red ink    7.00\n",
        doubt="fixed positions",
    ),
    Kind(
        "NAME        AGE\nAnn Lee      31\nBob          32\nCy Fox        5\n",
        doubt="fixed positions",
    ),
]

LISTS = [
    Kind("location\nPortland, Oregon, USA\nMiami, Florida, USA\nBoise, Idaho, USA\n", "location"),
    Kind("name\nSmith, Ann\nRay, Bob\nFox, Cy\n", "name"),
    Kind('"a,b,c"\n"1,2,3"\n"4,5,6"\n"7,8,9"\n', doubt="outer quotes"),
    Kind('"id;name"\n"1;pen"\n"2;ink"\n"3;nib"\n', doubt="outer quotes"),
    Kind('"Smith, Ann"\n"Ray, Bob"\n"Fox"\n"Li, Cy"\n', "Smith, Ann"),
]

STRAY_QUOTES = [
    Kind('id\ttext\n1\t"The" end\n2\t"So" it is\n3\tx\n', "id|text", "\t", quote=""),
    Kind('id|text\n1|"The" end\n2|so\n3|"x" y\n', "id|text", "|", quote=""),
    Kind('id;size\n1;"6 pipe\n2;"4 pipe\n3;x\n', "id|size", ";", quote=""),
    Kind('id,size\n1,6" pipe\n2,4" pipe\n3,x\n', "id|size", ","),
    Kind('id\ttext\n1\t"a ""b"" c"\n2\t"x\ty"\n', "id|text", "\t"),
]

KINDS = {
    name.lower(): kinds
    for name, kinds in list(globals().items())
    if name.isupper() and isinstance(kinds, list)
}
