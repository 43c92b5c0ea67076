-- Who publishes the outbox. The leader renews the row; a standby that sees the same renewal for the
-- time of a lease takes over with the next epoch, and every change of the old one fails.
CREATE TABLE outbox_relay_lease (
    lease_id integer NOT NULL DEFAULT 1,
    epoch    bigint  NOT NULL DEFAULT 0,
    renewal  bigint  NOT NULL DEFAULT 0,
    held     boolean NOT NULL DEFAULT false,
    CONSTRAINT pk_outbox_relay_lease PRIMARY KEY (lease_id),
    CONSTRAINT ck_outbox_relay_lease_lease_id CHECK (lease_id = 1)
) WITH (fillfactor = 10);
INSERT INTO outbox_relay_lease DEFAULT VALUES;

-- Messages that the broker refused for their size. They keep their place in the sequence: consumers
-- see a gap and fetch them from the outbox.
CREATE TABLE outbox_set_aside (
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    sequence    bigint      NOT NULL,
    byte_count  bigint      NOT NULL,
    reason      text        NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_outbox_set_aside PRIMARY KEY (topic, partition, sequence)
);
