-- A moment is moved by days and less.
SELECT TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 1 MONTH) AS x
