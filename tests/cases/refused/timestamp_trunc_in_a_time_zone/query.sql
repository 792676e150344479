-- A clock is not turned back to a TIMESTAMP.
SELECT TIMESTAMP_TRUNC(CURRENT_TIMESTAMP(), DAY, 'Europe/Paris') AS x
