"""Small files, each with one oddity, written out."""

SNAPSHOT = """\
user_id,name,store_name,credit_limit
1,Ida,Harbour Hats,2500.5
2,Oskar,Lakeside Lamps,310.004
3,Mina,Bridge Bakery,82
4,Theo,Orchard Outfitters,20000
5,Lena,Gable Gardens,750.0"""

LATER = """\
user_id,name,store_name,credit_limit
1,Ruben,Harbour Hats,2500.5
2,Karin,Lakeside Lamps,310.004
3,Mina,Bridge Bakery,97
4,Theo,Orchard Outfitters,20000
5,Lena,Gable Gardens,750.25
6,Jonas,Mill Music,41000"""

FILMS_BEGIN = """\
year;length;title;subject;actor;actress;director;popularity;awards;image
1951;97;The Lamp in the Attic;Drama;Moreau, Paul;Halloran, Edith;Lindqvist, Ove;41;No;lamp.png
1988;104;Night Ferry, The;Horror;Castellan, Ben;Oyelaran, Ruth;Marsh, Colin;77;Yes;ferry.png
1963;88;Salt Road; The;Western;Garrick, Tom;Ames, Dora;Whitlow, Hugh;12;No;road.png
1972;119;Borders;Action;Petrov, Ilya;Ames, Dora;Kessel, Martin;9;No;borders.png
1949;101;Four Winters;Drama;Moreau, Paul;Stein, Klara;Whitlow, Hugh;18;No;winters.png

1985;93;"The Grey Heron";Action;Castellan, Ben;Ames, Dora;Peña, Tomás de la;22;No;heron.png
1990;90;Harbour Lights: A Tale of Two Quays, The;Drama;Quist, Jan D.;Adler, Nan;Boyd, Sam;31;No;q.png
1977;107;Platform Nine;Drama;Laurent, Marc;Hadley, Isa;Rochefort, Alain;8;No;platform.png
1992;141;The Sculptor's Hand;Drama;Laurent, R�mi;Hadley, Isa;Vasseur, Bruno;37;No;hand.png
1984;176;Brother and Sister;Drama;Sjöberg, Börje;Adelsköld, Karin;Lindqvist, Ove;83;Yes;sister.png
1967;99;A Bridge & a River;Drama;Laurent, Marc;Caron, Anne;Rochefort, Alain;49;Yes;bridge.png
1987;111;A Bridge & a River: Ten Years On;Drama; Comedy;Laurent, Marc;Caron, Anne;Boyd, Sam;45;No;r.png
1967;99;Un puente y un río;Drama;Laurent, Marc;Caron, Anne;Rochefort, Alain;5;Yes;bridge.png
1986;
1978;146;Airfield Affair, The;Drama;Hale, Anthony;Alder, Denise;Kurz, Bea;54;No;airfield.png
2018;112;Night Ferry, The;Adventure;Glass, Don;Woods,Alma;Farrow, Jo;57;Yes;ferry.png
1930;81;Poison Pen;Mystery;Longfield, Jack;Alden, Sara;Hartnell, Alec;3;No;pen.png
1964;105;Pelican Reef;Comedy;Wynne, Jack;Allan, Beth;Foster, Jim;64;No;reef.png
1982;103;Man Upstairs, The;Drama;Laurent, R�mi;Ardennes, Sophie;Tr�court, Luc;80;No;stairs.png
"""

FILMS_BY_HAND = """\
year;length;title;subject;actor;actress;director;popularity;awards;image
1988;104;A picture that moves;The, Horror;Castellan, Ben;Oyelaran, Ruth;Marsh, Colin;77;No;ferry.gif
1949;101;As popular as can be;Drama;Moreau, Paul;Stein, Klara;Whitlow, Hugh;100.0;No;winters.png
1949;101;A little too popular;Drama;Moreau, Paul;Stein, Klara;Whitlow, Hugh;100.01;No;winters.png
1949;101;No number;Drama;Moreau, Paul;Stein, Klara;Whitlow, Hugh;1Null;No;winters.png

2021;93;"Now";Action;Castellan, Ben;Ames, Dora;Peña, Tomás de la;22;No;heron.png
1888;93;"Old";Action;Castellan, Ben;Ames, Dora;Peña, Tomás de la;22;No;heron.png
2022;93;Tomorrow;Action;Castellan, Ben;Ames, Dora;Peña, Tomás de la;22;No;heron.png
1887;93;too old;Action;Castellan, Ben;Ames, Dora;Peña, Tomás de la;22;No;heron.png
"""

# Pasted from a spreadsheet: titles, CRLF, an LF inside of a quoted label, and notes below.
ENERGY = """\
"Heat used by workshops, by trade, 2010 to 2017",,,,,,,,\r
thousand units,,,,,,,,\r
,,,,,,,,\r
Year,2010,2011,2012,2013,2014,2015,2016,2017\r
Carpenters,"1,204","1,198","1,177","1,160","1,171","1,149","1,120","1,101"\r
Other wood,310,305,297,288,291,280,276,270\r
"Brick, tile and pottery","4,410","4,391","4,402","4,377","4,365","4,298","4,290","4,244"\r
Smiths and foundries,"19,871","19,544","19,120","18,902","18,733","18,410","18,222","17,956"\r
Other crafts,"1,020",998,"1,003",991,987,969,970,955\r
Ragmen,212,220,231,229,240,244,251,249\r
Bakers and brewers,"9,903","9,870","9,911","9,854","9,812","9,799","9,802","9,743"\r
Weavers,"2,377","2,301","2,288","2,190","2,154","2,101","2,077","2,010"\r
Dyers,"3,090","3,044","3,011","2,987","2,950","2,903","2,888","2,861"\r
"Clockmakers \nand toolmakers","5,512","5,498","5,470","5,444","5,430","5,401","5,377","5,350"\r
"Printers, binders\nand paper mills","6,620","6,581","6,540","6,490","6,433","6,390","6,310","6,255"\r
Rubber & cork,845,840,832,829,811,806,799,790\r
"Lime, sand \nand stone","7,733","7,702","7,650","7,611","7,580","7,522","7,490","7,431"\r
Total,"63,107","62,492","62,032","61,352","61,057","60,272","59,872","59,215"\r
,,,,,,,,\r
Source: invented.,,,,,,,,\r
"Note: heat from the grid counts, at a constant factor",,,,,,,,\r
"""

NULLS = """\
1,null,0,0
2,1,0,null
3,null,,
4,null,1,null
5,0,0,
6,1,1,
7,null,0,null
8,0,0,1
9,1,1,null
10,null,0,0
"""

TEXTS = {
    "only-blank-lines.csv": "\n\n",
    "empty.csv": "",
    "record-too-short.csv": "id,town,rain\n1,Ulm",
    "record-too-long.csv": "id,town,rain\n1,Ulm,2,3",
    "header-alone.csv": "id,town,rain",
    "header-and-line-end.csv": "street,town,river\n",
    "missing-quote.csv": 'id,town,rain\n1,"Ulm and nobody closes it,3',
    "quote-inside-quotes.csv": 'id,town,rain\n1,"Ulm, the " city",3',
    "quotes-without-quotes.csv": 'id,town,rain\n1,The "old" town of Ulm,3',
    "leading-space.csv": "id,town,rain\n1, Ulm on the Danube,3",
    "trailing-space.csv": "id,town,rain\n1,Ulm on the Danube ,3",
    "doubled-quote.csv": 'id,town,rain\n1,"The "" of Ulm, doubled",3',
    "line-end-inside-quotes.csv": 'id,town,rain\n1,"Ulm on the Danube,\nand Neu-Ulm",3',
    "one-column.csv": "rain\n1\n",
    "null-words.csv": NULLS,
    "spaces-after-a-comma.csv": "name,town\nada,    ulm\nbruno,bern\n",
    "spaces-before-quotes.csv": (
        "day, seen on, metres, place\n2012-03-01, 24 March 2012, 0,\n"
        '2012-03-02, 25 March 2013, -1,Ulm and beyond\n2012-03-03, , "6,000,000",Ulm'
    ),
    "byte-order-mark.csv": "\ufefftown,rain",
    "titles-and-notes.csv": ENERGY,
    "snapshot_20230101.csv": SNAPSHOT,
    "snapshot_20230603.csv": LATER,
    "snapshot_20230101.edited.csv": f"{SNAPSHOT}\n17,Vera,Gable Gardens,23.0",
    "films-begin.csv": FILMS_BEGIN,
    "films-by-hand.csv": FILMS_BY_HAND,
}


def files() -> dict[str, bytes]:
    return {name: text.encode() for name, text in TEXTS.items()}
