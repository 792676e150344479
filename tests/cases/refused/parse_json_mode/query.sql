-- Without a mode, a number of many digits is an error.
SELECT PARSE_JSON('0.123456789012345678') AS x
