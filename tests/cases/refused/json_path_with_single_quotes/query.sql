-- JSON_VALUE takes double quotes.
SELECT JSON_VALUE(JSON '{}', "$['a b']") AS x
