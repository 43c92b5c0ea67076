-- Why the power of a meter is off: at most one hold a holder, all gone = the relay is to be closed.
CREATE TABLE holds (
    meter_id              text        NOT NULL,
    holder                text        NOT NULL,
    place_time            timestamptz NOT NULL,
    initiator             text        NOT NULL,
    reason_text           text        NOT NULL,
    expire_time           timestamptz,
    command_id            text        NOT NULL,
    keep_power_overridden boolean     NOT NULL,
    CONSTRAINT pk_holds PRIMARY KEY (meter_id, holder),
    CONSTRAINT fk_holds_meters FOREIGN KEY (meter_id) REFERENCES meters (meter_id),
    CONSTRAINT ck_holds_holder
        CHECK (holder IN ('money', 'operator', 'load_guard', 'time_plan', 'meter'))
);

-- The relay is open and somebody else had opened it.
ALTER TABLE meters ADD COLUMN foreign_open boolean NOT NULL DEFAULT false;

ALTER TABLE commands
    ADD COLUMN holder text NOT NULL DEFAULT 'operator',
    ADD COLUMN override_keep_power boolean NOT NULL DEFAULT false,
    ADD COLUMN remaining_holds bytea,  -- prepay.metering.v1.MeterState with the holds only.
    DROP CONSTRAINT ck_commands_state,
    ADD CONSTRAINT ck_commands_holder
        CHECK (holder IN ('money', 'operator', 'load_guard', 'time_plan', 'meter')),
    ADD CONSTRAINT ck_commands_state
        CHECK (state IN ('queued', 'sending', 'verified', 'not_verified', 'contradicted', 'expired',
                         'cancelled', 'refused', 'still_held'));
UPDATE commands SET holder = 'money' WHERE intent_id <> '';

-- Relays that are open because of an order of ours get its hold.
INSERT INTO holds (meter_id, holder, place_time, initiator, reason_text, command_id,
                   keep_power_overridden)
SELECT m.meter_id, c.holder, c.create_time, c.initiator, c.reason_text, c.command_id, false
FROM meters m
CROSS JOIN LATERAL (SELECT * FROM commands WHERE meter_id = m.meter_id AND state = 'verified'
                    ORDER BY create_time DESC, command_id DESC LIMIT 1) c
WHERE m.relay = 'open' AND c.action = 'trip';
UPDATE meters m SET foreign_open = true
WHERE relay = 'open' AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.meter_id = m.meter_id);
