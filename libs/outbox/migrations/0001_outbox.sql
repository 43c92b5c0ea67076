-- Messages to publish. A row is one Kafka message; it gets its place in the gap-free sequence of its
-- topic partition from the relay, in the order of committed transactions.
CREATE TABLE outbox (
    outbox_id   bigint      GENERATED ALWAYS AS IDENTITY,
    xid         xid8        NOT NULL DEFAULT pg_current_xact_id(),
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    message_key text        NOT NULL,
    payload     bytea       NOT NULL,
    trace_id    text        NOT NULL DEFAULT '',
    sequence    bigint,
    create_time timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_outbox PRIMARY KEY (outbox_id)
);
CREATE INDEX ix_outbox_unsequenced ON outbox (xid, outbox_id) WHERE sequence IS NULL;
CREATE UNIQUE INDEX uq_outbox_topic_partition_sequence ON outbox (topic, partition, sequence)
    WHERE sequence IS NOT NULL;
CREATE INDEX ix_outbox_create_time ON outbox USING brin (create_time);

-- Where each topic partition stands: the next sequence to give, and the last one the broker acked.
CREATE TABLE outbox_positions (
    topic              text    NOT NULL,
    partition          integer NOT NULL,
    next_sequence      bigint  NOT NULL DEFAULT 1,
    published_sequence bigint  NOT NULL DEFAULT 0,
    CONSTRAINT pk_outbox_positions PRIMARY KEY (topic, partition)
);

-- Where this service stands in the topics it consumes. A consumer that was replaced (older epoch)
-- can no longer move a position, and its transaction fails with it.
CREATE TABLE inbox_positions (
    topic         text    NOT NULL,
    partition     integer NOT NULL,
    next_offset   bigint  NOT NULL DEFAULT 0,
    last_sequence bigint  NOT NULL DEFAULT 0,
    epoch         bigint  NOT NULL DEFAULT 0,
    CONSTRAINT pk_inbox_positions PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- Messages that could not be taken in, for a person to look at and redrive.
CREATE TABLE dead_letters (
    dead_letter_id bigint      GENERATED ALWAYS AS IDENTITY,
    topic          text        NOT NULL,
    partition      integer     NOT NULL,
    message_offset bigint      NOT NULL,
    sequence       bigint      NOT NULL,
    message_key    text        NOT NULL,
    payload        bytea       NOT NULL,
    reason         text        NOT NULL,
    create_time    timestamptz NOT NULL DEFAULT now(),
    redrive_time   timestamptz,
    CONSTRAINT pk_dead_letters PRIMARY KEY (dead_letter_id)
);
