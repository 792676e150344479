-- A time zone that is not written out can't be checked.
SELECT DATE(CURRENT_TIMESTAMP(), z) AS x FROM (SELECT 'Europe/Paris' AS z)
