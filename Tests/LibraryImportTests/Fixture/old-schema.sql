-- The existing server's tables (package cast2md 2026.8.0), our own transcription: the columns that the import reads, and
-- those that must not be empty. The tables for embeddings are left out; without pgvector they cannot be made.
CREATE TABLE feed (
    id SERIAL PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    description TEXT,
    image_url TEXT,
    author TEXT,
    link TEXT,
    categories TEXT,
    custom_title TEXT,
    last_polled TIMESTAMP,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE TABLE episode (
    id SERIAL PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feed (id) ON DELETE CASCADE,
    guid TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    audio_url TEXT NOT NULL,
    duration_seconds INTEGER,
    published_at TIMESTAMP,
    status TEXT NOT NULL DEFAULT 'new',
    audio_path TEXT,
    transcript_path TEXT,
    transcript_url TEXT,
    transcript_model TEXT,
    transcript_source TEXT,
    transcript_type TEXT,
    link TEXT,
    author TEXT,
    error_message TEXT,
    permanent_failure BOOLEAN DEFAULT FALSE,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW(),
    UNIQUE (feed_id, guid)
);
CREATE TABLE job_queue (
    id SERIAL PRIMARY KEY,
    episode_id INTEGER NOT NULL REFERENCES episode (id) ON DELETE CASCADE,
    job_type TEXT NOT NULL,
    priority INTEGER DEFAULT 10,
    status TEXT DEFAULT 'queued',
    attempts INTEGER DEFAULT 0,
    max_attempts INTEGER DEFAULT 10,
    scheduled_at TIMESTAMP DEFAULT NOW(),
    started_at TIMESTAMP,
    completed_at TIMESTAMP,
    next_retry_at TIMESTAMP,
    error_message TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    assigned_node_id TEXT,
    claimed_at TIMESTAMP,
    progress_percent INTEGER
);
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE TABLE transcriber_node (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    api_key TEXT NOT NULL,
    whisper_model TEXT,
    whisper_backend TEXT,
    status TEXT DEFAULT 'offline',
    last_heartbeat TIMESTAMP,
    current_job_id INTEGER,
    priority INTEGER DEFAULT 10,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);
CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TIMESTAMP NOT NULL DEFAULT NOW());
INSERT INTO schema_version (version) VALUES (18);
CREATE TABLE transcript_segments (
    id SERIAL PRIMARY KEY,
    episode_id INTEGER NOT NULL REFERENCES episode (id) ON DELETE CASCADE,
    segment_start REAL NOT NULL,
    segment_end REAL NOT NULL,
    text TEXT NOT NULL,
    text_search TSVECTOR GENERATED ALWAYS AS (to_tsvector('english', text)) STORED
);
