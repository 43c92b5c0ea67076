-- What is known of each account: the highest change taken in, and which levels have an open episode
-- (bit 0 = level 1 … bit 3 = cut floor). Updated with every change, hence no index but the key.
CREATE TABLE accounts (
    account_id        text        NOT NULL,
    site_id           text        NOT NULL,
    version           bigint      NOT NULL,
    settings_revision bigint      NOT NULL,
    balance_micros    bigint      NOT NULL,
    keep_power        boolean     NOT NULL,
    room_ids          text[]      NOT NULL,
    customer_name     text        NOT NULL,
    customer_email    text        NOT NULL,
    open_levels       smallint    NOT NULL,
    update_time       timestamptz NOT NULL,
    CONSTRAINT pk_accounts PRIMARY KEY (account_id),
    CONSTRAINT ck_accounts_open_levels CHECK (open_levels BETWEEN 0 AND 15)
) WITH (fillfactor = 50);

-- One stay of an account at or below one level.
CREATE TABLE episodes (
    episode_seq      bigint      GENERATED ALWAYS AS IDENTITY,
    episode_id       text        NOT NULL,
    account_id       text        NOT NULL,
    site_id          text        NOT NULL,
    level            smallint    NOT NULL,
    state            text        NOT NULL DEFAULT 'OPEN',
    start_time       timestamptz NOT NULL,
    end_time         timestamptz,
    balance_micros   bigint      NOT NULL,
    customer_name    text        NOT NULL,
    nth              integer     NOT NULL DEFAULT 1,
    next_notify_time timestamptz,
    CONSTRAINT pk_episodes PRIMARY KEY (episode_seq),
    CONSTRAINT uq_episodes_episode_id UNIQUE (episode_id),
    CONSTRAINT ck_episodes_level CHECK (level BETWEEN 1 AND 4),
    CONSTRAINT ck_episodes_state CHECK (state IN ('OPEN', 'ENDED')),
    CONSTRAINT ck_episodes_end CHECK ((state = 'ENDED') = (end_time IS NOT NULL))
);
CREATE UNIQUE INDEX uq_episodes_open ON episodes (account_id, level) WHERE state = 'OPEN';
CREATE INDEX ix_episodes_account_id ON episodes (account_id, episode_seq);
CREATE INDEX ix_episodes_next_notify_time ON episodes (next_notify_time)
    WHERE state = 'OPEN' AND next_notify_time IS NOT NULL;

-- Ways to reach people.
CREATE TABLE channels (
    channel_id       text        NOT NULL,
    site_id          text        NOT NULL,
    kind             text        NOT NULL,
    enabled          boolean     NOT NULL,
    target           text        NOT NULL,
    secret           text        NOT NULL,
    extra_recipients text[]      NOT NULL,
    levels           smallint[]  NOT NULL,
    update_time      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_channels PRIMARY KEY (channel_id),
    CONSTRAINT ck_channels_kind CHECK (kind IN ('EMAIL', 'WEBHOOK'))
);

-- One message to one recipient over one channel. Rows without episode are tests of a channel.
-- lease_time: until then the process that marked SENDING may still be at work.
CREATE TABLE notifications (
    notification_seq bigint      GENERATED ALWAYS AS IDENTITY,
    notification_id  text        NOT NULL,
    episode_id       text,
    account_id       text        NOT NULL,
    level            smallint    NOT NULL,
    channel_id       text        NOT NULL,
    channel_kind     text        NOT NULL,
    recipient        text        NOT NULL,
    nth              integer     NOT NULL,
    state            text        NOT NULL DEFAULT 'WAITING',
    subject          text        NOT NULL,
    body             text        NOT NULL,
    create_time      timestamptz NOT NULL,
    due_time         timestamptz NOT NULL,
    lease_time       timestamptz,
    finish_time      timestamptz,
    attempt_count    integer     NOT NULL DEFAULT 0,
    failure_reason   text        NOT NULL DEFAULT '',
    CONSTRAINT pk_notifications PRIMARY KEY (notification_seq),
    CONSTRAINT uq_notifications_notification_id UNIQUE (notification_id),
    CONSTRAINT uq_notifications_once UNIQUE (episode_id, level, recipient, channel_id, nth),
    CONSTRAINT fk_notifications_episode_id FOREIGN KEY (episode_id) REFERENCES episodes (episode_id),
    CONSTRAINT ck_notifications_kind CHECK (channel_kind IN ('EMAIL', 'WEBHOOK')),
    CONSTRAINT ck_notifications_state
        CHECK (state IN ('WAITING', 'SENDING', 'SENT', 'FAILED', 'UNKNOWN')),
    CONSTRAINT ck_notifications_finish
        CHECK ((state IN ('WAITING', 'SENDING')) = (finish_time IS NULL))
);
CREATE INDEX ix_notifications_due_time ON notifications (due_time) WHERE state = 'WAITING';
CREATE INDEX ix_notifications_lease_time ON notifications (lease_time) WHERE state = 'SENDING';
CREATE INDEX ix_notifications_account_id ON notifications (account_id, notification_seq);
