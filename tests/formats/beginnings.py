"""Inputs whose table begins where it is easily overlooked, or whose records end unusually."""

from __future__ import annotations

from tests.formats.kinds import Kind

_TEXT = "Ann,Oslo\nBob,Rome\nCy,Kiel\n"
_VALUES = "1,2.5\n2,3.5\n3,4.5\n"

AGAIN_OVER_TEXT = [
    Kind("name,city\nAnn,Oslo\nname,city\nBob,Rome\n", "name|city", ","),
    Kind('name;city\nAnn;Oslo\n"name";"city"\nBob;Rome\n', "name|city", ";"),
    Kind('"name","city"\n"Ann","Oslo"\nname,city\n"Bob","Rome"\n', "name|city", ","),
    Kind("name\tcity\r\nAnn\tOslo\r\n name\tcity \r\nBob\tRome\r\n", "name|city", "\t"),
    Kind("\ufeffname,city\nAnn,Oslo\n\ufeffname,city\nBob,Rome\n", "name|city", ","),
    Kind('\ufeff"name","city"\n"Ann","Oslo"\n\ufeff"name","city"\n"Bo","Rome"\n', "name|city", ","),
    Kind("name,city\nname,city\nAnn,Oslo\nBob,Rome\n", "name|city", ","),
    Kind("name|city\nAnn|Oslo\nname|city\nAnn|Oslo\n", "name|city", "|"),
    Kind(
        "level,part\nINFO,web\nINFO,db\nWARN,web\nlevel,part\nINFO,web\nWARN,db\n",
        "level|part",
        ",",
    ),
    Kind('"na\nme",city\nAnn,Oslo\n"na\nme",city\nBob,Rome\n', "na\nme|city", ","),
    Kind("name\nAnn\n\ufeffname\nBob\n", "name"),
    Kind("id\n1\nid\n2\n", "id"),
    # Values that come again.
    Kind("No,red\nYes,blue\nNo,red\n", "column_1|column_2", ",", named=False),
    Kind("Ann,Oslo\nBob,Rome\nAnn,Oslo\nCy,Oslo\n", "column_1|column_2", ",", named=False),
    Kind(
        "DE,Germany\nFR,France\nDE,Germany\nIT,Italy\nFR,France\n",
        "column_1|column_2",
        ",",
        named=False,
    ),
    Kind("yes,no\nno,yes\nyes,no\nno,no\n", "column_1|column_2", ",", named=False),
    Kind("name\nAnn\nname\nBob\n", "column_1", named=False),
]

REMARKS = [
    Kind(f"# made, by\n# on, monday\nid,val\n{_VALUES}", "id|val", ",", preamble=2),
    Kind(f"# made, by\nid,val\n{_VALUES}", "id|val", ",", preamble=1),
    Kind(f"# made, by\n# on, monday\nname,city\n{_TEXT}", "name|city", ",", preamble=2),
    Kind(f"# made, by\nname,city\n{_TEXT}", "name|city", ",", preamble=1),
    Kind(f"# made by,T\nid,n\n{_VALUES}", "id|n", ",", preamble=1),
    Kind(f"#t,v\ns,m\n{_VALUES}", "#t|v", ",", after=1),
    Kind(f"// made, by\n// on, monday\nid,val\n{_VALUES}", "id|val", ",", preamble=2),
    Kind(f"-- made, by\n-- on, monday\nid,val\n{_VALUES}", "id|val", ",", preamble=2),
    Kind("% made; by\n% on; monday\nname;city\nAnn;Oslo\nBob;Rome\n", "name|city", ";", preamble=2),
    Kind("# remark\nname\npen\nink\n", "name", preamble=1),
    Kind("# made, by\nname\npen\nink\nnib\n", "name", preamble=1),
    Kind("# one\n# two, three\nn\n5\n6\n7\n", "n", preamble=2),
    Kind("#made by hand\nname\npen\nink\n", "name", preamble=1),
    Kind('"# made","by"\n"id","val"\n"1","2"\n"3","4"\n', "id|val", ",", preamble=1),
    Kind(f"# a,b\n# c,d\n#id,val\n{_VALUES}", "#id|val", ",", preamble=2),
    Kind(f"##a,b\n##c,d\n#name,city\n{_TEXT}", "#name|city", ",", preamble=2),
    # The header.
    Kind(f"#name,city\n{_TEXT}", "#name|city", ","),
    Kind(f"# x,y\n{_VALUES}", "# x|y", ","),
    Kind("#tags\npen\nink\n", "#tags"),
    # Nobody can tell.
    Kind(f"# name,city\n{_TEXT}", doubt="--skip-rows 1 if it is a comment"),
    Kind(f"# made, by\n{_VALUES}", doubt="--skip-rows 0 if it is the header"),
    Kind(f"# made, by\n# on, monday\n{_VALUES}", doubt="whether line 2 is a comment"),
    Kind("# depth\n5\n6\n7\n", doubt="whether line 1 is a comment"),
    Kind("# made, by\na,b,c\n1,2\n3,4\n5,6\n", doubt="whether line 1 is a comment"),
    # What stands above has no say in the delimiter.
    Kind("-- made by\na,b;c\n1,2;3\n4,5;6\n", doubt="--delimiter ';' or --delimiter ','"),
    Kind("% made, by\na,b;c\n1,2;3\n4,5;6\n", doubt="--delimiter ',' or --delimiter ';'"),
    Kind("// made, by\nred;a,b\nblue;c,d\n", doubt="--delimiter ',' or --delimiter ';'"),
    Kind("Report of May\na,b;c\n1,2;3\n4,5;6\n", doubt="--delimiter ';' or --delimiter ','"),
    Kind("-- made by\nid name\n1 pen\n2 ink\n", doubt="--delimiter none or --delimiter space"),
    Kind("// made, by\na:b\n1:2\n3:4\n", doubt="--delimiter none or --delimiter ':'"),
]

PAIRS = [
    Kind(f"Report,Sales\nDate,2024-01-01\nid,amount\n{_VALUES}", "id|amount", ",", preamble=2),
    Kind(
        "Report,Sales\nDate,2024-01-01\nname,amount\nAnn,2.5\nBob,3.5\nCy,4.5\n",
        "name|amount",
        ",",
        preamble=2,
    ),
    Kind("Report;Sales\nTotal;55\nid;amount\n1;2,5\n2;3,5\n3;4,5\n", "id|amount", ";", preamble=2),
    Kind(
        "Kunde\tMeier\nDatum\t01.02.2024\nTag\tBetrag\n2024-01-01\t5\n2024-01-02\t6\n",
        "Tag|Betrag",
        "\t",
        preamble=2,
    ),
    Kind(f"Report:,Sales\nAuthor:,Ann\nname,city\n{_TEXT}", "name|city", ",", preamble=2),
    Kind(f"Report:,Sales\nname,city\n{_TEXT}", "name|city", ",", preamble=1),
    Kind(
        "Report,Sales,\nDate,2024-01-01,\nid,name,n\n1,pen,2.5\n2,ink,3.5\n",
        "id|name|n",
        ",",
        preamble=2,
    ),
    Kind(
        "Report,Sales,,\nDate,2024-01-01,,\nname,town,a,b\npen,x,y,z\nink,u,v,w\n",
        "name|town|a|b",
        ",",
        preamble=2,
    ),
    Kind(f"Report,Sales\nAuthor,Ann\nid,amount\n{_VALUES}", doubt="--skip-rows 2"),
    Kind(f"Report,Sales\nid,amount\n{_VALUES}", doubt="--skip-rows 1"),
    Kind("Report,Sales\nBy,Ann\nid,n\n1,2\n3,4\n5,6\n", doubt="--skip-rows 2"),
    Kind("Report,Sales\nBy,Ann\nname,n\nDi,2\nBob,3\nCy,4\n", doubt="--skip-rows 2"),
    # Records all the same.
    Kind("id,price\nA1,ask\nA2,5\nA3,7\n", "id|price", ","),
    Kind("name,n\nAnn,5\nx,soon\nBob,6\nCy,7\n", "name|n", ","),
    Kind("name,n\nAnn,n/a\nDi,soon\nBob,6\nCy,7\n", "name|n", ","),
    Kind("name,n\nAnn,absent\nBob,absent\nCy,5\nDi,6\n", "name|n", ","),
    Kind("name,day\nAnn,2024-01-01\nBob,soon\nCy,2024-01-02\n", "name|day", ","),
]

FURTHER_ROWS = [
    Kind(
        "Sales,Sales,Cost\n2020,2021,2020\nq1,q2,q1\n10,20,30\n11,21,31\n12,22,32\n",
        "Sales|Sales|Cost",
        ",",
        after=2,
    ),
    Kind(
        "region;Sales;Cost\n;2020;2021\n;EUR;EUR\nnorth;10;20\nsouth;11;21\n",
        "region|Sales|Cost",
        ";",
        after=2,
    ),
    Kind(
        "id,name,qty\nno.,text,pieces\n---,---,---\n1,pen,3\n2,ink,4\n",
        "id|name|qty",
        ",",
        after=2,
    ),
    Kind(
        "id,name,qty\n---,---,---\nno.,text,pieces\n1,pen,3\n2,ink,4\n",
        "id|name|qty",
        ",",
        after=2,
    ),
    Kind("t,v,w\nleft,right,top\ns,m,m\n1,2,3\n4,5,6\n", "t|v|w", ",", after=2),
    Kind(
        "a\tb\tc\nx1\tx2\tx3\ny1\ty2\ty3\n[s]\t[m]\t[m]\n1\t2\t3\n4\t5\t6\n", "a|b|c", "\t", after=3
    ),
    Kind(
        "Sales,,Cost,\n2020,2021,2020,2021\nq1,q2,q1,q2\n1,2,3,4\n5,6,7,8\n",
        "Sales||Cost|",
        ",",
        after=2,
    ),
    Kind(
        "Sales,Sales,Cost\n1,2,1\nq1,q2,q1\n10,20,30\n11,21,31\n", doubt="--skip-rows 0,2 to skip"
    ),
    Kind("Sales,Sales,Cost\n2020,2021,2020\n10,20,30\n11,21,31\n", doubt="--skip-rows 0,1 to skip"),
    Kind("Sales,,,\n2020,2021,2020,2021\nq1,q2,q1,q2\n1,2,3,4\n5,6,7,8\n", doubt="--skip-rows 0,2"),
    # Records all the same.
    Kind("a,b,c\n1,2,3\nx,n/a,y\n7,8,9\n1,3,5\n", "a|b|c", ","),
    Kind("name,n,m\nAnn,1,2\nBob,unknown,unknown\nCy,3,4\nDi,5,6\n", "name|n|m", ","),
    Kind("name,year\nAnn,2020\nBob,2021\nCy,2022\n", "name|year", ","),
]

SEPARATORS = [
    Kind("id\x1fname\x1e1\x1fp\nen\x1e2\x1fi\nnk\x1e", "id|name", "\x1f", terminator="rs"),
    Kind("id\x1fname\x1e1\x1fp\ne\nn\x1e2\x1fi\nn\nk\x1e", "id|name", "\x1f", terminator="rs"),
    Kind("id\x1fname\x1e1\x1fp\ne\nn\x1e2\x1fi\nn\nk\x1e\n", "id|name", "\x1f", terminator="rs"),
    Kind("id\x1fname\x1e1\x1fpen\x1e2\x1fink\x1e\r\n", "id|name", "\x1f", terminator="rs"),
    Kind(
        "1\x1fp\ne\nn\x1e2\x1fi\nn\nk\x1e3\x1fa\nb\nc\x1e",
        "column_1|column_2",
        "\x1f",
        terminator="rs",
        named=False,
    ),
    Kind("n\x1fm\x1ea\r\nb\x1fc\r\nd\x1ee\x1ff", "n|m", "\x1f", terminator="rs"),
    Kind("id,tags\n1,a\x1fb\x1ec\x1fd\n2,e\x1ff\x1eg\x1fh\n", "id|tags", ","),
    Kind(
        "id\x1fname\x1e1\x1fp\ne\nn\x1e2\x1fi\nn\nk\x1fz\x1e3\x1e", doubt="--delimiter ^_ if U+001F"
    ),
]
