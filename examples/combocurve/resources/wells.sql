SELECT data_source AS "dataSource",
       chosen_id AS "chosenID",
       api14 AS "api14",
       well_name AS "wellName",
       county AS "county",
       state AS "state",
       first_prod_date AS "firstProdDate",
       lateral_length AS "lateralLength",
       surface_latitude AS "surfaceLatitude",
       surface_longitude AS "surfaceLongitude"
FROM wells
ORDER BY id
