-- SUM adds numbers.
SELECT SUM(word) AS x FROM UNNEST(['a']) AS word
