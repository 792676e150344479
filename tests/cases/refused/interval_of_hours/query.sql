-- DATE_ADD moves a day by whole days.
SELECT DATE_ADD(DATE '2024-01-01', INTERVAL 1 HOUR) AS x
