-- Letters such as EST are no time zone here.
SELECT DATETIME(CURRENT_TIMESTAMP(), 'EST') AS x
