-- When messages that are kept no longer were written, one of a week and topic partition (some 60
-- bytes each, for 400 days): a snapshot begins with what came after the asking consumer's position.
CREATE TABLE outbox_marks (
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    sequence    bigint      NOT NULL,
    create_time timestamptz NOT NULL,
    CONSTRAINT pk_outbox_marks PRIMARY KEY (topic, partition, sequence)
);

-- When the owner of the messages was seen to have gone back behind what was applied; stays until
-- somebody takes its numbers as they are (`resync`).
ALTER TABLE inbox_positions ADD COLUMN went_back_time timestamptz;
