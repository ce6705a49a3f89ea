SELECT w.data_source AS "dataSource",
       w.chosen_id AS "chosenID",
       p.day AS "date",
       p.oil AS "oil",
       p.gas AS "gas",
       p.water AS "water",
       p.hours_on AS "hoursOn"
FROM daily_productions AS p
JOIN wells AS w ON w.id = p.well_id
ORDER BY p.well_id, p.day
