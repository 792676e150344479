-- As in GoogleSQL, an empty array has no first item.
SELECT ARRAY_FIRST(items) AS x FROM (SELECT CAST([] AS ARRAY<STRING>) AS items)
