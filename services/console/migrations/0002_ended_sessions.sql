-- The edge asks every few seconds which sessions have ended.
CREATE INDEX ix_sessions_end_time ON sessions (end_time) WHERE end_time IS NOT NULL;
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_used_refresh_tokens_session_id ON used_refresh_tokens (session_id);
