-- CAST of text that is no number names the text.
SELECT CAST(word AS INT64) AS x FROM (SELECT 'many' AS word)
