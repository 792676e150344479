-- %F is not read, in GoogleSQL either.
SELECT PARSE_DATE('%F', '2024-01-02') AS x
