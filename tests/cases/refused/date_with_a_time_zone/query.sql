-- The embedded engine reckons in UTC.
SELECT DATE(CURRENT_TIMESTAMP(), 'Europe/Paris') AS x
