-- Lines, meters as devices, readings, relay commands with their evidence.
CREATE TABLE lines (
    line_id             text        NOT NULL,
    display_name        text        NOT NULL,
    transport           text        NOT NULL,
    address             text        NOT NULL,
    poll_interval_ms    integer     NOT NULL,
    response_timeout_ms integer     NOT NULL,
    enabled             boolean     NOT NULL,
    create_time         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_lines PRIMARY KEY (line_id),
    CONSTRAINT ck_lines_transport CHECK (transport IN ('modbus_tcp', 'modbus_rtu')),
    CONSTRAINT ck_lines_poll_interval_ms CHECK (poll_interval_ms BETWEEN 200 AND 86400000),
    CONSTRAINT ck_lines_response_timeout_ms CHECK (response_timeout_ms BETWEEN 20 AND 10000)
);

CREATE TABLE meters (
    meter_no          bigint      GENERATED ALWAYS AS IDENTITY,
    meter_id          text        NOT NULL,
    line_id           text        NOT NULL,
    unit_id           integer     NOT NULL,
    driver_pack       text        NOT NULL,
    serial_number     text        NOT NULL,
    display_name      text        NOT NULL,
    resource          text        NOT NULL,
    rated_power_w     bigint      NOT NULL,
    ct_ratio          integer     NOT NULL,
    enabled           boolean     NOT NULL,
    -- The epoch a swap has opened; a rollover's is known from the readings.
    register_epoch    integer     NOT NULL DEFAULT 0,
    online            boolean     NOT NULL DEFAULT false,
    relay             text        NOT NULL DEFAULT 'unknown',
    state_revision    bigint      NOT NULL DEFAULT 0,
    state_change_time timestamptz,
    create_time       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_meters PRIMARY KEY (meter_no),
    CONSTRAINT uq_meters_meter_id UNIQUE (meter_id),
    -- Deferred: two meters may swap places in one registration.
    CONSTRAINT uq_meters_line_id_unit_id UNIQUE (line_id, unit_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT fk_meters_lines FOREIGN KEY (line_id) REFERENCES lines (line_id),
    CONSTRAINT ck_meters_unit_id CHECK (unit_id BETWEEN 1 AND 247),
    CONSTRAINT ck_meters_resource CHECK (resource IN ('electricity', 'water')),
    CONSTRAINT ck_meters_rated_power_w CHECK (rated_power_w >= 0),
    CONSTRAINT ck_meters_ct_ratio CHECK (ct_ratio >= 1),
    CONSTRAINT ck_meters_relay CHECK (relay IN ('unknown', 'closed', 'open'))
) WITH (fillfactor = 70);

-- Blocks of 100,000 reading ids, so that ids are known before the rows are written.
CREATE SEQUENCE reading_id_blocks;

-- Append-only. Month partitions are made by the service before it writes into a month.
CREATE TABLE readings (
    meter_no       bigint      NOT NULL,
    channel        integer     NOT NULL,
    slot_time      timestamptz NOT NULL,
    revision       integer     NOT NULL,
    read_time      timestamptz NOT NULL,
    register_total bigint      NOT NULL,
    register_epoch integer     NOT NULL,
    source         text        NOT NULL,
    reading_id     bigint      NOT NULL,
    meter_values   bytea,      -- prepay.metering.v1.MeterValues of live readings.
    CONSTRAINT pk_readings PRIMARY KEY (meter_no, channel, slot_time, revision),
    CONSTRAINT ck_readings_register_total CHECK (register_total >= 0),
    CONSTRAINT ck_readings_source CHECK (source IN ('poll', 'on_demand', 'import'))
) PARTITION BY RANGE (slot_time);
REVOKE UPDATE, DELETE, TRUNCATE ON readings FROM CURRENT_USER;

CREATE TABLE rejected_readings (
    rejected_reading_id bigint      GENERATED ALWAYS AS IDENTITY,
    meter_id            text        NOT NULL,
    reason              text        NOT NULL,
    previous_total      bigint      NOT NULL,
    register_total      bigint      NOT NULL,
    read_time           timestamptz NOT NULL,
    CONSTRAINT pk_rejected_readings PRIMARY KEY (rejected_reading_id),
    CONSTRAINT uq_rejected_readings_meter_id_read_time UNIQUE (meter_id, read_time)
);
CREATE INDEX ix_rejected_readings_read_time ON rejected_readings USING brin (read_time);

CREATE TABLE commands (
    command_id     text        NOT NULL,
    meter_id       text        NOT NULL,
    line_id        text        NOT NULL,
    action         text        NOT NULL,
    state          text        NOT NULL,
    reason_text    text        NOT NULL,
    initiator      text        NOT NULL,
    intent_id      text        NOT NULL,
    create_time    timestamptz NOT NULL,
    not_after      timestamptz,
    send_time      timestamptz,
    finish_time    timestamptz,
    attempt_count  integer     NOT NULL DEFAULT 0,
    before_values  bytea,
    after_values   bytea,
    failure_reason text        NOT NULL DEFAULT '',
    revision       bigint      NOT NULL DEFAULT 1,
    CONSTRAINT pk_commands PRIMARY KEY (command_id),
    CONSTRAINT fk_commands_meters FOREIGN KEY (meter_id) REFERENCES meters (meter_id),
    CONSTRAINT ck_commands_action CHECK (action IN ('trip', 'close', 'release')),
    CONSTRAINT ck_commands_state CHECK (state IN ('queued', 'sending', 'verified', 'not_verified',
                                                  'contradicted', 'expired', 'cancelled', 'refused'))
) WITH (fillfactor = 70);
CREATE INDEX ix_commands_meter_id_create_time ON commands (meter_id, create_time);
CREATE INDEX ix_commands_create_time ON commands (create_time);
CREATE INDEX ix_commands_open ON commands (create_time) WHERE state IN ('queued', 'sending');

-- One row per numbered attempt, written before its first byte is sent.
CREATE TABLE command_attempts (
    command_id     text        NOT NULL,
    attempt_number integer     NOT NULL,
    create_time    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_command_attempts PRIMARY KEY (command_id, attempt_number),
    CONSTRAINT fk_command_attempts_commands FOREIGN KEY (command_id) REFERENCES commands (command_id)
);
REVOKE UPDATE, DELETE, TRUNCATE ON command_attempts FROM CURRENT_USER;

-- What was on the wire: the evidence of a command.
CREATE TABLE command_frames (
    command_id     text        NOT NULL,
    frame_no       integer     NOT NULL,
    frame_time     timestamptz NOT NULL,
    direction      text        NOT NULL,
    attempt_number integer     NOT NULL,
    data           bytea       NOT NULL,
    CONSTRAINT pk_command_frames PRIMARY KEY (command_id, frame_no),
    CONSTRAINT fk_command_frames_commands FOREIGN KEY (command_id) REFERENCES commands (command_id),
    CONSTRAINT ck_command_frames_direction CHECK (direction IN ('sent', 'received'))
);
REVOKE UPDATE, DELETE, TRUNCATE ON command_frames FROM CURRENT_USER;
