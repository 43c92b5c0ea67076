-- Why the power of a meter is off, as the gateway told it with the newest state.
ALTER TABLE meters
    ADD COLUMN holds bytea NOT NULL DEFAULT '',  -- prepay.metering.v1.MeterState with the holds only.
    ADD COLUMN foreign_open boolean NOT NULL DEFAULT false;
