-- As in GoogleSQL, a character is replaced by one other.
SELECT TRANSLATE('abc', 'aa', 'xy') AS x
