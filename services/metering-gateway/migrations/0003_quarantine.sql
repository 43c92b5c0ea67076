-- A register that does not continue its meter's last good one waits here until a person decides.
ALTER TABLE rejected_readings
    ADD COLUMN state              text        NOT NULL DEFAULT 'noted',
    ADD COLUMN previous_read_time timestamptz,
    ADD COLUMN latest_total       bigint,
    ADD COLUMN latest_read_time   timestamptz,
    ADD COLUMN after_change       boolean     NOT NULL DEFAULT false,
    ADD COLUMN frames             bytea,      -- prepay.metering.v1.Anomaly with frames only.
    ADD COLUMN decision           text        NOT NULL DEFAULT '',
    ADD COLUMN opening_total      bigint,
    ADD COLUMN closing_total      bigint,
    ADD COLUMN reason_text        text        NOT NULL DEFAULT '',
    ADD COLUMN decided_by         text        NOT NULL DEFAULT '',
    ADD COLUMN decide_time        timestamptz,
    ADD CONSTRAINT ck_rejected_readings_state CHECK (state IN ('noted', 'open', 'decided')),
    ADD CONSTRAINT ck_rejected_readings_decision
        CHECK (decision IN ('', 'accept', 'new_epoch', 'discard'));
CREATE UNIQUE INDEX uq_rejected_readings_open ON rejected_readings (meter_id) WHERE state = 'open';
CREATE INDEX ix_rejected_readings_meter_id ON rejected_readings (meter_id, rejected_reading_id);

-- The slot of the last reading when a meter's address, unit, serial number, pack or CT ratio was last
-- changed: the reading after it must prove that it is the same register.
ALTER TABLE meters ADD COLUMN change_slot_time timestamptz;
