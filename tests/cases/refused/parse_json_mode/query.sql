-- Without a mode some numbers are errors.
SELECT PARSE_JSON('1') AS x
