-- At the end of a text the engines count empty matches differently.
SELECT REGEXP_EXTRACT_ALL('abc', r'b*') AS x
