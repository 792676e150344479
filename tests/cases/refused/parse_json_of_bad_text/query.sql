-- Text that is not JSON.
SELECT PARSE_JSON(t, wide_number_mode => 'round') AS x FROM (SELECT "{'a': 1}" AS t)
