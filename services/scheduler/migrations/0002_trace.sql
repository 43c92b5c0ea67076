-- The trace of the call that ordered a task; the gateway's commands carry it too.
ALTER TABLE tasks ADD COLUMN trace_id text NOT NULL DEFAULT '';
