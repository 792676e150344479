-- LIKE ANY is not translated.
SELECT 'abc' LIKE ANY ('a%', 'b%') AS x
