-- Every log of this database, proved: its entries are all there, each leaf is the hash of its entry,
-- and the tree over them has the root that was signed (RFC 6962 §2.1). Changes nothing that stays.

CREATE FUNCTION pg_temp.root_of(wanted text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    level bytea[] := ARRAY(SELECT leaf FROM log_entries WHERE log = wanted ORDER BY seq);
    above bytea[];
BEGIN
    IF level = '{}' THEN
        RETURN sha256('');
    END IF;
    WHILE cardinality(level) > 1 LOOP
        -- Pairs from the left; a last one without a partner goes up as it is.
        SELECT array_agg(
            CASE WHEN level[i + 1] IS NULL THEN level[i]
                 ELSE sha256('\x01'::bytea || level[i] || level[i + 1]) END ORDER BY i)
        INTO above
        FROM generate_series(1, cardinality(level), 2) AS i;
        level := above;
    END LOOP;
    RETURN level[1];
END $$;

DO $$
DECLARE
    bad text;
BEGIN
    SELECT string_agg(logs.log, ', ') INTO bad
    FROM logs LEFT JOIN LATERAL (
        SELECT count(*) AS entries, coalesce(min(seq), 0) AS first, coalesce(max(seq), -1) AS last,
               coalesce(bool_and(leaf = sha256('\x00'::bytea || bytes)), true) AS hashed
        FROM log_entries WHERE log_entries.log = logs.log
    ) AS kept ON true
    WHERE (kept.entries, kept.first, kept.last, kept.hashed) IS DISTINCT FROM (size, 0, size - 1, true)
       OR pg_temp.root_of(logs.log) IS DISTINCT FROM root;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'not what was signed: %', bad;
    END IF;
    IF EXISTS (SELECT FROM log_entries WHERE log NOT IN (SELECT log FROM logs)) THEN
        RAISE EXCEPTION 'there are entries of a log that has no head';
    END IF;
END $$;

SELECT log, size, encode(root, 'hex') FROM logs ORDER BY log;
