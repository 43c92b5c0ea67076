-- Which outbox this is: a database made anew has another one, and its sequences begin again.
CREATE TABLE outbox_identity (
    only_row  boolean NOT NULL DEFAULT true,
    stream_id text    NOT NULL DEFAULT gen_random_uuid()::text,
    CONSTRAINT pk_outbox_identity PRIMARY KEY (only_row),
    CONSTRAINT ck_outbox_identity_only_row CHECK (only_row)
);
INSERT INTO outbox_identity DEFAULT VALUES;

-- The outbox whose messages were applied here; empty = not asked yet.
ALTER TABLE inbox_positions ADD COLUMN owner_stream_id text NOT NULL DEFAULT '';
