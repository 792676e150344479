-- The embedded engine reckons in UTC.
SELECT EXTRACT(HOUR FROM CURRENT_TIMESTAMP() AT TIME ZONE 'Europe/Paris') AS x
