-- The mode is a literal.
SELECT PARSE_JSON('1', wide_number_mode => 'any') AS x
