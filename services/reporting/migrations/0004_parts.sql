-- What the charges of each partition added up to is kept apart, so that a snapshot of a partition can
-- take its place. Partition p is filled anew as -1 - p, which nobody reads, and then put in.
--
-- The sums so far are of all partitions together: they are given up and folded again, from the topic
-- or from account's snapshot.
DELETE FROM room_days;
DELETE FROM room_hours;
DELETE FROM unplaced_charges;
DELETE FROM folded_messages;
UPDATE totals SET charge_micros = 0, energy_wh = 0, water_ml = 0, charge_count = 0;
UPDATE inbox_positions SET next_offset = 0, last_sequence = 0
WHERE topic = 'prepay.account.charge-postings.v1';

ALTER TABLE room_days
    ADD COLUMN partition integer NOT NULL,
    DROP CONSTRAINT pk_room_days,
    ADD CONSTRAINT pk_room_days PRIMARY KEY (local_date, room_id, partition);
ALTER TABLE room_hours
    ADD COLUMN partition integer NOT NULL,
    DROP CONSTRAINT pk_room_hours,
    ADD CONSTRAINT pk_room_hours PRIMARY KEY (start_time, room_id, partition);
ALTER TABLE unplaced_charges ADD COLUMN partition integer NOT NULL;

CREATE INDEX ix_room_days_fresh ON room_days (partition) WHERE partition < 0;
CREATE INDEX ix_room_hours_fresh ON room_hours (partition) WHERE partition < 0;
