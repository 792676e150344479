-- JSON is not cast: its text is read by JSON_VALUE.
SELECT CAST(PARSE_JSON('1', wide_number_mode => 'round') AS INT64) AS x
