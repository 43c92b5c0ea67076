-- People who log in to the console, and their sessions.
CREATE TABLE users (
    user_id          text        NOT NULL,
    user_name        text        NOT NULL,
    display_name     text        NOT NULL,
    role             text        NOT NULL,
    enabled          boolean     NOT NULL DEFAULT true,
    password_hash    text        NOT NULL,          -- Argon2id, PHC string.
    failure_count    integer     NOT NULL DEFAULT 0,
    locked_until     timestamptz,
    last_log_in_time timestamptz,
    create_time      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_users PRIMARY KEY (user_id),
    CONSTRAINT uq_users_user_name UNIQUE (user_name),
    CONSTRAINT ck_users_role CHECK (role IN ('viewer', 'cashier', 'operator', 'admin'))
);

-- A session is a chain of refresh tokens; only the SHA-256 of the one that is good is kept, and of
-- those that were, so that a stolen one is noticed when it is used again.
CREATE TABLE sessions (
    session_id  text        NOT NULL,
    user_id     text        NOT NULL,
    token_hash  text        NOT NULL,
    expire_time timestamptz NOT NULL,
    end_time    timestamptz,
    CONSTRAINT pk_sessions PRIMARY KEY (session_id),
    CONSTRAINT fk_sessions_user_id FOREIGN KEY (user_id) REFERENCES users (user_id)
);
CREATE UNIQUE INDEX uq_sessions_token_hash ON sessions (token_hash);

CREATE TABLE used_refresh_tokens (
    token_hash text        NOT NULL,
    session_id text        NOT NULL,
    use_time   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_used_refresh_tokens PRIMARY KEY (token_hash)
);
