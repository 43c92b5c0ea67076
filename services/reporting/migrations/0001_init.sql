-- Read models of reporting, folded from the events of metering and account. Nothing here is a source
-- of truth; every row can be built again from the topics.
--
-- `change_xid` is the transaction that last changed a row of the wall: a reader that remembers the
-- oldest running transaction of its last look finds everything newer, whichever replica folded it.
-- It is indexed only where rows change seldom, so that the hot tables keep heap-only updates.

CREATE TABLE sites (
    site_id      text        NOT NULL,
    display_name text        NOT NULL,
    time_zone    text        NOT NULL,
    occur_time   timestamptz NOT NULL,
    change_xid   xid8        NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT pk_sites PRIMARY KEY (site_id)
);

CREATE TABLE rooms (
    room_id      text   NOT NULL,
    site_id      text   NOT NULL,
    building     text   NOT NULL,
    floor        text   NOT NULL,
    display_name text   NOT NULL,
    meter_ids    text[] NOT NULL,
    revision     bigint NOT NULL,
    change_xid   xid8   NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT pk_rooms PRIMARY KEY (room_id)
);
CREATE INDEX ix_rooms_change_xid ON rooms (change_xid);

-- end_time 'infinity' = open.
CREATE TABLE occupancies (
    occupancy_id text        NOT NULL,
    room_id      text        NOT NULL,
    account_id   text        NOT NULL,
    meter_id     text        NOT NULL,
    start_time   timestamptz NOT NULL,
    end_time     timestamptz NOT NULL,
    vacancy      boolean     NOT NULL,
    deleted      boolean     NOT NULL,
    revision     bigint      NOT NULL,
    change_xid   xid8        NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT pk_occupancies PRIMARY KEY (occupancy_id)
);
CREATE INDEX ix_occupancies_change_xid ON occupancies (change_xid);

CREATE TABLE accounts (
    account_id        text    NOT NULL,
    site_id           text    NOT NULL,
    customer_name     text    NOT NULL,
    balance_micros    bigint  NOT NULL,
    fee_state         text    NOT NULL,
    keep_power        boolean NOT NULL,
    version           bigint  NOT NULL,
    settings_revision bigint  NOT NULL,
    change_xid        xid8    NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT pk_accounts PRIMARY KEY (account_id),
    CONSTRAINT ck_accounts_fee_state
        CHECK (fee_state IN ('normal', 'low_1', 'low_2', 'low_3', 'arrears', 'cut'))
) WITH (fillfactor = 60);

-- state_revision -1 = no state event yet; times '-infinity' = never.
CREATE TABLE meters (
    meter_id          text        NOT NULL,
    online            boolean     NOT NULL DEFAULT false,
    relay             text        NOT NULL DEFAULT 'unknown',
    state_revision    bigint      NOT NULL DEFAULT -1,
    power_w           bigint      NOT NULL DEFAULT 0,
    read_time         timestamptz NOT NULL DEFAULT '-infinity',
    contradicted_time timestamptz NOT NULL DEFAULT '-infinity',
    verified_time     timestamptz NOT NULL DEFAULT '-infinity',
    change_xid        xid8        NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT pk_meters PRIMARY KEY (meter_id),
    CONSTRAINT ck_meters_relay CHECK (relay IN ('unknown', 'closed', 'open'))
) WITH (fillfactor = 50);

-- What the ledger charged per room and local day of its site.
CREATE TABLE room_days (
    local_date    date   NOT NULL,
    room_id       text   NOT NULL,
    site_id       text   NOT NULL,
    energy_wh     bigint NOT NULL,
    water_ml      bigint NOT NULL,
    amount_micros bigint NOT NULL,
    rate_0_wh     bigint NOT NULL,
    rate_1_wh     bigint NOT NULL,
    rate_2_wh     bigint NOT NULL,
    rate_3_wh     bigint NOT NULL,
    rate_4_wh     bigint NOT NULL,
    rate_5_wh     bigint NOT NULL,
    change_xid    xid8   NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT pk_room_days PRIMARY KEY (local_date, room_id)
) WITH (fillfactor = 70);
CREATE INDEX ix_room_days_room_id_local_date ON room_days (room_id, local_date);

-- The same per local hour, named by the instant it starts at.
CREATE TABLE room_hours (
    start_time    timestamptz NOT NULL,
    room_id       text        NOT NULL,
    energy_wh     bigint      NOT NULL,
    amount_micros bigint      NOT NULL,
    CONSTRAINT pk_room_hours PRIMARY KEY (start_time, room_id)
) WITH (fillfactor = 70);

-- Running totals, moved in the transaction of each fold. One row per partition, so that replicas do
-- not wait for each other.
CREATE TABLE totals (
    site_id       text        NOT NULL,
    partition     integer     NOT NULL,
    charge_micros bigint      NOT NULL,
    energy_wh     bigint      NOT NULL,
    water_ml      bigint      NOT NULL,
    credit_micros bigint      NOT NULL,
    charge_count  bigint      NOT NULL,
    as_of_time    timestamptz NOT NULL,
    CONSTRAINT pk_totals PRIMARY KEY (site_id, partition)
) WITH (fillfactor = 50);

-- Orders that moved money, once each.
CREATE TABLE orders (
    order_id      text        NOT NULL,
    account_id    text        NOT NULL,
    site_id       text        NOT NULL,
    kind          text        NOT NULL,
    amount_micros bigint      NOT NULL,
    finish_time   timestamptz NOT NULL,
    CONSTRAINT pk_orders PRIMARY KEY (order_id),
    CONSTRAINT ck_orders_kind CHECK (kind IN ('cash_top_up', 'wechat_top_up', 'cash_refund')),
    CONSTRAINT ck_orders_amount_micros CHECK (amount_micros > 0)
);

-- Additive messages that are in the sums already, by the id of the event.
CREATE TABLE folded_messages (
    event_id  text        NOT NULL,
    fold_time timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_folded_messages PRIMARY KEY (event_id)
);
CREATE INDEX ix_folded_messages_fold_time ON folded_messages USING brin (fold_time);

-- Charges of a site whose time zone is not known yet. They count in the totals at once and find
-- their days when the site arrives.
CREATE TABLE unplaced_charges (
    unplaced_charge_id bigint GENERATED ALWAYS AS IDENTITY,
    site_id            text   NOT NULL,
    charge             bytea  NOT NULL,
    CONSTRAINT pk_unplaced_charges PRIMARY KEY (unplaced_charge_id)
);
CREATE INDEX ix_unplaced_charges_site_id ON unplaced_charges (site_id);
