CREATE TABLE wells (
    id integer PRIMARY KEY,
    data_source varchar(10) NOT NULL,
    chosen_id varchar(20),
    api14 char(14),
    well_name varchar(60) NOT NULL,
    county varchar(40),
    state char(2),
    first_prod_date date,
    lateral_length numeric(8, 2),
    surface_latitude numeric(10, 7),
    surface_longitude numeric(10, 7)
) CHARACTER SET utf8mb4;
CREATE TABLE daily_productions (
    well_id integer NOT NULL,
    day date NOT NULL,
    oil numeric(12, 3),
    gas numeric(12, 3),
    water numeric(12, 3),
    hours_on numeric(4, 2),
    PRIMARY KEY (well_id, day)
) CHARACTER SET utf8mb4;
