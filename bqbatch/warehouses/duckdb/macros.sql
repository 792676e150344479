-- GoogleSQL's functions where DuckDB's differ, as native macros. `typeof` of an argument is a constant once a
-- macro is bound, so a CASE over it costs nothing per row. Each has a case under tests/cases that GoogleSQL's
-- reference implementation answers the same.

CREATE SCHEMA IF NOT EXISTS googlesql;
CREATE SCHEMA IF NOT EXISTS bqbatch;

-- Statements that were carried out, so that none is carried out twice.
CREATE TABLE IF NOT EXISTS bqbatch.jobs (job_id VARCHAR, done_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS bqbatch.version (digest VARCHAR);

-- Text of a FLOAT64: no `.0`, and from 1e15 on with an exponent.
CREATE OR REPLACE MACRO googlesql.float_text(x) AS
  CASE
    WHEN NOT isfinite(x) THEN x::VARCHAR
    WHEN abs(x) >= 1e15 AND abs(x) < 1e16 THEN
      regexp_replace(regexp_replace(replace(x::VARCHAR, '.0', ''), '^(-?[0-9])([0-9]+)$', '\1.\2'), '\.?0*$', '') || 'e+15'
    WHEN ends_with(x::VARCHAR, '.0') THEN left(x::VARCHAR, len(x::VARCHAR) - 2)
    ELSE x::VARCHAR
  END;

-- Text of a TIMESTAMP or TIME fraction: in three or six digits.
CREATE OR REPLACE MACRO googlesql.fraction_text(x) AS
  CASE
    WHEN regexp_matches(x, '\.[0-9]{4,5}([^0-9]|$)') THEN regexp_replace(x, '\.([0-9]{4,5})', '.\100')
    ELSE x
  END;

CREATE OR REPLACE MACRO googlesql.cast_string(x, shown) AS
  CASE
    WHEN typeof(x) = 'VARCHAR' THEN x::VARCHAR
    WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN googlesql.float_text(try_cast(x AS DOUBLE))
    WHEN typeof(x) LIKE 'DECIMAL%' THEN
      CASE WHEN contains(x::VARCHAR, '.') THEN rtrim(rtrim(x::VARCHAR, '0'), '.') ELSE x::VARCHAR END
    WHEN typeof(x) IN ('BIGINT', 'INTEGER', 'SMALLINT', 'TINYINT', 'HUGEINT', 'UBIGINT', 'UINTEGER', 'USMALLINT', 'UTINYINT', 'BOOLEAN', 'DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'TIME', '"NULL"') THEN x::VARCHAR
    ELSE error('bqbatch: `' || shown || '` is ' || typeof(x) || ', which has no text of its own')
  END;

-- JSON text of a STRING: eleven characters are written otherwise than DuckDB's to_json does. A search for a short
-- text is cheap, so that only a text that holds one of them is spelled character by character.
CREATE OR REPLACE MACRO googlesql.string_json(x) AS
  CASE
    WHEN contains(to_json(x)::VARCHAR, '\u00') OR contains(x, chr(8232)) OR contains(x, chr(8233)) THEN
      '"' || array_to_string([
        CASE WHEN unicode(c) < 32 OR unicode(c) IN (8232, 8233)
          THEN CASE c WHEN chr(8) THEN '\b' WHEN chr(9) THEN '\t' WHEN chr(10) THEN '\n' WHEN chr(12) THEN '\f' WHEN chr(13) THEN '\r'
            ELSE printf('\u%04x', unicode(c)) END
          ELSE substr(to_json(c)::VARCHAR, 2, length(to_json(c)::VARCHAR) - 2) END
        FOR c IN regexp_extract_all(x, '(?s).')
      ], '') || '"'
    ELSE to_json(x)::VARCHAR
  END;

CREATE OR REPLACE MACRO googlesql.to_json_string(x, shown) AS
  CASE
    WHEN typeof(x) = 'VARCHAR' THEN coalesce(googlesql.string_json(x::VARCHAR), 'null')
    WHEN x IS NULL THEN 'null'
    WHEN typeof(x) = 'JSON' THEN json(x::VARCHAR)::VARCHAR
    WHEN typeof(x) IN ('BOOLEAN') THEN x::VARCHAR
    WHEN typeof(x) IN ('BIGINT', 'INTEGER', 'SMALLINT', 'TINYINT', 'HUGEINT', 'UBIGINT', 'UINTEGER', 'USMALLINT', 'UTINYINT') THEN
      CASE WHEN abs(try_cast(x AS HUGEINT)) > 9007199254740992 THEN '"' || x::VARCHAR || '"' ELSE x::VARCHAR END
    WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN
      CASE WHEN isfinite(try_cast(x AS DOUBLE)) THEN googlesql.cast_string(x, shown)
        ELSE '"' || CASE x::VARCHAR WHEN 'nan' THEN 'NaN' WHEN 'inf' THEN 'Infinity' ELSE '-Infinity' END || '"' END
    WHEN typeof(x) = 'DATE' THEN '"' || x::VARCHAR || '"'
    WHEN regexp_matches(typeof(x), '^(STRUCT|\[|[A-Z]+\[|.*\]$)') AND NOT regexp_matches(typeof(x), 'DOUBLE|FLOAT|DECIMAL|TIME|BLOB|JSON|MAP|UNION|INTERVAL|UUID') THEN
      CASE
        WHEN regexp_matches(to_json(x)::VARCHAR, '[\x{2028}\x{2029}]|\\u00(0[BEF]|1[A-F])|[:\[,]-?[0-9]{16,}[,}\]]')
          THEN error('bqbatch: TO_JSON_STRING(' || shown || ') meets a value that DuckDB writes otherwise')
        ELSE to_json(x)::VARCHAR
      END
    ELSE error('bqbatch: TO_JSON_STRING(' || shown || ') of ' || typeof(x))
  END;

-- Model text is JSON only if it is JSON to the letter: DuckDB's reader also takes NaN, Infinity, a trailing comma
-- and numbers no FLOAT64 holds.
CREATE OR REPLACE MACRO googlesql.safe_parse_json(x) AS
  CASE
    WHEN regexp_matches(x, '(?i)nan|inf|,\s*[\]}]|[0-9][eE]\+?[0-9]{3}|[0-9]{300}')
      AND regexp_matches(regexp_replace(x, '"(?:\\.|[^"\\])*"', '""', 'g'), '(?i)nan|inf|,\s*[\]}]|[0-9][eE]\+?[0-9]{3}|[0-9]{300}') THEN NULL
    ELSE try_cast(x AS JSON)
  END;

CREATE OR REPLACE MACRO googlesql.parse_json(x) AS
  CASE
    WHEN x IS NULL THEN NULL
    ELSE coalesce(googlesql.safe_parse_json(x), error('bqbatch: PARSE_JSON meets text that is not JSON')::JSON)
  END;

CREATE OR REPLACE MACRO googlesql.json_value(x, path) AS
  json_extract_string(json_value(try_cast(x AS JSON), path), '$');

-- All scalars at several paths, the text read once.
CREATE OR REPLACE MACRO googlesql.json_values(x, paths) AS json_value(try_cast(x AS JSON), paths);

CREATE OR REPLACE MACRO googlesql.json_query(x, path) AS
  json_extract(try_cast(x AS JSON), path);

CREATE OR REPLACE MACRO googlesql.json_query_array(x, path) AS
  CASE WHEN json_type(try_cast(x AS JSON), path) = 'ARRAY' THEN json_extract(try_cast(x AS JSON), path || '[*]')::JSON[] END;

-- A list finds the name in one look; a CASE would read the JSON again for each of its branches.
CREATE OR REPLACE MACRO googlesql.json_type_name(name) AS
  ['object', 'array', 'string', 'boolean', 'null', 'number', 'number', 'number'][
    list_position(['OBJECT', 'ARRAY', 'VARCHAR', 'BOOLEAN', 'NULL', 'UBIGINT', 'BIGINT', 'DOUBLE'], name)];

CREATE OR REPLACE MACRO googlesql.json_type(x) AS googlesql.json_type_name(json_type(x));

CREATE OR REPLACE MACRO googlesql.json_type_at(x, path) AS googlesql.json_type_name(json_type(x, path));

-- Casts of text take what GoogleSQL takes and nothing else.
CREATE OR REPLACE MACRO googlesql.safe_int64(x) AS
  CASE
    WHEN typeof(x) = 'VARCHAR' THEN
      CASE WHEN regexp_full_match(x::VARCHAR, '\s*[+-]?([0-9]+|0[xX][0-9a-fA-F]+)\s*') THEN try_cast(ltrim(trim(x::VARCHAR, e' \t\n\r\v\f'), '+') AS BIGINT) END
    WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN try_cast(round(try_cast(x AS DOUBLE)) AS BIGINT)
    ELSE try_cast(x AS BIGINT)
  END;

CREATE OR REPLACE MACRO googlesql.safe_float64(x) AS
  CASE
    WHEN typeof(x) = 'VARCHAR' THEN
      CASE WHEN regexp_full_match(x::VARCHAR, '(?i)\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?\s*|\s*[+-]?(inf|infinity|nan)\s*') THEN try_cast(trim(x::VARCHAR, e' \t\n\r\v\f') AS DOUBLE) END
    ELSE try_cast(x AS DOUBLE)
  END;

CREATE OR REPLACE MACRO googlesql.safe_numeric(x) AS
  CASE
    WHEN typeof(x) = 'VARCHAR' THEN
      CASE WHEN regexp_full_match(x::VARCHAR, '\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*') THEN try_cast(trim(x::VARCHAR, e' \t\n\r\v\f') AS DECIMAL(38, 9)) END
    ELSE try_cast(x AS DECIMAL(38, 9))
  END;

CREATE OR REPLACE MACRO googlesql.safe_bool(x) AS
  CASE
    WHEN typeof(x) = 'VARCHAR' THEN CASE lower(x::VARCHAR) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END
    ELSE try_cast(x AS BOOLEAN)
  END;

CREATE OR REPLACE MACRO googlesql.safe_date(x) AS
  CASE
    WHEN typeof(x) = 'VARCHAR' THEN CASE WHEN regexp_full_match(x::VARCHAR, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}') THEN try_cast(x::VARCHAR AS DATE) END
    ELSE try_cast(x AS DATE)
  END;

CREATE OR REPLACE MACRO googlesql.safe_time(x) AS
  CASE
    WHEN typeof(x) = 'VARCHAR' THEN
      CASE WHEN regexp_full_match(x::VARCHAR, '[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]{1,6})?') THEN try_cast(x::VARCHAR AS TIME) END
    ELSE try_cast(x AS TIME)
  END;

CREATE OR REPLACE MACRO googlesql.safe_datetime(x) AS
  CASE
    WHEN typeof(x) = 'VARCHAR' THEN
      CASE WHEN regexp_full_match(x::VARCHAR, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ Tt][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]{1,6})?)?') THEN try_cast(replace(replace(x::VARCHAR, 'T', ' '), 't', ' ') AS TIMESTAMP) END
    ELSE try_cast(x AS TIMESTAMP)
  END;

CREATE OR REPLACE MACRO googlesql.safe_timestamp(x) AS
  CASE
    WHEN typeof(x) = 'VARCHAR' THEN
      CASE WHEN regexp_full_match(x::VARCHAR, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ Tt][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]{1,6})?)?([Zz]|[+-][0-9]{1,2}(:[0-9]{2})?| UTC)?') THEN try_cast(replace(replace(replace(x::VARCHAR, 'T', ' '), 't', ' '), 'z', 'Z') AS TIMESTAMPTZ) END
    ELSE try_cast(x AS TIMESTAMPTZ)
  END;

-- A cast that can't be made is an error that shows the value.
CREATE OR REPLACE MACRO googlesql.made(value, x, type_name) AS
  CASE WHEN x IS NULL THEN NULL ELSE coalesce(value, error('bqbatch: can''t cast ''' || x::VARCHAR || ''' to ' || type_name)) END;

CREATE OR REPLACE MACRO googlesql.array_text(items, separator) AS
  CASE WHEN items IS NULL THEN NULL ELSE array_to_string(list_filter(items, lambda item: item IS NOT NULL), separator) END;

CREATE OR REPLACE MACRO googlesql.substr(x, start, length) AS
  CASE
    WHEN length < 0 THEN error('bqbatch: SUBSTR with a negative length')
    WHEN start > 0 THEN substr(x, start, length)
    WHEN start = 0 THEN substr(x, 1, length)
    WHEN -start > len(x) THEN substr(x, 1, length)
    ELSE substr(x, len(x) + start + 1, length)
  END;

-- What the adapter itself asks.
CREATE OR REPLACE MACRO bqbatch.comment_of(in_schema, of_name) AS TABLE
  SELECT comment FROM duckdb_tables() WHERE schema_name = in_schema AND table_name = of_name
  UNION ALL
  SELECT comment FROM duckdb_views() WHERE schema_name = in_schema AND view_name = of_name;

CREATE OR REPLACE MACRO bqbatch.is_done(id) AS TABLE
  SELECT count(*) > 0 AS done FROM bqbatch.jobs WHERE job_id = id;
