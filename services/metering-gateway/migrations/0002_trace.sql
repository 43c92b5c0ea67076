-- The trace of the call or message that ordered a command; its later events carry it too.
ALTER TABLE commands ADD COLUMN trace_id text NOT NULL DEFAULT '';
