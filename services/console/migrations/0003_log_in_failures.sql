-- Wrong passwords by name (whether or not there is such a user), by address, and by both. Kept for
-- an hour; the console bounds the number of rows.
CREATE TABLE log_in_failures (
    kind          text        NOT NULL,
    key           text        NOT NULL,
    failure_count integer     NOT NULL,
    last_time     timestamptz NOT NULL,
    CONSTRAINT pk_log_in_failures PRIMARY KEY (kind, key),
    CONSTRAINT ck_log_in_failures_kind CHECK (kind IN ('name', 'address', 'pair')),
    CONSTRAINT ck_log_in_failures_failure_count CHECK (failure_count >= 0)
);
CREATE INDEX ix_log_in_failures_last_time ON log_in_failures (last_time);

-- A name is no longer locked for everybody.
ALTER TABLE users DROP COLUMN failure_count, DROP COLUMN locked_until;
